"""The clinic file: who waits, who may come, and how long visits take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import attrs
import pytest

from petpro_core.errors import InvalidClinicError, InvalidValueError
from petpro_core.forecast import AppointmentStream, ArrivalStream, DurationLaw, simulate
from petpro_core.interop.clinic import Clinic, read_clinic, write_clinic
from petpro_core.interop.clinic.queues import ClinicArrivals, ClinicDuration, ClinicQueue
from petpro_core.intervals import Interval, IntervalSet
from petpro_core.priority import POLICIES, VETERINARY_TRIAGE, Discipline, Move, QueueState, rank
from petpro_core.timezones import load_zone

MINUTE: Final = timedelta(minutes=1)
HEAD: Final = """
[clinic]
zone = "America/New_York"
[hours]
every_day = ["09:00-12:30"]
[[providers]]
id = "ana"
skills = { surgery = "expert" }
[[providers]]
id = "bo"
[[rooms]]
id = "hall"
[[services]]
id = "checkup"
duration = "30m"
[[services]]
id = "spay"
duration = "1h"
roles = [{ needs = "surgery" }]
[[services]]
id = "class"
duration = "1h"
rooms = ["hall"]
[[services]]
id = "boarding"
duration = "2 nights"
[[bookings]]
provider = "ana"
service = "checkup"
start = 2026-03-02T09:00:00
client = "harper"
"""
WHOLE: Final = (
    HEAD
    + """
