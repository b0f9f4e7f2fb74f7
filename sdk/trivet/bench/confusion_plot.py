"""The result of `tools/bench confusion` as a picture: per board the share of runs in which each fault gave each code,
and beside it how long the right one took. Takes the result and a file, writes a PNG. Needs the extra `plots`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet.boards.plots import _pyplot

from .confusion_table import columns, rows_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RIGHT, _WRONG, _DOT = "#0b5394", "#cc2200", "#d9822b"
_ROW, _WIDTH, _ABOVE = 0.21, 14.0, 1.35  # inches


def draw(result: dict[str, Any], file: Path) -> None:
    """One row of panels a board."""
    plt = _pyplot()
    boards = [board for board in result["boards"] if rows_of(result, board)]
    heights = [(len(rows_of(result, board)) + 1) * _ROW for board in boards]
    figure, axes = plt.subplots(
        len(boards),
        2,
        figsize=(_WIDTH, sum(heights) + _ABOVE * len(boards) + 0.8),
        gridspec_kw={"height_ratios": heights, "width_ratios": (3, 1)},
        squeeze=False,
        constrained_layout=True,
    )
    for (left, right), board in zip(axes, boards, strict=True):
        _confusion(left, result, board)
        _delays(right, result, board)
    figure.suptitle(_title(result), x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.savefig(file, dpi=100)
    plt.close(figure)


def _title(result: dict[str, Any]) -> str:
    right = f"Right code in {result['right_code']} of {result['runs']} runs with a fault"
    off = f"right functions off in {result['right_inhibition']}"
    return f"{right}, {off}; {result['false_confirmed']} false codes in {result['healthy_runs']} healthy cycles"


def _confusion(axis: Axes, result: dict[str, Any], board: str) -> None:
    rows, events = rows_of(result, board), columns(result, board)
    healthy = result["healthy"][board]
    for at, row in enumerate(rows.values()):
        for column, event in enumerate(events):
            if count := row["confirmed"].get(event, 0):
                _square(axis, column, at, count / row["runs"], _RIGHT if event == row["expected"] else _WRONG)
        if row["silent"]:
            _square(axis, len(events), at, row["silent"] / row["runs"], _WRONG)
    for column, event in enumerate(events):
        if count := healthy["confirmed"].get(event, 0):
            _square(axis, column, len(rows), count / healthy["runs"], _WRONG)
    quiet = healthy["runs"] - len(healthy["wrong"])
    if quiet:
        _square(axis, len(events), len(rows), quiet / healthy["runs"], _RIGHT)
    codes = result["codes"][board]
    axis.set_xticks(range(len(events) + 1), [*(codes[event] for event in events), "none"], rotation=90, fontsize=7.5)
    axis.set_yticks(range(len(rows) + 1), [*rows, f"healthy ({healthy['runs']} cycles)"], fontsize=8)
    axis.set_xlim(-0.6, len(events) + 0.6)
    axis.set_ylim(len(rows) + 0.6, -0.6)
    axis.xaxis.tick_top()
    axis.set_title(
        f"{board}: codes confirmed, % of runs where not all", loc="left", fontsize=10, fontweight="bold", pad=8
    )
    _plain(axis)


def _square(axis: Axes, x: int, y: int, share: float, colour: str) -> None:
    """Filled by its share of the runs; a share below all is written."""
    axis.add_patch(_rectangle(x, y, colour, share))
    if share < 0.995:
        ink = "white" if share > 0.5 else "black"
        axis.text(x, y, f"{share * 100:.0f}", ha="center", va="center", fontsize=6.5, color=ink)


def _rectangle(x: int, y: int, colour: str, share: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, facecolor=colour, alpha=0.15 + 0.85 * share, linewidth=0)


def _delays(axis: Axes, result: dict[str, Any], board: str) -> None:
    rows = rows_of(result, board)
    for at, row in enumerate(rows.values()):
        axis.plot(row["delays_s"], [at] * len(row["delays_s"]), "o", color=_DOT, markersize=3.5, alpha=0.45)
        if row["delay_s"] is not None:
            axis.plot([row["delay_s"]], [at], "|", color="black", markersize=9, markeredgewidth=1.6)
            axis.annotate(
                f"{row['delay_s']:.0f} s",
                (row["delays_s"][-1], at),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
            )
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlim(0.3, 12_000)
    axis.set_ylim(len(rows) + 0.6, -0.6)
    axis.set_yticks([])
    axis.set_xlabel("seconds from fault to confirmed code (bar: median)", fontsize=8)
    axis.tick_params(axis="x", labelsize=7.5)
    axis.grid(visible=True, axis="x", color="#e2e2e2", linewidth=0.6)
    axis.set_axisbelow(True)
    _plain(axis)


def _plain(axis: Axes) -> None:
    for side in axis.spines.values():
        side.set_visible(False)
    axis.tick_params(length=0)
    for at in range(int(min(axis.get_ylim())) + 1, int(max(axis.get_ylim())) + 1, 2):
        axis.axhspan(at - 0.5, at + 0.5, color="#f5f5f5", zorder=0, linewidth=0)
