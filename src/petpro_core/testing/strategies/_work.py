"""Parts of whole clinics: what people are able to do, visits of several people and steps, and a queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from datetime import datetime

    from hypothesis.strategies import DrawFn

__all__ = ["abilities", "queue", "several_steps", "teamwork"]

_LEVELS: Final = ("basic", "intermediate", "advanced", "expert")
_NEEDS: Final = st.sampled_from(
    (
        "surgery",
        "surgery >= expert",
        "not x-ray",
        "surgery >= advanced and (x-ray or not surgery) and not not x-ray",
        "(surgery or x-ray) or (surgery and x-ray >= intermediate)",
    )
)
_LENGTHS: Final = st.sampled_from(("5m", "45m", "1h 30s"))
_GROUPS: Final = st.lists(st.sampled_from(("surgeons", "night.shift")), unique=True, max_size=2)
_STATES: Final = st.sampled_from(("waiting", "parked", "called", "skipped", "left"))
_URGENCIES: Final = st.sampled_from(("red", "green"))
_POLICIES: Final = st.sampled_from(
    (
        "veterinary_triage",
        "manchester",
        {"like": "manchester", "discipline": "accumulating", "late_grace": "10m"},
        {
            "name": "Two kinds",
            "levels": [
                {"code": "red", "head_start": "45m", "rate": 4, "target": "0m", "alert_after": "5m"},
                {"code": "green", "name": "All others", "tier": 1},
            ],
        },
    )
)


def abilities(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """What a provider, a room or a piece of equipment can do."""
    more = {"supervised": st.booleans()} if kind == "providers" else {}
    return st.fixed_dictionaries(
        {},
        optional={
            "skills": st.dictionaries(st.sampled_from(("x-ray", "surgery")), st.sampled_from(_LEVELS)),
            "groups": _GROUPS,
            "locations": st.lists(st.sampled_from(("south", "north")), unique=True),
            "weight": st.sampled_from((1, 100)),
            **more,
        },
    )


@st.composite
def teamwork(draw: DrawFn, ids: list[str]) -> dict[str, Any]:
    """What a service of several roles says beside its duration."""
    by_kind = {"provider": "p", "room": "r", "equipment": "e"}
    kinds: list[str] = draw(st.lists(st.sampled_from(tuple(by_kind)), min_size=1, max_size=3, unique=True))
    roles = []
    for number, kind in enumerate(kinds):
        role: dict[str, Any] = {"kind": kind}
        mine = [key for key in ids if key.startswith(by_kind[kind])]
        named: bool = draw(st.booleans())
        if mine and named:
            role["among"] = mine[:2]
        role |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "name": st.just(f"part {number}"),
                    "needs": _NEEDS,
                    "count": st.sampled_from((1, "all")),
                    "location": st.just("north"),
                    "buffer_before": _LENGTHS,
                    "buffer_after": _LENGTHS,
                    **({"supervision": _NEEDS, "alone": st.booleans()} if kind == "provider" else {}),
                },
            )
        )
        roles.append(role)
    facts = st.sampled_from(
        (
            [{"duration": "40m", "species": "cat"}],
            [{"duration": "1h", "species": "dog", "size": "large, furry"}, {"duration": "15m", "new_client": False}],
        )
    )
    more = st.fixed_dictionaries(
        {},
        optional={
            "durations": facts,
            "preparation": st.sampled_from(("no food", [{"text": "no food", "lead": "12h"}, "bring the card"])),
            "price": st.sampled_from(("180.00 EUR", 180, 0.1, -2.5)),
            "buffer_before": _LENGTHS,
        },
    )
    return {"roles": roles} | draw(more)


def several_steps() -> st.SearchStrategy[dict[str, Any]]:
    """Visits of several steps of the service ``s3``, now and then."""
    visits = (
        [{"id": "v1", "steps": ["s3"]}],
        [
            {
                "id": "v2",
                "name": "Twice, with a rest",
                "steps": ["s3", {"service": "s3", "min_gap": "5m", "max_gap": "30m"}, {"service": "s3"}],
                "gap_step": "10m",
                "policy": {"pending_blocks": True},
            }
        ],
    )
    return st.fixed_dictionaries({}, optional={"visits": st.sampled_from(visits)})


@st.composite
def queue(draw: DrawFn, around: datetime, ids: list[str]) -> dict[str, Any]:
    """A queue at about that time, now and then."""
    if not draw(st.booleans()):
        return {}
    providers = [key for key in ids if key.startswith("p")]
    whom = {"provider": st.sampled_from(providers)} if providers else {}
    entries = []
    for key in draw(st.lists(st.sampled_from(("Q1", "the third, with a dog", None)), unique=True)):
        arrival = around + timedelta(minutes=draw(st.integers(0, 90)))
        entry = {"arrival": arrival.isoformat(), "urgency": draw(_URGENCIES)} | ({} if key is None else {"id": key})
        optional: dict[str, Any] = {
            "service": st.sampled_from(("s1", "s3")),
            "client": st.sampled_from(("harper", "walks in")),
            "pet": st.sampled_from(("17", "biscuit")),
            "appointment": st.just((around + timedelta(hours=1)).isoformat()),
            "state": _STATES,
            **whom,
        }
        entries.append(entry | draw(st.fixed_dictionaries({}, optional=optional)))
    tree: dict[str, Any] = {"policy": draw(_POLICIES), "entries": entries}
    named = [entry["id"] for entry in entries if "id" in entry]
    if len(named) > 1 and draw(st.booleans()):
        tree["moves"] = [{"entry": named[0], "before": named[1], "by": "Ana", "reason": "in pain"}]
    arrivals = st.sampled_from(
        (
            [{"urgency": "green", "per_hour": 1.5}],
            [{"urgency": "red", "per_hour": [0, 1.5] * 12, "service": "s1"}, {"urgency": "green", "every": "20m"}],
            [{"urgency": "green", "every": "20m", "no_show": 0.1, "service": "s3"}],
        )
    )
    durations = st.sampled_from(([{"mean": "17m"}], [{"mean": "25m", "service": "s1", "cv": 0.8}, {"mean": "9m"}]))
    optional = {"arrivals": arrivals, "durations": durations}
    optional |= {"servers": st.just(providers[:1])} if providers else {}
    return {"queue": tree | draw(st.fixed_dictionaries({}, optional=optional))}
