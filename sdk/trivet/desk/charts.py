"""Draws the evidence of a case. Takes series with units and limits, gives the options of one ECharts plot.

All signals share the time axis, each has its own scale; times are seconds relative to the moment the fault was
found. Colours are CSS variables (the plot is SVG), so light and dark need no second plot.
"""

from __future__ import annotations

import math
from typing import Any

from trivet.cases.views import Evidence, Series
from trivet.desk.texts import Words

ROW = 148  # px per signal: title, plot, air
PLOT = 92
TOP = 34
BOTTOM = 44
LEFT = 52
RIGHT = 20
INK, MUTED, LINE = "var(--ink)", "var(--muted)", "var(--line)"


def height(evidence: Evidence) -> int:
    """Pixels that the plot needs."""
    return TOP + ROW * len(evidence.series) - (ROW - PLOT) + BOTTOM


def options(evidence: Evidence, words: Words) -> dict[str, Any]:
    """The plot: one row per signal, its limits as labelled lines, the moment of the fault across all of them."""
    rows = range(len(evidence.series))
    times = [t for series in evidence.series for t in series.times_s] or [0.0]
    span = max(max(times) - min(times), 1e-3)
    start, end = min(times), max(0.0, *times) + span * 0.02
    last = len(evidence.series) - 1
    return {
        "animation": False,
        "textStyle": {"fontFamily": "Roboto, system-ui, sans-serif"},
        "title": [_title(series, row, words) for row, series in enumerate(evidence.series)],
        "grid": [{"top": TOP + ROW * row, "height": PLOT, "left": LEFT, "right": RIGHT} for row in rows],
        "xAxis": [_time_axis(row, start, end, words if row == last else None) for row in rows],
        "yAxis": [_value_axis(row, series) for row, series in enumerate(evidence.series)],
        "series": [_line(row, series, words) for row, series in enumerate(evidence.series)],
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


def _title(series: Series, row: int, words: Words) -> dict[str, Any]:
    valid = series.validity == "valid"
    now = f"{words.number(series.samples[-1])} {series.unit}".strip() if series.samples else ""
    parts = [f"{{name|{_label(series, words)}}}", f"{{now|{now}}}"]
    if not valid:
        parts.append(f"{{bad|{words.known('validity', series.validity)}}}")
    return {
        "text": "  ".join(part for part in parts if part),
        "left": 0,
        "top": TOP + ROW * row - 32,
        "padding": 0,
        "textStyle": {
            "rich": {
                "name": {"color": INK, "fontSize": 13, "fontWeight": 500},
                "now": {"color": MUTED, "fontSize": 13},
                "bad": {"color": "var(--warn)", "fontSize": 13, "fontWeight": 500},
            }
        },
    }


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


def _bounds(series: Series) -> tuple[float, float]:
    """The scale of a signal: all samples and every limit that is near enough to mean something, with some air."""
    values = series.samples or [0.0]
    low, high = min(values), max(values)
    reach = max(high - low, abs(high) * 0.25, 1.0) * 2.5
    for limit in series.limits:
        if low - reach <= limit.value <= high + reach:
            low, high = min(low, limit.value), max(high, limit.value)
    air = max((high - low) * 0.12, abs(high) * 0.01, 0.1)
    step = 10 ** math.floor(math.log10(max(high - low, 0.1)))
    low = 0.0 if low >= 0 and low - air < 0 else math.floor((low - air) / step * 2) * step / 2
    return low, math.ceil((high + air) / step * 2) * step / 2


def _value_axis(row: int, series: Series) -> dict[str, Any]:
    low, high = _bounds(series)
    return {
        "type": "value",
        "gridIndex": row,
        "min": low,
        "max": high,
        "interval": (high - low) / 2,
        "axisLabel": {"color": MUTED, "fontSize": 12, ":formatter": "(v) => String(+v.toPrecision(4))"},
        "splitLine": {"lineStyle": {"color": LINE}},
    }


def _line(row: int, series: Series, words: Words) -> dict[str, Any]:
    switching = not series.unit and set(series.samples) <= {0.0, 1.0}
    colour = "var(--chart)" if series.validity == "valid" else "var(--warn)"
    return {
        "type": "line",
        "name": _label(series, words),
        "xAxisIndex": row,
        "yAxisIndex": row,
        "data": [list(point) for point in zip(series.times_s, series.samples, strict=True)],
        "step": "end" if switching else False,
        "symbol": "circle",
        "symbolSize": 5,
        "lineStyle": {"color": colour, "width": 2, "type": "solid" if series.validity == "valid" else [5, 4]},
        "itemStyle": {"color": colour},
        "areaStyle": {"color": "var(--chart-fill)", "origin": "start"},
        "emphasis": {"disabled": True},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "data": [_trigger(row, words), *_limit_lines(series, words)],
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


def _limit_lines(series: Series, words: Words) -> list[dict[str, Any]]:
    low, high = _bounds(series)
    lines = []
    for limit in series.limits:
        if not low <= limit.value <= high:
            continue
        text = words.pick(limit.text) or words("case.limit")
        lines.append(
            {
                "yAxis": limit.value,
                "lineStyle": {"color": "var(--bad)", "width": 1.5, "type": [6, 4]},
                "label": {
                    "formatter": f"{text} {words.number(limit.value)} {series.unit}".strip(),
                    "position": "insideStartTop" if limit.value < high - (high - low) * 0.2 else "insideStartBottom",
                    "color": "var(--bad)",
                    "fontSize": 12,
                    "distance": 3,
                },
            }
        )
    return lines


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
