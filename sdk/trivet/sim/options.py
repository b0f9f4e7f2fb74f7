"""What a simulation is asked for in words: faults with their times, settings of the physics, consents, why it starts.
Takes texts as they stand on a command line, gives checked values; SimulationError says what would be right.
"""

from dataclasses import dataclass, field

from trivet_wire import ids

from trivet import boards
from trivet.boards import Board

from . import plant
from .errors import SimulationError

_DEFAULT_S = 3600.0


@dataclass
class Options:
    """What the command line asked for, checked."""

    faults: list[tuple[str, float]] = field(default_factory=list)
    settings: dict[str, float] = field(default_factory=dict)
    consent: list[str] = field(default_factory=lambda: ["service"])
    cause: int = ids.RESET_POWER_ON  # why the appliance starts
    until: float = _DEFAULT_S


def read_options(board: Board, faults: list[str], settings: list[str], until: float | None) -> Options:
    """Check names and numbers against what the board offers; SimulationError says what would be right."""
    options = Options()
    for text in faults:
        name, _, at = text.partition("@")
        plant.fault(board, name)
        known = boards.plant(board).FAULTS[name]
        options.faults.append((name, _number(at, f"--fault {text}: after @", "seconds") if at else float(known.at_s)))
        if until is None:
            options.until = max(options.until if len(faults) > 1 else 0.0, float(known.until_s))
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise SimulationError(f"--set {text}: write KEY=VALUE, as in --set mains=207")
        if name == "consent":
            options.consent = _purposes(value)
        elif name == "reset":
            options.cause = _cause(value)
        else:
            plant.named(name, boards.plant(board).SETTINGS, "setting", board)
            options.settings[name] = _number(value, f"--set {name}:", "a number")
    if until is not None:
        options.until = until
    return options


def _number(text: str, where: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SimulationError(f"{where} {text!r} is not {what}") from None


def _purposes(text: str) -> list[str]:
    """`service,improve`, or `none`."""
    chosen = [] if text in ("", "none") else text.split(",")
    offered = ids.PURPOSE_NAMES[1:]
    for purpose in chosen:
        if purpose not in offered:
            raise SimulationError(
                f"--set consent: there is no purpose {purpose!r}: write none, or {', '.join(offered)}"
            )
    return chosen


def _cause(text: str) -> int:
    """`brown-out`, `power-on` …: why the appliance starts."""
    known = [name.replace(" ", "-") for name in ids.RESET_NAMES]
    if text not in known:
        raise SimulationError(f"--set reset: the appliance never starts for {text!r}: write {', '.join(known[1:])}")
    return known.index(text)