[queue]
servers = ["ana"]
policy = { like = "manchester", discipline = "strict", late_grace = "10m" }
moves = [{ entry = "Q2", before = "Q1", by = "Ana", reason = "in pain", at = 2026-03-02T09:10:00 }]
durations = [
  { mean = "15m", cv = 0.4 },
  { mean = "25m", service = "spay", provider = "ana" },
  { mean = "22m", service = "spay" },
]
[[queue.entries]]
id = "Q1"
arrival = 2026-03-02T09:00:00
urgency = "green"
service = "checkup"
provider = "bo"
client = "harper"
pet = "biscuit"
[[queue.entries]]
id = "Q2"
arrival = 2026-03-02T09:05:00
urgency = "green"
client = "new"
appointment = 2026-03-02T09:30:00
[[queue.entries]]
arrival = 2026-03-02T09:06:00
urgency = "red"
state = "parked"
[[queue.arrivals]]
urgency = "green"
per_hour = 3
service = "checkup"
[[queue.arrivals]]
urgency = "red"
every = "30m"
no_show = 0.25
"""
)


def clinic(text: str) -> Clinic:
    return read_clinic(text, format="toml")


def queue_of(made: Clinic) -> ClinicQueue:
    assert made.queue is not None
    return made.queue


def test_a_queue_key_by_key() -> None:
    made = clinic(WHOLE)
    queue = queue_of(made)
    manchester = POLICIES["manchester"]
    assert queue.policy == attrs.evolve(manchester, discipline=Discipline.STRICT, late_grace=10 * MINUTE)
    one, two, three = queue.entries
    assert queue.entry_ids == {1: "Q1", 2: "Q2", 3: "#3"}
    assert (one.service, one.provider, one.client, one.pet, one.appointment) == (1, 2, 1, 1, None)
    assert one.arrival == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert (two.client, two.appointment, three.state) == (2, one.arrival + 30 * MINUTE, QueueState.PARKED)
    assert made.clients == {"harper": 1, "new": 2}
    assert made.names["entry"] == {1: "Q1", 2: "Q2", 3: "#3"}
    assert queue.moves == (Move(2, before=1, by="Ana", reason="in pain", at=one.arrival + 10 * MINUTE),)
    assert queue.arrivals == (
        ClinicArrivals("green", 1, (3.0,)),
        ClinicArrivals("red", every=30 * MINUTE, no_show=0.25),
    )
    assert queue.durations[1] == ClinicDuration(25 * MINUTE, 2, 1)
    assert rank(queue.entries, policy=queue.policy, now=one.arrival, moves=queue.moves).ids.tolist() == [2, 1]


@pytest.mark.parametrize("form", ["json", "toml"])
def test_a_queue_is_written_and_read_back(form: str) -> None:
    made = clinic(WHOLE)
    again = read_clinic(write_clinic(made, format=form), format=form)  # type: ignore[arg-type]
    assert again.queue == made.queue
    assert clinic(HEAD).queue is None
    default = clinic(HEAD + "[queue]\n")
    assert queue_of(default).policy == VETERINARY_TRIAGE
    assert 'policy = "veterinary_triage"' in write_clinic(default, format="toml")
    assert queue_of(clinic(HEAD + '[queue]\npolicy = "ats"\n')).policy == POLICIES["ats"]


def test_what_a_file_cannot_say_of_an_entry() -> None:
    made = clinic(WHOLE)
    queue = queue_of(made)
    whole = Interval(queue.entries[0].arrival, queue.entries[0].arrival + MINUTE)
    odd = attrs.evolve(queue, entries=(attrs.evolve(queue.entries[0], appointment=whole), *queue.entries[1:]))
    with pytest.raises(InvalidValueError, match="the moment of its appointment"):
        write_clinic(attrs.evolve(made, queue=odd))
    called = queue.entries[0].become("called", at=whole.end)
    with pytest.raises(InvalidValueError, match="queue would come back different"):
        write_clinic(attrs.evolve(made, queue=attrs.evolve(queue, entries=(called, *queue.entries[1:]))))


def test_how_long_visits_take() -> None:
    made = clinic(WHOLE)
    model = queue_of(made).model(made)
    assert model.law(1, 1) == DurationLaw.lognormal(30 * MINUTE, cv=0.5)  # as long as it is booked for
    assert model.law(2, 1) == DurationLaw.lognormal(25 * MINUTE, cv=0.5)
    assert model.law(2, 2) == DurationLaw.lognormal(22 * MINUTE, cv=0.5)
    assert model.law(4, 1) == model.law(None, None) == DurationLaw.lognormal(15 * MINUTE, cv=0.4)
    bare = clinic(HEAD + "[queue]\n")
    assert queue_of(bare).model(bare).law(None, None) == DurationLaw.lognormal(20 * MINUTE, cv=0.5)


def test_who_serves_whom() -> None:
    made = clinic(WHOLE)
    day = Interval(datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC))
    (ana,) = queue_of(made).serving(made, day)
    assert (ana.resource, ana.services) == (1, frozenset({1, 2, 4}))
    assert ana.hours == IntervalSet.of(
        Interval(datetime(2026, 3, 2, 14, tzinfo=UTC), datetime(2026, 3, 2, 17, 30, tzinfo=UTC))
    )
    bare = clinic(HEAD + "[queue]\n")
    assert [one.services for one in queue_of(bare).serving(bare, day)] == [frozenset({1, 2, 4}), frozenset({1, 4})]
    assert [one.resource for one in queue_of(bare).serving(bare, day, ids=["bo"])] == [2]


def test_arrivals_come_while_somebody_is_there() -> None:
    zone = load_zone("America/New_York")
    start = datetime(2026, 3, 2, 5, tzinfo=UTC)
    day = Interval(start, start + timedelta(days=1))
    hours = IntervalSet.of(Interval(start + timedelta(hours=9), start + timedelta(hours=12, minutes=30)))
    flat = ClinicArrivals("green", 1, (2.0,)).stream(day, zone=zone, hours=hours)
    assert isinstance(flat, ArrivalStream)
    assert flat.per_hour == (*[0.0] * 9, 2.0, 2.0, 2.0, 1.0, *[0.0] * 11)
    listed = ClinicArrivals("green", None, tuple(float(hour) for hour in range(24))).stream(day, zone=zone, hours=hours)
    assert isinstance(listed, ArrivalStream)
    assert listed.per_hour[9:13] == (9.0, 10.0, 11.0, 6.0)
    week = ClinicArrivals("green", None, tuple(float(hour) for hour in range(168)))
    tuesday = Interval(day.end, day.end + timedelta(days=1))
    always = IntervalSet.of(tuesday)
    assert week.stream(tuesday, zone=zone, hours=always).per_hour == tuple(float(24 + hour) for hour in range(24))  # type: ignore[union-attr]
    closed = ClinicArrivals("green", None, (2.0,)).stream(day, zone=zone, hours=IntervalSet.empty())
    assert closed.per_hour == (0.0,) * 24  # type: ignore[union-attr]
    booked = ClinicArrivals("red", None, every=30 * MINUTE, no_show=0.25).stream(day, zone=zone, hours=hours)
    assert booked == AppointmentStream("red", 30 * MINUTE, no_show=0.25, hours=hours)


def test_a_day_that_is_simulated() -> None:
    made = clinic(WHOLE)
    queue = queue_of(made)
    day = Interval(datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC))
    servers = queue.serving(made, day)
    hours = servers[0].hours or IntervalSet.empty()
    found = simulate(
        [one.stream(day, zone=made.zone, hours=hours) for one in queue.arrivals],
        servers=servers,
        durations=queue.model(made),
        policy=queue.policy,
        within=day,
        runs=20,
        seed=1,
    )
    assert {one.urgency for one in found.by_stream()} == {"green", "red"}
    assert len(found.queue_by_hour()) == 24


ENTRY: Final = (
    HEAD
    + '[queue]\nentries = [{ id = "Q1", arrival = 2026-03-02T09:00:00, urgency = "green" }, '
    + '{ arrival = 2026-03-02T09:00:00, urgency = "red" }]\n'
)
LEVELS: Final = HEAD + '[queue]\npolicy = { levels = [{ code = "a", target = "1h" }, { code = "b" }] }\n'


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (HEAD + '[queue]\npolicy = "manchster"\n', "queue.policy", "did you mean manchester?"),
        (HEAD + '[queue]\npolicy = { like = "x" }\n', "queue.policy.like", "no such policy"),
        (HEAD + "[queue]\npolicy = {}\n", "queue.policy", "the key levels is needed"),
        (HEAD + "[queue]\npolicy = { levels = [] }\n", "queue.policy", "number of levels"),
        (LEVELS.replace('target = "1h"', "tier = 2"), "queue.policy", "most urgent first"),
        (
            LEVELS.replace('target = "1h"', 'target = "1h", alert_after = "5m"'),
            "queue.policy.levels[0].alert_after",
            "at least",
        ),
        (LEVELS.replace('target = "1h"', "rate = 0"), "queue.policy.levels[0].rate", "from 1"),
        (LEVELS.replace("levels =", 'discipline = "x", levels ='), "queue.policy.discipline", "allowed: head_start"),
        (LEVELS.replace("levels =", 'late_grace = "2 days", levels ='), "queue.policy.late_grace", "1 day"),
        (HEAD + '[queue]\nservers = ["hall"]\n', "queue.servers[0]", "no such provider"),
        (HEAD + '[queue]\nservers = ["bo", "bo"]\n', "queue.servers", "each provider stands here once"),
        (ENTRY.replace('"green"', '"grey"'), "queue.entries[0].urgency", "did you mean green?"),
        (ENTRY.replace('"Q1"', '"#2"'), "queue.entries[1]", "an id stands once in the queue, got '#2'"),
        (ENTRY.replace('urgency = "red"', 'urgency = "red", id = "Q1"'), "queue.entries[1].id", "once in the queue"),
        (
            ENTRY.replace('urgency = "red"', 'urgency = "red", state = "gone"'),
            "queue.entries[1].state",
            "no such state",
        ),
        (
            ENTRY.replace('urgency = "red"', 'urgency = "red", service = "x"'),
            "queue.entries[1].service",
            "no such service",
        ),
        (
            ENTRY.replace('urgency = "red"', 'urgency = "red", provider = "x"'),
            "queue.entries[1].provider",
            "no such prov",
        ),
        (
            ENTRY + 'moves = [{ entry = "Q1", before = "Q9", by = "A", reason = "r" }]\n',
            "queue.moves[0].before",
            "allowed: Q1, #2",
        ),
        (ENTRY + 'moves = [{ entry = "Q1", by = "A", reason = "r" }]\n', "queue.moves[0]", "before or after"),
        (
            ENTRY + 'moves = [{ entry = "Q1", after = "Q1", by = "A", reason = "r" }]\n',
            "queue.moves[0].entry",
            "beside itself",
        ),
        (HEAD + '[queue]\narrivals = [{ urgency = "red" }]\n', "queue.arrivals[0]", "got none of both"),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", per_hour = 1, every = "1h" }]\n',
            "queue.arrivals[0]",
            "got both",
        ),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", every = "0m" }]\n',
            "queue.arrivals[0].every",
            "longer than nothing",
        ),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", every = "1h", no_show = 2 }]\n',
            "queue.arrivals[0].no_show",
            "0 to 1",
        ),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", per_hour = 1, no_show = 0 }]\n',
            "queue.arrivals[0].no_show",
            "appointments",
        ),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", per_hour = -1 }]\n',
            "queue.arrivals[0].per_hour",
            "0 to 1000",
        ),
        (
            HEAD + '[queue]\narrivals = [{ urgency = "red", per_hour = [1, 2] }]\n',
            "queue.arrivals[0].per_hour",
            "got 2 of them",
        ),
        (HEAD + '[queue]\ndurations = [{ service = "spay" }]\n', "queue.durations[0]", "the key mean is needed"),
        (HEAD + '[queue]\ndurations = [{ mean = "0m" }]\n', "queue.durations[0].mean", "3660 days"),
        (HEAD + '[queue]\ndurations = [{ mean = "9m", cv = 30 }]\n', "queue.durations[0].cv", "0 to 20"),
        (HEAD + '[queue]\ndurations = [{ mean = "9m", provider = "bo" }]\n', "queue.durations[0]", "told of a service"),
        (HEAD + '[queue]\ndurations = [{ mean = "9m" }, { mean = "8m" }]\n', "queue.durations[1]", "stands here once"),
    ],
)
def test_mistakes_are_told_with_their_key(text: str, key: str, words: str) -> None:
    with pytest.raises(InvalidClinicError) as caught:
        clinic(text)
    assert caught.value.key == key, caught.value.message
    assert words in caught.value.message
