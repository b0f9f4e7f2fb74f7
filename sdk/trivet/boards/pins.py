"""What stands behind `pin = "…"` in board.toml, and which pins a chip has. Takes texts, gives rows for the appliance
(firmware/appliance/esp32/pins.py reads them) or what is wrong with them; knows no file.

    inputs    adc N [times 1..16] [full STEPS] [mv REFERENCE]     gpio N [up|down] [low]     pcnt N     edge N
              1wire N [WHICH]     i2c ADDRESS reg REGISTER
    outputs   gpio N [low]

Any other first word is a module of the maker's own (`panel 0`, `uart 2`), served by their `inputs.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trivet_wire import cbor

FORMAT = 1  # of pins.cbor
FILE = "pins.cbor"
OWN, ADC, GPIO, PCNT, EDGE, WIRE, I2C = range(7)
KINDS = {"adc": ADC, "gpio": GPIO, "pcnt": PCNT, "edge": EDGE, "1wire": WIRE, "i2c": I2C}
PULLS = {"up": 1, "down": 2}
# mV. A converter of these chips is calibrated up to 2.45 V and sees up to 3.1 V: a sensor's divider on 3.3 V would read
# cold and broken alike.
REFERENCE = 2500
MOST_MV = 2900
FORMS = {
    "adc": f"adc 36, or adc 36 times 16 full 4095 mv {REFERENCE}; at most {MOST_MV}: the converter sees no more",
    "gpio": "gpio 25, or gpio 25 up low",
    "pcnt": "pcnt 26",
    "edge": "edge 26",
    "1wire": "1wire 27, or 1wire 27 1 for the second sensor",
    "i2c": "i2c 0x48 reg 0",
}


@dataclass(frozen=True)
class Kind:
    """A chip's pins, from its data sheet."""

    text: str
    name: str  # esptool's
    pins: frozenset[int]
    flash: frozenset[int]  # the flash memory hangs on them
    inputs: frozenset[int]  # that cannot drive
    adc: frozenset[int]  # of ADC1: the radio uses the other one
    console: frozenset[int]  # the service port
    counters: int  # units of the pulse counter
    boot: int  # offset of the boot loader in flash


def _pins(*spans: tuple[int, int]) -> frozenset[int]:
    return frozenset(pin for first, last in spans for pin in range(first, last + 1))


CHIPS = {
    "esp32": Kind(
        *("ESP32", "esp32", _pins((0, 19), (21, 23), (25, 27), (32, 39)), _pins((6, 11)), _pins((34, 39))),
        *(_pins((32, 39)), frozenset({1, 3}), 8, 0x1000),
    ),
    "esp32c3": Kind(
        *("ESP32-C3", "esp32c3", _pins((0, 21)), _pins((12, 17)), frozenset()),
        *(_pins((0, 4)), frozenset({18, 19, 20, 21}), 0, 0),
    ),
    "esp32s3": Kind(
        *("ESP32-S3", "esp32s3", _pins((0, 21), (26, 48)), _pins((26, 32)), frozenset()),
        *(_pins((1, 10)), frozenset({19, 20, 43, 44}), 4, 0),
    ),
}


@dataclass(frozen=True)
class Chip:
    """The table [chip] of board.toml."""

    kind: str = "esp32"
    flash_mb: int = 4
    i2c: tuple[int, int] | None = None  # sda, scl
    button: str = ""  # a gpio: says that somebody stands before the appliance

    @property
    def about(self) -> Kind:
        return CHIPS[self.kind]


