"""Limits that can never trip or always do, kind by kind. A kind without a rule here is checked only by what all share.

Takes the report's board (scaled integers) and adds findings; runs no monitor.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from trivet import paths

from ..errors import Place
from ..kinds import Kind, kinds
from ..models import Monitor
from ..monitors import NO_LIMIT
from . import spans
from .report import Report
from .spans import Span

_SMALL = 1 << 30
Wrong = Iterator[tuple[str, str, str]]  # key, problem, what to write instead


@dataclass
class Case:
    """One monitor as the rules see it."""

    report: Report
    monitor: Monitor
    kind: Kind

    def __getitem__(self, key: str) -> int:
        """A parameter by its name; of a signal, its index."""
        plain = [one.name for one in self.kind.keys if one.type != "signals"]
        return self.monitor.params[plain.index(key)]

    def span(self, key: str = "signal") -> Span:
        """What the signal at `key` can show while the monitor runs."""
        board, index = self.report.board, self[key]
        held = spans.held(board, self.monitor.conditions)
        if (index, -1) in held:
            return held[index, -1]
        tolerant = self.kind.judges_out_of_range()
        return spans.convertible(board, index) if tolerant else spans.believable(board, index)

    def says(self, value: int, key: str = "signal") -> str:
        return self.report.show(self[key], value)

    def reach(self, key: str = "signal") -> str:
        span, name = self.span(key), self.report.name(self[key])
        return f"{name} runs from {self.says(span.low, key)} to {self.says(span.high, key)} here"


def _range(m: Case) -> Wrong:
    low, high, back, span = m["low"], m["high"], m["hysteresis"], m.span()
    if low > -NO_LIMIT and high < NO_LIMIT and low >= high:
        yield "low", f"low = {m.says(low)} is not below high = {m.says(high)}", "the smaller one as low"
        return
    if low <= -NO_LIMIT and high >= NO_LIMIT:
        yield "kind", "a range without low and high can never trip", "low, high or both"
        return
    if -NO_LIMIT < low <= span.low:
        yield "low", f"can never trip: {m.reach()}", f"a low above {m.says(span.low)}"
    if span.high <= high < NO_LIMIT:
        yield "high", f"can never trip: {m.reach()}", f"a high below {m.says(span.high)}"
    if span.high < low:
        yield "low", f"always trips: {m.reach()}", f"a low below {m.says(span.high)}"
    elif high < span.low:
        yield "high", f"always trips: {m.reach()}", f"a high above {m.says(span.low)}"
    elif back < 0:
        yield "hysteresis", "is negative", "how far back within the limits the value must come, 0 or more"
    elif span.within(low + back, high - back).empty():
        yield "hysteresis", f"once tripped it can never pass again: {m.reach()}", "a smaller hysteresis"


def _crosscheck(m: Case) -> Wrong:
    report, one, other = m.report, m["signal"], m["other"]
    if one == other:
        yield "other", "is the same signal: they always agree", "another signal of the same quantity"
        return
    signals = report.board.signals
    if max(one, other) < len(signals):
        a, b = signals[one], signals[other]
        if (a.scale, a.unit) != (b.scale, b.unit):
            wrong = f"{b.name} is in {b.unit or 'no unit'} × {b.scale}, {a.name} in {a.unit or 'no unit'} × {a.scale}"
            yield "other", wrong, f'a signal with unit = "{a.unit}" and scale = {a.scale}'
            return
    a_span, b_span = m.span(), m.span("other")
    most = max(a_span.high - b_span.low, b_span.high - a_span.low)
    if m["tolerance"] >= most:
        yield "tolerance", f"can never trip: they are at most {m.says(most)} apart", f"less than {m.says(most)}"
    if m["tolerance"] < 0:
        yield "tolerance", "always trips: no difference is below 0", "how far apart they may be"
    if m["settled"] < 0:
        yield "settled", "can never trip: nothing moves by less than 0", "how far it may move within window_ms"


def _rate(m: Case) -> Wrong:
    width = m.span().width()
    if m["limit"] >= width:
        yield "limit", f"can never trip: {m.reach()}", f"less than {m.says(width)}"
    if m["limit"] <= 0:
        yield "limit", "always trips: every signal moves by that much", "the most that physics allows within window_ms"


def _stuck(m: Case) -> Wrong:
    width = m.span().width()
    if m["band"] >= width:
        yield "band", f"always trips: {m.reach()}, so no movement is larger", f"less than {m.says(width)}"
    if m["band"] < 0:
        yield "band", "can never trip: every value has moved by more than that", "0, or what noise alone moves"
    if not m.monitor.conditions:
        yield (
            "when",
            "is missing: a signal may rest while nothing moves it",
            'what must move it, as in when = ["heater == 1"]',
        )


def _response(m: Case) -> Wrong:
    least, most, span = m["rise_min"], m["rise_max"], m.span()
    width = span.width()
    if least > -NO_LIMIT and most < NO_LIMIT and least > most:
        yield (
            "rise_min",
            f"rise_min = {m.says(least)} is above rise_max = {m.says(most)}",
            "the smaller one as rise_min",
        )
        return
    if least <= -NO_LIMIT and most >= NO_LIMIT:
        yield "kind", "a response without rise_min and rise_max can never trip", "rise_min, rise_max or both"
        return
    if -NO_LIMIT < least <= -width:
        yield "rise_min", f"can never trip: {m.reach()}", f"more than {m.says(-width)}"
    if width <= most < NO_LIMIT:
        yield "rise_max", f"can never trip: {m.reach()}", f"less than {m.says(width)}"
    if least > width:
        yield "rise_min", f"always trips: {m.reach()}", f"at most {m.says(width)}"
    if most < -width:
        yield "rise_max", f"always trips: {m.reach()}", f"at least {m.says(-width)}"
    if m["above"] > span.high:
        yield "above", f"can never trip: {m.reach()}", f"less than {m.says(span.high)}"


def _share(m: Case) -> Wrong:
    per, span = m.span("per"), m.span()
    if m["nominal"] <= 0:
        yield (
            "nominal",
            f"{m.says(m['nominal'], 'per')} does not fit",
            f"what {m.report.name(m['per'])} shows at nominal supply",
        )
        return
    if m["expected"] <= 0:
        yield "expected", f"can never trip: {m.says(m['expected'])} is no load", "what a sound load takes at nominal"
        return
    if max(m["expected"] * per.high, span.high * 1000) >= _SMALL:
        yield "expected", "is too large for 31-bit arithmetic", "signals of a smaller scale"
    low, high, floor = m["low"], m["high"], m["floor"]
    if low > high:
        yield "low", f"low = {low} is above high = {high}", "the smaller one as low, both in 1/1000"
    elif low <= 0 and high >= NO_LIMIT:
        yield "kind", "a share without low and high can never trip", "low, high or both, in 1/1000 of what is expected"
    elif 0 < low <= floor:
        yield "floor", f"low = {low} can never trip: below floor = {floor} it does not run", f"less than {low}"
    most = span.high * 1000 // max(1, m["expected"] * per.low // m["nominal"])
    if most <= high < NO_LIMIT:
        yield "high", f"can never trip: the share is at most {most}", f"less than {most}, in 1/1000"
    if low > most:
        yield "low", f"always trips: the share is at most {most}", f"less than {most}, in 1/1000"


def _timeout(m: Case) -> Wrong:
    if not m.monitor.conditions:
        yield "when", "is missing: a phase that is always there outlasts every limit", "what holds during the phase"


def _effort(m: Case) -> Wrong:
    if m["divisor"] <= 0:
        yield "divisor", f"{m['divisor']} does not fit", "current × voltage in steps, divided by this, is watts"
        return
    if m["limit"] <= 0:
        yield "limit", "always trips: holding a temperature costs more than that", "mW for each degree above base"
    if m["base"] >= m.span().high:
        yield "base", f"can never trip: {m.reach()}", f"less than {m.says(m.span().high)}"
    if m.span("current").high * m.span("voltage").high >= _SMALL:
        yield "current", "is too large for 31-bit arithmetic", "signals of a smaller scale"


def _drift(m: Case) -> Wrong:
    channels, learn, limit = drift_bounds()
    count = len(m.monitor.params) - 3
    if not channels[0] <= count <= channels[1]:
        yield "signals", f"{count} are named", f"{channels[0]} to {channels[1]} signals"
    if not learn[0] <= m["calibrate"] <= learn[1]:
        yield "calibrate", f"{m['calibrate']} is out of range", f"{learn[0]} to {learn[1]} samples to learn from"
    if not limit[0] <= m["limit"] <= limit[1]:
        yield "limit", f"{m['limit']} is out of range", f"a distance from {limit[0]} to {limit[1]}; 6 is usual"
    named = m.monitor.params[3:]
    for index in named:
        if named.count(index) > 1:
            yield "signals", f"{m.report.name(index)} is named twice", "each signal once"
            return


def _balance(m: Case) -> Wrong:
    low, high, width = m["low"], m["high"], m.span().width()
    if low <= -NO_LIMIT and high >= NO_LIMIT:
        yield "kind", "a balance without low and high can never trip", "low, high or both"
    elif low > high:
        yield "low", f"low = {m.says(low)} is above high = {m.says(high)}", "the smaller one as low"
    elif width <= high < NO_LIMIT:
        yield "high", f"can never trip: {m.reach()}", f"less than {m.says(width)}"
    if m["gain"] <= 0:
        yield "gain", f"{m.says(m['gain'])} does not fit", "what one unit of the flow adds to the signal within per_ms"


RULES: dict[str, Callable[[Case], Wrong]] = {
    "range": _range,
    "crosscheck": _crosscheck,
    "rate": _rate,
    "stuck": _stuck,
    "response": _response,
    "share": _share,
    "timeout": _timeout,
    "effort": _effort,
    "drift": _drift,
    "balance": _balance,
}
# These give a verdict for one tick in a whole window and NOT_RUN in all others.
WINDOWED = ("response", "effort")


def check(report: Report) -> None:
    """Every monitor's limits, debounce and excuses."""
    for path, table, monitor in report.monitors():
        case = Case(report, monitor, kinds()[monitor.kind])
        if any(span.empty() for span in spans.held(report.board, monitor.conditions).values()):
            continue  # the conditions' own finding says it
        for key, problem, instead in RULES.get(monitor.kind, _nothing)(case):
            report.note((*path, key), problem, instead)
        if monitor.kind in WINDOWED and not table.get("once", False):
            _debounce(report, path, monitor)
        if monitor.event in monitor.unless:
            event = report.board.codes[monitor.event].event
            report.note(
                (*path, "unless"), "its own event excuses it: it stops as soon as it fails", "another event", event
            )


