"""Draws one recorded run: temperatures, currents and voltages by unit, what was driven, what happened.

Takes a `Recording`, writes a PNG. Needs the extra `plots` (matplotlib). `python -m trivet.boards.plots BOARD` is the
same as `trivet plots BOARD`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import BoardError
from .recording import Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by lightness too, for those who do not see all colours.
_COLOURS = ("#0b5394", "#d9822b", "#38761d", "#741b47", "#666666", "#c9a227")
_MARKS = {"fault": ("#cc0000", "broken"), "code": ("#111111", "found"), "inhibited": ("#7a5195", "switched off")}
_WIDTH, _STRIP = 10.0, 0.24  # inches


def draw(recording: Recording, title: str, file: Path) -> None:
    """One picture of the whole run."""
    plt = _pyplot()
    groups = _groups(recording)
    strips = _strips(recording)
    heights = [2.6 if at == 0 else 1.25 for at in range(len(groups))] + [_STRIP * (len(strips) + 1)]
    figure, axes = plt.subplots(
        len(heights),
        1,
        figsize=(_WIDTH, sum(heights) + 1.0),
        sharex=True,
        gridspec_kw={"height_ratios": heights},
        constrained_layout=True,
    )
    minutes = [at / 60 for at in recording.times_s]
    for at, (unit, names) in enumerate(groups.items()):
        _lines(axes[at], recording, minutes, unit, names)
    _bars(axes[-1], strips, minutes)
    _happened(axes, recording)
    axes[-1].set_xlabel("minutes")
    axes[-1].set_xlim(0, minutes[-1])
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.savefig(file, dpi=90)
    plt.close(figure)


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise BoardError("plots need matplotlib: pip install 'trivet[plots]'") from None
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _groups(recording: Recording) -> dict[str, list[str]]:
    """Signals that have a unit, by unit; the first unit of the board is drawn largest."""
    groups: dict[str, list[str]] = {}
    for signal in recording.board.signals:
        if signal.unit:
            groups.setdefault(signal.unit, []).append(signal.name)
    return groups


def _strips(recording: Recording) -> dict[str, list[bool]]:
    """What is on or off: signals without a unit that know two states, and all outputs."""
    found: dict[str, list[bool]] = {}
    for signal in recording.board.signals:
        if not signal.unit and signal.high == 1:
            found[signal.text["en"]] = [bool(value) for value in recording.signals[signal.name]]
    for output in recording.board.outputs:
        found[output.text["en"]] = [bool(level) for level in recording.outputs[output.name]]
    return found


def _lines(axis: Axes, recording: Recording, minutes: list[float], unit: str, names: list[str]) -> None:
    texts = {signal.name: signal.text["en"] for signal in recording.board.signals}
    for colour, name in zip(_COLOURS, names, strict=False):
        axis.plot(minutes, _gaps(recording.signals[name]), color=colour, linewidth=1.2, label=texts[name])
    for name, values in recording.truth.items():
        if name in names:
            axis.plot(minutes, values, color="#999999", linewidth=1.0, linestyle=(0, (4, 2)), label="as it truly is")
    axis.set_ylabel(unit, rotation=0, ha="right", va="center")
    axis.legend(loc="upper left", bbox_to_anchor=(1.005, 1.02), fontsize=8, frameon=False, borderaxespad=0)
    _plain(axis)
    axis.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    values = [value for name in names for value in recording.signals[name] if value is not None]
    if values and max(values) - min(values) < 1e-9:
        axis.set_ylim(min(values) - 1, max(values) + 1)


def _gaps(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _bars(axis: Axes, strips: dict[str, list[bool]], minutes: list[float]) -> None:
    for at, (_, states) in enumerate(strips.items()):
        spans, start = [], None
        for minute, on in zip([*minutes, minutes[-1]], [*states, False], strict=True):
            if on and start is None:
                start = minute
            elif not on and start is not None:
                spans.append((start, minute - start))
                start = None
        axis.broken_barh(spans, (-at - 0.36, 0.72), facecolors="#5b7fa6", linewidth=0, snap=False)
    axis.set_yticks([-at for at in range(len(strips))], list(strips), fontsize=8)
    axis.set_ylim(-len(strips) + 0.4, 0.6)
    axis.tick_params(axis="y", length=0)
    _plain(axis)


def _plain(axis: Axes) -> None:
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _happened(axes: Any, recording: Recording) -> None:
    """Lines through all axes, labelled above the first; labels that would touch go one row up."""
    span = recording.times_s[-1]
    free_from = [0.0, 0.0, 0.0]
    for mark in sorted(recording.marks, key=lambda one: one.at_s):
        colour, word = _MARKS[mark.kind]
        for axis in axes:
            axis.axvline(mark.at_s / 60, color=colour, linewidth=1.0, linestyle=":" if mark.kind != "code" else "-")
        text = f"{word}: {mark.text}"
        right = mark.at_s > 0.7 * span
        start = mark.at_s - (len(text) * 0.0085 * span if right else 0)
        row = next((at for at, free in enumerate(free_from) if start >= free), len(free_from) - 1)
        free_from[row] = start + len(text) * 0.0085 * span
        axes[0].annotate(
            text,
            (mark.at_s / 60, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2 if right else 2, 3 + 11 * row),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize=8,
            color=colour,
        )


if __name__ == "__main__":
    from trivet.commands.plots import app

    app()
