"""The table on the terminal, and what was missed below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.targets import reason_of, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks._measure import Result

__all__ = ["by_scenario", "missed", "number", "table"]


def number(value: float | None, absent: str = "-") -> str:
    """Write a number with three digits that matter."""
    if value is None:
        return absent
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def by_scenario(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Give the rows of each scenario together, in the order in which they came."""
    for name in dict.fromkeys(result["scenario"] for result in results):
        yield name, [result for result in results if result["scenario"] == name]


def table(results: Sequence[Result], *, judged: bool = True) -> Table:
    """Lay the results out, one section for each scenario; target and verdict stand on its first line.

    Targets hold for the full sizes only, so a run on smaller ones is not `judged`.
    """
    shown = Table(title="PetPro beside its peers (medians; above 1 in the ratio column, PetPro is faster)")
    for name in ("scenario", "peer"):
        shown.add_column(name, overflow="fold")
    for name in ("PetPro ms", "peer ms", "ratio", "PetPro MB", "peer MB"):
        shown.add_column(name, justify="right")
    shown.add_column("target", overflow="fold")
    shown.add_column("met", overflow="fold")
    for scenario, group in by_scenario(results):
        judgement = verdict(group)
        met = f"[bold red]{judgement}[/]" if judgement.missed else str(judgement)
        shown.add_section()
        for index, result in enumerate(group):
            shown.add_row(
                scenario if index == 0 else "",
                result["peer"],
                number(result["petpro_ms"], "not there yet"),
                number(result["peer_ms"]),
                number(result["ratio"]),
                number(result.get("petpro_mb")),
                number(result.get("peer_mb")),
                (judgement.asked if judged else "-") if index == 0 else "",
                (met if judged else "small sizes, not judged") if index == 0 else "",
            )
    return shown


def missed(results: Sequence[Result]) -> list[str]:
    """Name each scenario whose target is not met, and the reason."""
    names = (name for name, group in by_scenario(results) if verdict(group).missed)
    return [f"not met: {name}: {reason_of(name)}" for name in names]
