"""Draws the evidence of a case. Takes series with units and limits, gives the options of one ECharts plot.

All signals share the time axis, each has its own scale; times are seconds relative to the moment the fault was
found. Colours are CSS variables (the plot is SVG), so light and dark need no second plot.
"""

from __future__ import annotations

import math
from typing import Any

from trivet.cases.views import Evidence, Limit, Series
from trivet.desk.texts import Words

PLOT, SWITCH = 96, 30  # px of a measured signal's plot, of a switch's
GAP = 54  # px between plots: air, then the next one's title
TOP = 36
BOTTOM = 44
LEFT = 52
RIGHT = 20
LABEL = 17  # px, height of a limit's label
LIMIT_WIDTH = 270  # px, so that it fits a phone; longer texts end in …
INK, MUTED, LINE = "var(--ink)", "var(--muted)", "var(--line)"


def height(evidence: Evidence) -> int:
    """Pixels that the plot needs."""
    *_, (top, tall) = _places(evidence)
    return top + tall + BOTTOM


def _places(evidence: Evidence) -> list[tuple[int, int]]:
    """Top and height of each signal's plot, in pixels."""
    places, top = [], TOP
    for series in evidence.series:
        tall = SWITCH if _switching(series) else PLOT
        places.append((top, tall))
        top += tall + GAP
    return places


def _switching(series: Series) -> bool:
    """Whether a signal is only ever on or off."""
    return not series.unit and not series.limits and set(series.samples) <= {0.0, 1.0}


def options(evidence: Evidence, words: Words, event: str = "") -> dict[str, Any]:
    """The plot: one row per signal, its limits as labelled lines, the moment of the fault across all of them.

    The limits of `event`, the fault that this evidence is for, and of other failed monitors stand out; the rest is
    faint.
    """
    failed = {event} | {one.event for one in evidence.verdicts if one.verdict == "failed"}
    places = _places(evidence)
    times = [t for series in evidence.series for t in series.times_s] or [0.0]
    span = max(max(times) - min(times), 1e-3)
    start, end = min(times), max(0.0, *times) + span * 0.02
    last = len(evidence.series) - 1
    return {
        "animation": False,
        "textStyle": {"fontFamily": "Roboto, system-ui, sans-serif"},
        "title": [_title(series, top, words) for series, (top, _) in zip(evidence.series, places, strict=True)],
        "grid": [{"top": top, "height": tall, "left": LEFT, "right": RIGHT} for top, tall in places],
        "xAxis": [_time_axis(row, start, end, words if row == last else None) for row in range(last + 1)],
        "yAxis": [_value_axis(row, series, words, failed) for row, series in enumerate(evidence.series)],
        "series": [_line(row, series, words, failed) for row, series in enumerate(evidence.series)],
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "lineStyle": {"color": MUTED}},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": "var(--surface)",
            "borderColor": LINE,
            "textStyle": {"color": INK, "fontSize": 13},
            "confine": True,
        },
    }


def _label(series: Series, words: Words) -> str:
    name = str(words.pick(series.text, series.name.replace("_", " ")))
    return f"{name} ({series.unit})" if series.unit else name


def _title(series: Series, top: int, words: Words) -> dict[str, Any]:
    valid = series.validity == "valid"
    now = _value(series, series.samples[-1], words) if series.samples else ""
    parts = [f"{{name|{_label(series, words)}}}", f"{{now|{now}}}"]
    if not valid:
        parts.append(f"{{bad|{words.known('validity', series.validity)}}}")
    return {
        "text": "  ".join(part for part in parts if part),
        "left": 0,
        "top": top - 30,
        "padding": 0,
        "textStyle": {
            "rich": {
                "name": {"color": INK, "fontSize": 13, "fontWeight": 500},
                "now": {"color": MUTED, "fontSize": 13},
                "bad": {"color": "var(--warn)", "fontSize": 13, "fontWeight": 500},
            }
        },
    }


def _value(series: Series, value: float, words: Words) -> str:
    if _switching(series):
        return words("case.on") if value else words("case.is_off")
    return f"{words.number(value)} {series.unit}".strip()


def _time_axis(row: int, start: float, end: float, words: Words | None) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "type": "value",
        "gridIndex": row,
        "min": start,
        "max": end,
        "axisLine": {"onZero": False, "lineStyle": {"color": LINE}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
        "axisLabel": {
            "show": words is not None,
            "color": MUTED,
            "fontSize": 12,
            "showMinLabel": True,
            "showMaxLabel": False,
            "hideOverlap": True,
            ":formatter": "(v) => (v > 0 ? '+' : v < 0 ? '\u2212' : '') + Math.abs(v) + ' s'",
        },
    }
    if words is not None:
        axis |= {
            "name": words("case.seconds_before"),
            "nameLocation": "middle",
            "nameGap": 28,
            "nameTextStyle": {"color": MUTED, "fontSize": 12},
        }
    return axis