def _nothing(_: Case) -> Wrong:
    return iter(())


def _debounce(report: Report, path: Place, monitor: Monitor) -> None:
    """Between two verdicts of a window stand NOT_RUNs, which hold a timer and may reset a counter."""
    d = monitor.debounce
    if d.kind == 1 and d.t_fail > 0:
        wrong = f"can never reach fail_ms: a {monitor.kind} speaks once per window, and the time between does not count"
        report.note((*path, "debounce", "fail_ms"), wrong, "debounce = { fail = 2, pass = 1 }: it counts windows")
    elif d.kind == 0 and d.on_disable == 1 and max(0, d.jump_up) + d.inc < d.t_fail:
        wrong = f'can never reach fail = {d.t_fail}: on_disable = "reset" forgets the count between two windows'
        report.note((*path, "debounce", "on_disable"), wrong, 'on_disable = "freeze"')


@cache
def drift_bounds() -> tuple[tuple[int, int], ...]:
    """Signals, samples to learn from, limit: as the firmware's own refusal says them."""
    file = paths.firmware() / "appliance" / "sense" / "normal.py"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("drift:"):
            pairs = re.findall(r"(\d+)\.\.(\d+)", node.value)
            if len(pairs) == 3:
                return tuple((int(low), int(high)) for low, high in pairs)
    raise RuntimeError(f"{file} no longer says what a drift monitor takes")
