"""Monitors and conditions of board.toml. Takes tables, gives models in scaled integers; mistakes are BoardErrors."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trivet_wire import ids

from .convert import LIMIT
from .errors import NOTHING
from .kinds import Key, Kind, kinds
from .models import Condition, Debounce, Limit, Monitor, Output, Signal
from .reader import Table, closest, nearest

OPERATORS = ("<", "<=", "==", "!=", ">=", ">")
NO_LIMIT = 1 << 29
_CONDITION = re.compile(
    r"^(?P<source>\w+)(?:\s*-\s*(?P<minus>\w+))?\s*(?P<op><=|>=|==|!=|<|>)\s*(?P<value>-?\d+(?:\.\d+)?)"
    r"(?:\s+for\s+(?P<time>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|min))?$"
)
_MS = {"ms": 1.0, "s": 1000.0, "min": 60_000.0}
_MAX_TICKS = 65_000
_KEYS = ("event", "kind", "judges", "validity", "when", "unless", "debounce")


@dataclass(frozen=True)
class Space:
    """The index space of signals, then outputs."""

    signals: tuple[Signal, ...]
    outputs: tuple[Output, ...]
    tick_ms: int

    def names(self) -> list[str]:
        return [one.name for one in self.signals] + [one.name for one in self.outputs]

    def scale(self, index: int) -> int:
        return self.signals[index].scale if index < len(self.signals) else 1

    def find(self, table: Table, key: str, name: str, item: str | None = None) -> int:
        names = self.names()
        if name not in names:
            stand = closest(name, names) or names[0]
            table.fail(key, f"there is no signal or output {name!r}", nearest(name, names), item, stand)
        return names.index(name)

    def ticks(self, table: Table, key: str, ms: float, item: str | None = None) -> int:
        ticks = round(ms / self.tick_ms)
        if ticks > _MAX_TICKS or ticks < 0 or (ms and not ticks):
            fits = f"{self.tick_ms} to {_MAX_TICKS * self.tick_ms} ms"
            table.fail(key, f"{ms:g} ms does not fit", fits, item, self.tick_ms)
        return ticks

    def conditions(self, table: Table, key: str) -> tuple[Condition, ...]:
        """Each as `signal == 1`, `signal - other > -20.5`, with ` for 2 s` (ms, s, min) where it must have held."""
        return tuple(self._condition(table, key, text) for text in table.strings(key, []))

    def _condition(self, table: Table, key: str, text: str) -> Condition:
        found = _CONDITION.match(text.strip())
        if found is None:
            table.fail(key, f"{text!r} is no condition", '"signal == 1" or "signal - other > -20.5 for 2 s"', text)
        source = self.find(table, key, found["source"], text)
        minus = self.find(table, key, found["minus"], text) if found["minus"] else -1
        if minus >= 0 and self.scale(minus) != self.scale(source):
            table.fail(key, f"the signals in {text!r} have different scales", "two signals of one scale", text)
        time = float(found["time"]) * _MS[found["unit"]] if found["time"] else 0.0
        value = round(float(found["value"]) * self.scale(source))
        if abs(value) >= LIMIT:
            table.fail(key, f"the number in {text!r} is too large", "a value that the signal can take", text)
        return Condition(source, OPERATORS.index(found["op"]), value, minus, self.ticks(table, key, time, text))


def read_monitors(table: Table, space: Space, events: list[str]) -> tuple[Monitor, ...]:
    """All monitors, plausibility first: those that judge a signal run before those that depend on it."""
    made = [_monitor(one, space, events) for one in table.tables("monitor", needed=True, label="event")]
    return tuple(sorted(made, key=lambda one: (one.judges < 0, one.number)))


def _monitor(table: Table, space: Space, events: list[str]) -> Monitor:
    kind = kinds()[table.choice("kind", list(kinds()))]
    for key in table.keys():  # noqa: SIM118
        if key not in _KEYS and key not in {one.name for one in kind.keys}:
            offered = [*(one.name for one in kind.keys if one.type != "scale"), *_KEYS]
            table.fail(key, f"is not a key of a {kind.name} monitor", nearest(key, offered))
    judges, validity = _judges(table, space)
    params, sources = _params(table, kind, space)
    listed = _listed(table, kind, space)
    return Monitor(
        event=find_events(table, "event", [table.text("event")], events)[0],
        kind=kind.name,
        number=kind.number,
        judges=judges,
        validity=validity,
        conditions=space.conditions(table, "when"),
        sources=(*sources, *listed),
        unless=find_events(table, "unless", table.strings("unless", []), events),
        params=(*(params[key.name] for key in kind.keys if key.type != "signals"), *listed),
        debounce=_debounce(table),
        limits=_limits(kind, params),
    )


def _judges(table: Table, space: Space) -> tuple[int, int]:
    if not table.has("judges"):
        return -1, ids.VALID
    signals = [one.name for one in space.signals]
    doubts = [name.replace(" ", "_") for name in ids.VALIDITY_NAMES]
    validity = table.choice("validity", doubts[1:], "implausible")
    return signals.index(table.choice("judges", signals)), doubts.index(validity)


def find_events(table: Table, key: str, names: list[str], events: list[str]) -> tuple[int, ...]:
    """Indices of events by name; a mistake in the list at `key` names the one that is meant."""
    for name in names:
        if name not in events:
            item, stand = (
                (name, NOTHING) if key != "event" else (None, closest(name, events) or (events or [NOTHING])[0])
            )
            table.fail(key, f"catalogue.toml has no code with the event {name!r}", nearest(name, events), item, stand)
    return tuple(events.index(name) for name in names)


def _listed(table: Table, kind: Kind, space: Space) -> tuple[int, ...]:
    """The signals of the key of type `signals`, for kinds that take any number of them."""
    keys = [key.name for key in kind.keys if key.type == "signals"]
    return tuple(space.find(table, key, name, name) for key in keys for name in table.strings(key))


def _params(table: Table, kind: Kind, space: Space) -> tuple[dict[str, int], tuple[int, ...]]:
    made: dict[str, int] = {}
    sources = []
    for key in kind.keys:
        if key.type == "signal":
            made[key.name] = space.find(table, key.name, table.text(key.name))
            sources.append(made[key.name])
    for key in kind.keys:
        if key.type == "scale":
            made[key.name] = space.scale(made[key.of])
        elif key.type not in ("signal", "signals"):
            made[key.name] = _param(table, key, space, space.scale(made[key.of]) if key.of in made else 1)
    return made, tuple(sources)


def _param(table: Table, key: Key, space: Space, scale: int) -> int:
    if not table.has(key.name) and key.default is not None:
        return {"min": -NO_LIMIT, "max": NO_LIMIT}[key.default] if key.default.isalpha() else int(key.default)
    if key.type == "flag":
        return int(table.flag(key.name))
    if key.type == "int":
        return table.integer(key.name, -NO_LIMIT, NO_LIMIT)
    number = table.number(key.name)
    if key.type == "ticks":
        return max(1, space.ticks(table, key.name, number))
    value = round(number * scale)
    if abs(value) >= LIMIT >> 1:
        table.fail(key.name, f"{number} is too large", "a value that the signal can take", stand=0)
    return value


def _debounce(table: Table) -> Debounce:
    """`{fail, pass}` counts verdicts, `{fail_ms, pass_ms}` times them; both of AUTOSAR's algorithms."""
    d = table.table("debounce", default={"fail": 1, "pass": 1})
    on_disable = int(d.choice("on_disable", ("freeze", "reset"), "freeze") == "reset")
    if d.has("fail_ms"):
        made = Debounce(
            1, d.integer("fail_ms", 0, 8_000_000), d.integer("pass_ms", 0, 8_000_000), on_disable=on_disable
        )
    else:
        fail, good = d.integer("fail", 1, 32767), d.integer("pass", 1, 32767, 1)
        made = Debounce(
            0,
            fail,
            -good,
            inc=d.integer("inc", 1, 32767, 1),
            dec=d.integer("dec", 1, 32767, 1),
            jump_up=d.integer("jump_up", -32768, 32767, -32768),
            jump_down=d.integer("jump_down", -32768, 32767, -32768),
            on_disable=on_disable,
        )
        for key, jump in (("jump_up", made.jump_up), ("jump_down", made.jump_down)):
            if jump != -32768 and not -good <= jump <= fail:
                d.fail(key, f"{jump} lies outside the thresholds", f"a number from {-good} to {fail}")
    d.done()
    return made


def _limits(kind: Kind, params: dict[str, int]) -> tuple[Limit, ...]:
    """What to draw beside the signal: a range's ends, and where a load's share ends (at nominal supply)."""
    if kind.name == "range":
        ends = [params["low"], params["high"]]
    elif kind.name == "share":
        ends = [params["expected"] * params[key] // 1000 for key in ("low", "high") if 0 < params[key] < NO_LIMIT]
    else:
        return ()
    return tuple(Limit(params["signal"], end) for end in ends if abs(end) < NO_LIMIT)
