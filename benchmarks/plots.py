"""The plots of docs/benchmarks.md, as SVG that is the same each time it is drawn from the same results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from benchmarks.growth import COLD, PREPARED
from benchmarks.tables import number
from benchmarks.targets import CAREFUL, FLOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks._measure import Result
    from benchmarks.growth import Point

__all__ = ["draw_family", "draw_growth"]

OURS: Final = "#0b6e4f"
THEIRS: Final = "#9aa5ad"
TARGET: Final = "#c8553d"
_COLOURS: Final = {COLD: OURS, PREPARED: "#3fb68b", CAREFUL: "#6c757d", FLOOR: "#c8553d"}
_STYLE: Final = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "white",  # the text is dark, and a reader's page may be too
    "font.size": 9,
    "grid.alpha": 0.3,
    "savefig.bbox": "tight",
    "svg.fonttype": "none",  # text stays text: smaller, and it can be searched
    "svg.hashsalt": "petpro",  # names inside the file depend on what is drawn, not on when
}


def _draw(path: Path, make: Callable[[Any], Any]) -> None:
    """Let `make` draw with matplotlib's pyplot, in our style, and save what it gives."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context(_STYLE):
        figure = make(plt)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    # matplotlib leaves spaces at the ends of lines, which editors and reviews stumble over.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def _dots(axes: Any, group: Sequence[Result]) -> None:
    """Draw one scenario: a dot for each that was timed, the quickest on top, and the target as a line.

    Dots and not bars, because the length of a bar means nothing on a logarithmic scale.
    """
    first = group[0]
    timed = [(row["peer"].split(" (answers")[0], row["peer_ms"]) for row in group if row["peer_ms"]]
    if first["petpro_ms"]:
        timed.append(("PetPro", first["petpro_ms"]))
    timed.sort(key=lambda entry: -(entry[1] or 0.0))
    names, times = [name for name, _ in timed], [ms or 0.0 for _, ms in timed]
    low, high = min(times) / 2, max(times) * 4
    if first["target_ms"] is not None:
        axes.axvline(first["target_ms"], color=TARGET, linestyle="--", linewidth=1.2)
        low, high = min(low, first["target_ms"] / 2), max(high, first["target_ms"] * 2)
    colours = [OURS if name == "PetPro" else THEIRS for name in names]
    axes.hlines(names, low, times, color=colours, linewidth=1)
    axes.scatter(times, names, color=colours, s=42, zorder=3)
    for name, ms in zip(names, times, strict=True):
        axes.annotate(number(ms), (ms, name), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.minorticks_off()
    axes.grid(visible=False, axis="y")
    axes.set_title(first["scenario"], loc="left", fontsize=9, fontweight="bold")


def draw_family(groups: Sequence[Sequence[Result]], path: Path) -> None:
    """Draw the scenarios of one family below each other, each with its own scale of milliseconds."""

    def make(pyplot: Any) -> Any:
        heights = [0.55 + 0.27 * (len(group) + 1) for group in groups]
        figure, axes = pyplot.subplots(
            len(groups),
            1,
            figsize=(7.5, sum(heights) + 0.3),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        for axis, group in zip(axes[:, 0], groups, strict=True):
            _dots(axis, group)
        axes[-1, 0].set_xlabel("milliseconds (logarithmic); dashed: the target")
        return figure

    _draw(path, make)


def _curve(axes: Any, points: Sequence[Point], along: str, value: str) -> None:
    for name, colour in _COLOURS.items():
        known = [(point[along], point[value][name]) for point in points if name in point[value]]  # type: ignore[literal-required]
        if known:
            axes.plot(*zip(*known, strict=True), color=colour, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()


def draw_growth(points: Sequence[Point], along: str, title: str, path: Path) -> None:
    """Draw one curve twice, its time and its memory, both axes logarithmic."""

    def make(pyplot: Any) -> Any:
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4), layout="constrained")
        _curve(left, points, along, "ms")
        _curve(right, points, along, "mb")
        right.plot(
            [point[along] for point in points],  # type: ignore[literal-required]
            [point["input_mb"] for point in points],
            color="#adb5bd",
            linestyle=":",
            label="the input's columns",
        )
        for axes, unit in ((left, "milliseconds"), (right, "peak on top of the input, MB")):
            axes.set_xlabel(along)
            axes.set_ylabel(unit)
        handles, names = right.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
        figure.suptitle(title, fontsize=10, fontweight="bold")
        return figure

    _draw(path, make)
