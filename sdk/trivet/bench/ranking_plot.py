"""The result of `tools/bench ranking` as a picture: how often the first cause was right against how sure the desk
said it was, and how many cases were how sure. Takes the result and a file, writes a PNG. Needs the extra `plots`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trivet.boards.plots import _pyplot

_BLUE, _GREY = "#0b5394", "#b7b7b7"
_FEW = 10  # cases in a bin below which its dot is drawn hollow


def draw(result: dict[str, Any], file: Path) -> None:
    """Reliability above, counts below."""
    plt = _pyplot()
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(6.4, 7.2), sharex=True, gridspec_kw={"height_ratios": (3, 1)}, constrained_layout=True
    )
    rows = result["reliability"]
    above.plot([0, 1], [0, 1], color=_GREY, linewidth=1, zorder=1)
    above.plot([row["stated"] for row in rows], [row["true"] for row in rows], color=_BLUE, linewidth=1, zorder=2)
    for row in rows:
        face = _BLUE if row["n"] >= _FEW else "white"
        above.plot([row["stated"]], [row["true"]], "o", color=_BLUE, markerfacecolor=face, markersize=7, zorder=3)
    above.set(xlim=(0, 1), ylim=(0, 1.03), ylabel="share in which the first cause was right")
    above.set_title(
        f"{result['faults']} faults: right cause first in {result['top1']:.1%}, in the first two in "
        f"{result['top2']:.1%}\nexpected calibration error {result['ece']:.3f} (hollow: fewer than {_FEW} cases)",
        loc="left",
        fontsize=10,
    )
    below.bar([row["bin"] / 10 + 0.05 for row in rows], [row["n"] for row in rows], width=0.09, color=_BLUE)
    for row in rows:
        below.annotate(str(row["n"]), (row["bin"] / 10 + 0.05, row["n"]), ha="center", va="bottom", fontsize=8)
    below.set(xlabel="stated confidence in the first cause", ylabel="cases")
    below.margins(y=0.2)
    for axis in (above, below):
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xticks([at / 10 for at in range(11)], [f"{at * 10} %" for at in range(11)], fontsize=8)
        axis.grid(visible=True, color="#e8e8e8", linewidth=0.6)
        axis.set_axisbelow(True)
    figure.savefig(file, dpi=110)
    plt.close(figure)