def _bounds(series: Series, failed: set[str]) -> tuple[float, float, float]:
    """Scale of a signal and its step: all samples, the limits of the fault, those others that are near, round
    numbers."""
    if _switching(series):
        return 0.0, 1.0, 1.0
    values = series.samples or [0.0]
    low, high = min(values), max(values)
    reach = max(high - low, abs(high) * 0.15, 1.0) * 1.5
    near = [one.value for one in series.limits if one.event in failed or low - reach <= one.value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    air = max((high - low) * 0.1, abs(high) * 0.004, 0.05)
    positive = low >= 0
    low, high = low - air, high + air
    step = _round_step((high - low) / 3)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return max(low, 0.0) if positive else low, high, step


def _round_step(wanted: float) -> float:
    """The smallest of 1, 2, 5, 10, … (times a power of ten) that is not below `wanted`."""
    power: float = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted * 0.999)


def _value_axis(row: int, series: Series, words: Words, failed: set[str]) -> dict[str, Any]:
    low, high, step = _bounds(series, failed)
    off_on = [words("case.is_off"), words("case.on")]
    formatter = f"(v) => {off_on!r}[v]" if _switching(series) else "(v) => String(+v.toPrecision(6))"
    return {
        "type": "value",
        "gridIndex": row,
        "min": low,
        "max": high,
        "interval": step,
        "axisLabel": {"color": MUTED, "fontSize": 12, ":formatter": formatter},
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitLine": {"lineStyle": {"color": LINE}},
    }


def _line(row: int, series: Series, words: Words, failed: set[str]) -> dict[str, Any]:
    switching = _switching(series)
    colour = "var(--chart)" if series.validity == "valid" else "var(--warn)"
    return {
        "type": "line",
        "name": _label(series, words),
        "xAxisIndex": row,
        "yAxisIndex": row,
        "data": [list(point) for point in zip(series.times_s, series.samples, strict=True)],
        "step": "end" if switching else False,
        "symbol": "circle",
        "symbolSize": 4,
        "showSymbol": not switching,
        "lineStyle": {"color": colour, "width": 2, "type": "solid" if series.validity == "valid" else [5, 4]},
        "itemStyle": {"color": colour},
        "areaStyle": {"color": "var(--chart-fill)", "origin": "start"},
        "emphasis": {"disabled": True},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "data": [_trigger(row, words), *_limit_lines(series, words, failed)],
        },
    }


def _trigger(row: int, words: Words) -> dict[str, Any]:
    return {
        "xAxis": 0,
        "lineStyle": {"color": INK, "width": 1, "type": [2, 3]},
        "label": {
            "show": row == 0,
            "formatter": words("case.trigger"),
            "position": "end",
            "color": INK,
            "fontSize": 12,
        },
    }


def _limit_lines(series: Series, words: Words, failed: set[str]) -> list[dict[str, Any]]:
    """Lines of the limits in sight, those that were crossed first. Labels never lie on each other: an own limit
    then stands without, a faint one is left out."""
    low, high, _ = _bounds(series, failed)
    sight = [limit for limit in series.limits if low <= limit.value <= high]
    sight.sort(key=lambda limit: limit.event not in failed)
    lines: list[dict[str, Any]] = []
    taken: list[float] = []
    for limit in sight:
        height = (limit.value - low) / (high - low) * PLOT
        above, own = height < PLOT - LABEL, limit.event in failed
        place = height + LABEL / 2 if above else height - LABEL / 2
        free = all(abs(place - other) >= LABEL for other in taken)
        if free:
            taken.append(place)
        if own or free:
            lines.append(_limit_line(series, limit, words, own=own, above=above, label=free))
    return lines


def _limit_line(series: Series, limit: Limit, words: Words, *, own: bool, above: bool, label: bool) -> dict[str, Any]:
    text = words.pick(limit.text) or words("case.limit")
    return {
        "yAxis": limit.value,
        "lineStyle": {
            "color": "var(--bad)" if own else MUTED,
            "width": 1.5 if own else 1,
            "type": [6, 4] if own else [2, 4],
        },
        "label": {
            "show": label,
            "formatter": f"{_value(series, limit.value, words)}  {text}",
            "position": "insideStartTop" if above else "insideStartBottom",
            "color": "var(--bad)" if own else MUTED,
            "fontSize": 12,
            "distance": [6, 4],
            "width": LIMIT_WIDTH,
            "overflow": "truncate",
        },
    }


def spoken(evidence: Evidence, words: Words) -> str:
    """The plot in words, for those who cannot see it: each signal, its last value, its limits."""
    parts = []
    for series in evidence.series:
        last = f"{words.number(series.samples[-1])} {series.unit}".strip() if series.samples else "–"
        limits = "; ".join(
            f"{words('case.limit')} {words.number(limit.value)} {series.unit}" for limit in series.limits
        )
        parts.append(f"{_label(series, words)}: {last}" + (f" ({limits})" if limits else ""))
    return ". ".join(parts)