class PinError(ValueError):
    """`instead`: what to write."""

    def __init__(self, problem: str, instead: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.instead = instead


def row(text: str, output: bool = False) -> tuple[int, list[int]]:
    """Kind and numbers of a pin; PinError where a kind that is known is not written as it should be."""
    word, *rest = text.split()
    if output and word in KINDS and word != "gpio" and rest and rest[0].isdigit():
        raise PinError(f'"{text}" drives nothing', "gpio 16, or gpio 16 low for a relay that closes at a low level")
    kind = KINDS.get(word, OWN)
    if kind == OWN or (output and word != "gpio") or (word == "i2c" and "reg" not in rest):
        return OWN, []
    try:
        return kind, _numbers(kind, rest, output)
    except (ValueError, IndexError) as error:
        form = "gpio 16, or gpio 16 low" if output else FORMS[word]
        raise PinError(f'"{text}" is not understood', form) from error


def _numbers(kind: int, words: list[str], output: bool) -> list[int]:
    """ValueError for anything else than what the kind takes."""
    first = int(words[0], 0)
    rest = words[1:]
    if kind == ADC:
        given = dict(zip(rest[::2], rest[1::2], strict=True))
        made = [
            first,
            *(int(given.pop(key, usual)) for key, usual in (("times", 16), ("full", 4095), ("mv", REFERENCE))),
        ]
        fits = 1 <= made[1] <= 16 and 1 <= made[2] <= 32_767 and 500 <= made[3] <= MOST_MV
    elif kind == GPIO:
        given = dict.fromkeys(rest, "")
        pull = sum(PULLS[word] for word in PULLS if given.pop(word, None) is not None and not output)
        made = [first, int(given.pop("low", None) is not None)] if output else [first, pull, 0]
        if not output:
            made[2] = int(given.pop("low", None) is not None)
        fits = pull < 3 and len(rest) == len(set(rest))
    elif kind == I2C:
        given = dict(zip(rest[::2], rest[1::2], strict=True))
        made = [first, int(given.pop("reg"), 0)]
        fits = 8 <= first < 0x78 and 0 <= made[1] < 256
    else:
        given = dict.fromkeys(rest[1:], "")
        made = [first, int(rest[0]) if rest else 0]
        fits = made[1] >= 0 and (kind == WIRE or not rest)
    if given or not fits:
        raise ValueError(words)
    return made


def packed(chip: Chip, inputs: list[str], outputs: list[tuple[str, int]]) -> bytes:
    """pins.cbor. `outputs`: pin and safe level. Pulse counters get their numbers in the order of the inputs."""
    rows: list[list[Any]] = []
    counters = 0
    for text in inputs:
        kind, numbers = row(text)
        if kind == PCNT:
            numbers, counters = [numbers[0], counters], counters + 1
        rows.append([kind, text, *numbers])
    driven: list[list[Any]] = [_driven(text, safe) for text, safe in outputs]
    button = [GPIO, chip.button, *row(chip.button)[1]] if chip.button else None
    return cbor.encode([FORMAT, rows, driven, list(chip.i2c) if chip.i2c else None, button])


def _driven(text: str, safe: int) -> list[Any]:
    kind, numbers = row(text, output=True)
    return [kind, text, safe, *numbers]


def wrong(chip: Chip, text: str, output: bool = False) -> Iterator[tuple[str, str]]:
    """What this chip has against a pin that is written as it should be: problem, what to write instead."""
    kind, numbers = row(text, output)
    if kind in (OWN, I2C):
        if kind == I2C and chip.i2c is None:
            yield "there is no I2C bus", "its pins under [chip], as in i2c = [21, 22] (sda, scl)"
        return
    yield from _unfit(chip.about, kind, numbers[0], output)


def _unfit(about: Kind, kind: int, pin: int, output: bool) -> Iterator[tuple[str, str]]:
    free = about.pins - about.flash - about.console
    if pin not in about.pins:
        yield f"the {about.text} has no pin {pin}", listed(free)
    elif pin in about.flash:
        yield f"on pin {pin} of the {about.text} hangs its flash memory", listed(free)
    elif pin in about.console:
        yield f"pin {pin} of the {about.text} is its service port", listed(free)
    elif output and pin in about.inputs:
        yield f"pin {pin} of the {about.text} only reads", listed(free - about.inputs)
    elif kind == ADC and pin not in about.adc:
        yield f"pin {pin} of the {about.text} is not on its first converter", listed(about.adc & free)
    elif kind == PCNT and not about.counters:
        yield f"the {about.text} has no pulse counter", f"edge {pin}: counted by an interrupt, up to 1,000 a second"


def listed(pins: frozenset[int]) -> str:
    """`one of 0–5, 12`"""
    spans: list[list[int]] = []
    for pin in sorted(pins):
        if spans and spans[-1][-1] == pin - 1:
            spans[-1] = [spans[-1][0], pin]
        else:
            spans.append([pin, pin])
    return "one of " + ", ".join(f"{first}–{last}" if last > first else f"{first}" for first, last in spans)
