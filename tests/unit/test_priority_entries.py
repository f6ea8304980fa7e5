"""A queue entry: what it carries, the states it passes through, and its way through several queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from petpro_core.errors import InvalidTransitionError, InvalidValueError, NaiveDatetimeError
from petpro_core.intervals import Interval
from petpro_core.priority import (
    Joining,
    QueueEntry,
    QueueState,
    Retriage,
    Route,
    Stage,
    StageChange,
    StateChange,
    by_queue,
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


ENTRY = QueueEntry(7, at(9), "green")
WAY = Route([Stage("triage", service=1), Stage("vet"), Stage("pharmacy", joining="new_arrival", service=3)])

MAY_BECOME = {
    "waiting": {"parked", "called", "in_service", "left", "no_show"},
    "parked": {"waiting", "called", "left", "no_show"},
    "called": {"in_service", "waiting", "parked", "skipped", "left", "no_show"},
    "in_service": {"served", "left"},
    "served": set(),
    "skipped": {"waiting", "called", "no_show"},
    "left": set(),
    "no_show": {"waiting"},
}


class TestState:
    def test_table_of_transitions(self) -> None:
        assert {str(state): {str(one) for one in state.may_become} for state in QueueState} == MAY_BECOME

    def test_final_and_here(self) -> None:
        assert {str(state) for state in QueueState if state.is_final} == {"served", "left"}
        assert {str(state) for state in QueueState if not state.is_here} == {"served", "left", "no_show"}

    @pytest.mark.parametrize("state", QueueState)
    def test_an_entry_keeps_to_the_table(self, state: QueueState) -> None:
        entry = attrs.evolve(ENTRY, state=state)
        for after in QueueState:
            if after in state.may_become:
                assert entry.become(str(after), at=at(9, 5)).state is after
            else:
                with pytest.raises(InvalidTransitionError) as caught:
                    entry.become(after, at=at(9, 5))
                assert (caught.value.state, caught.value.got) == (state, after)

    def test_a_refusal_says_what_is_allowed(self) -> None:
        with pytest.raises(InvalidTransitionError, match="may become called, left, no_show, waiting, got served"):
            attrs.evolve(ENTRY, state="parked").become("served", at=at(9, 5))
        with pytest.raises(InvalidTransitionError, match="nothing: it is final"):
            attrs.evolve(ENTRY, state="left").become("waiting", at=at(9, 5))


class TestEntry:
    def test_defaults(self) -> None:
        assert (ENTRY.state, ENTRY.first_arrival, ENTRY.since, ENTRY.stage) == (QueueState.WAITING, at(9), at(9), None)
        assert (ENTRY.appointment, ENTRY.route, ENTRY.step, ENTRY.history) == (None, None, 0, ())

    def test_instants_are_kept_in_utc(self) -> None:
        berlin = timezone(timedelta(hours=1))
        entry = QueueEntry(7, at(9).astimezone(berlin), "green", appointment=at(10).astimezone(berlin))
        assert entry == QueueEntry(7, at(9), "green", appointment=at(10))
        assert entry.arrival.tzinfo is UTC

    def test_an_appointment_is_an_instant_or_an_interval(self) -> None:
        visit = Interval(at(10), at(10, 30))
        entry = QueueEntry(7, at(9), "green", appointment=visit)
        assert entry.appointment == visit
        assert entry.row == attrs.evolve(entry, appointment=at(10)).row

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": -1},
            {"arrival": 9},
            {"urgency": ""},
            {"urgency": 3},
            {"service": -1},
            {"client": 1.5},
            {"pet": "Rex"},
            {"provider": -2},
            {"appointment": "10:00"},
            {"state": "dozing"},
            {"route": [Stage("vet")]},
            {"step": 1},
            {"route": WAY, "step": 3},
            {"first_arrival": at(9, 1)},
            {"history": [7]},
            {"history": [StateChange("called", at=at(8))]},
            {"history": [StateChange("called", at=at(9, 2)), StateChange("waiting", at=at(9, 1))]},
        ],
    )
    def test_refuses_what_is_no_entry(self, changes: dict[str, Any]) -> None:
        asked: dict[str, Any] = {"id": 7, "arrival": at(9), "urgency": "green"} | changes
        with pytest.raises(InvalidValueError):
            QueueEntry(**asked)

    def test_naive_instants_are_refused(self) -> None:
        naive = at(9).replace(tzinfo=None)
        refused: list[dict[str, Any]] = [{"arrival": naive}, {"appointment": naive}, {"first_arrival": naive}]
        for changes in refused:
            with pytest.raises(NaiveDatetimeError):
                attrs.evolve(ENTRY, **changes)
        with pytest.raises(NaiveDatetimeError):
            ENTRY.become("called", at=naive)


class TestHistory:
    def test_every_change_is_in_it(self) -> None:
        entry = ENTRY.become("called", at=at(9, 20), by="Ana")
        entry = entry.retriage("orange", by="Ben", reason="pale", at=at(9, 25))
        assert entry.history == (
            StateChange("called", at=at(9, 20), by="Ana"),
            Retriage("orange", was="green", by="Ben", reason="pale", at=at(9, 25)),
        )
        assert (entry.urgency, entry.arrival, entry.since) == ("orange", at(9), at(9, 20))
        assert ENTRY.history == ()

    def test_time_does_not_go_back(self) -> None:
        entry = ENTRY.become("called", at=at(9, 20))
        assert len(entry.become("waiting", at=at(9, 20)).history) == 2
        with pytest.raises(InvalidValueError) as caught:
            entry.become("waiting", at=at(9, 19))
        assert caught.value.last == at(9, 20)

    def test_who_was_skipped_keeps_the_place_and_who_was_given_up_does_not(self) -> None:
        called = ENTRY.become("called", at=at(9, 20))
        back = called.become("skipped", at=at(9, 25)).become("waiting", at=at(9, 40))
        assert back.arrival == at(9)
        anew = called.become("no_show", at=at(9, 25)).become("waiting", at=at(9, 40))
        assert (anew.arrival, anew.first_arrival) == (at(9, 40), at(9))

    @pytest.mark.parametrize("changes", [{"by": ""}, {"reason": " "}, {"urgency": ""}, {"by": None}])
    def test_a_new_triage_says_who_and_why(self, changes: dict[str, Any]) -> None:
        asked: dict[str, Any] = {"urgency": "red", "by": "Ana", "reason": "pale", "at": at(9, 5)} | changes
        with pytest.raises(InvalidValueError):
            ENTRY.retriage(**asked)

    @pytest.mark.parametrize("state", ["served", "left", "no_show"])
    def test_nobody_is_judged_who_is_gone(self, state: str) -> None:
        with pytest.raises(InvalidTransitionError):
            attrs.evolve(ENTRY, state=state).retriage("red", by="Ana", reason="pale", at=at(9, 5))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: StateChange("dozing", at=at(9)),
            lambda: StateChange("called", at=at(9), by=7),  # type: ignore[arg-type]
            lambda: StageChange("", at=at(9)),
            lambda: Retriage("red", was="", by="Ana", reason="pale", at=at(9)),
        ],
    )
    def test_what_is_no_event_is_refused(self, make: Any) -> None:
        with pytest.raises(InvalidValueError):
            make()


class TestRoute:
    def test_refuses_what_is_no_way(self) -> None:
        ways: list[Any] = [[], ["vet"], [Stage("vet")] * 101]
        for stages in ways:
            with pytest.raises(InvalidValueError):
                Route(stages)
        refused: list[dict[str, Any]] = [{"code": ""}, {"joining": "by lot"}, {"service": -1}]
        for changes in refused:
            with pytest.raises(InvalidValueError):
                Stage(**({"code": "vet"} | changes))
        assert Route(Stage("vet")).stages == (Stage("vet", joining=Joining.KEEP_ARRIVAL),)

    def test_an_arrival_is_kept_or_taken_anew(self) -> None:
        entry = QueueEntry(7, at(9), "green", route=WAY, service=2, provider=5, appointment=at(8, 50))
        entry = attrs.evolve(entry, state="served").advance(at=at(9, 10), provider=6)
        assert (entry.stage, entry.state, entry.step) == (WAY.stages[1], QueueState.WAITING, 1)
        assert (entry.arrival, entry.service, entry.provider, entry.appointment) == (at(9), 2, 6, at(8, 50))
        assert (entry.since, entry.history) == (at(9, 10), (StageChange("vet", at=at(9, 10)),))
        entry = attrs.evolve(entry, state="served").advance(at=at(9, 40))
        assert (entry.arrival, entry.service, entry.provider, entry.appointment) == (at(9, 40), 3, None, None)
        assert entry.first_arrival == at(9)

    def test_nobody_goes_on_before_being_served_or_after_the_last_stage(self) -> None:
        for entry in (
            QueueEntry(7, at(9), "green", route=WAY),
            QueueEntry(7, at(9), "green", route=WAY, state="served", step=2),
            QueueEntry(7, at(9), "green", state="served"),
        ):
            with pytest.raises(InvalidTransitionError):
                entry.advance(at=at(9, 5))

    def test_entries_by_queue(self) -> None:
        there = [QueueEntry(n, at(9), "green", route=WAY, step=step) for n, step in enumerate([0, 1, 0])]
        assert by_queue([*there, ENTRY]) == {"triage": (there[0], there[2]), "vet": (there[1],), "": (ENTRY,)}
        assert by_queue([]) == {}
        with pytest.raises(InvalidValueError):
            by_queue([7])  # type: ignore[list-item]  # what is refused
