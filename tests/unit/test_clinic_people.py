"""The clinic file: skills, equipment, roles, durations for some, visits of several steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import attrs
import pytest

from petpro_core.errors import InvalidClinicError, InvalidValueError
from petpro_core.interop.clinic import Clinic, read_clinic, write_clinic
from petpro_core.intervals import Interval
from petpro_core.matching import AllOf, Has, Not, Preparation, ResourceKind, Role, SkillLevels, match
from petpro_core.slots import CalendarDays
from petpro_core.visits import find_visits

HEAD: Final = '[clinic]\nzone = "UTC"\n[hours]\nevery_day = ["09:00-12:00"]\n'
MINUTE: Final = timedelta(minutes=1)
PEOPLE: Final = (
    HEAD
    + """
[[locations]]
id = "north"
[[skills]]
id = "surgery"
name = "Soft tissue surgery"
[[skills]]
id = "exotics"
[[providers]]
id = "ana"
skills = { surgery = "expert" }
groups = ["surgeons", "night"]
weight = 80
[[providers]]
id = "kim"
skills = { surgery = "basic", exotics = "advanced" }
groups = ["night"]
supervised = true
[[rooms]]
id = "theatre"
locations = ["north"]
[[equipment]]
id = "xray"
name = "X-ray"
"""
)
SPAY: Final = """
[[services]]
id = "spay"
duration = ["1h", "90m"]
buffer_after = "5m"
price = 180
preparation = ["bring the card", { text = "no food", lead = "12h" }]
durations = [
  { duration = "40m", species = "cat", provider = "ana" },
  { duration = "2h", size = "large", new_client = true },
]
roles = [
  { name = "surgeon", needs = "surgery >= advanced and not exotics" },
  { kind = "room", among = ["theatre"], location = "north", buffer_after = "20m" },
  { name = "help", count = "all", group = "night", supervision = "surgery >= expert", alone = true },
]
"""


def clinic(text: str) -> Clinic:
    return read_clinic(text, format="toml")


def test_people_and_what_they_can() -> None:
    made = clinic(PEOPLE)
    assert [(one.id, one.name, one.handle) for one in made.skills.values()] == [
        ("surgery", "Soft tissue surgery", 1),
        ("exotics", "exotics", 2),
    ]
    ana, kim, theatre, xray = made.resources.values()
    assert (ana.skills, ana.groups, ana.weight, ana.supervised) == (SkillLevels({1: "expert"}), (1, 2), 80, False)
    assert (kim.groups, kim.supervised) == ((2,), True)
    assert (theatre.kind, theatre.locations) == ("room", (1,))
    assert (xray.kind, xray.name, xray.handle) == ("equipment", "X-ray", 4)
    assert made.resource_groups == {"surgeons": 1, "night": 2}
    table = made.resource_table()
    assert table.handles[table.match(Has(1, "advanced"))].tolist() == [1]
    assert table.resources[0].calendar is ana.calendar


def test_skills_that_are_not_listed_are_those_that_somebody_has() -> None:
    made = clinic(
        HEAD
        + '[[providers]]\nid = "a"\nskills = { z = "basic", b = "expert" }\n'
        + '[[rooms]]\nid = "r"\nskills = { b = "basic", c = "basic" }\n'
    )
    assert list(made.skills) == ["z", "b", "c"]


def test_a_service_of_several_roles() -> None:
    spay = clinic(PEOPLE + SPAY).services["spay"]
    surgeon, theatre, help_ = spay.roles
    assert surgeon == Role("provider", AllOf(Has(1, "advanced"), Not(Has(2))), name="surgeon", buffer_after=5 * MINUTE)
    assert (theatre.kind, theatre.among, theatre.location, theatre.buffer_after) == (
        ResourceKind.ROOM,
        (3,),
        1,
        20 * MINUTE,
    )
    assert (help_.count, help_.group, help_.supervision, help_.alone) == ("all", 2, Has(1, "expert"), True)
    assert spay.resources == ("ana",)
    assert spay.rules[0].buffer_after == 5 * MINUTE
    assert (spay.price, spay.preparation) == (
        180,
        (Preparation("bring the card"), Preparation("no food", timedelta(hours=12))),
    )
    assert spay.policy.min_notice == timedelta(hours=12)
    assert not spay.takes_one
    kind = spay.service_type(clinic(PEOPLE + SPAY).resources)
    assert kind.duration_for(species="cat", provider=1) == 40 * MINUTE
    assert kind.duration_for(size="large", new_client=True) == 120 * MINUTE
    chosen = spay.service_type(clinic(PEOPLE + SPAY).resources, duration=90 * MINUTE)
    assert chosen.duration_for(species="cat", provider=1) == 90 * MINUTE


@pytest.mark.parametrize(
    ("more", "kind", "among", "takes_one"),
    [
        ("", "provider", (1, 2), True),
        ('providers = ["kim"]\n', "provider", (2,), True),
        ('rooms = ["theatre"]\nbuffer_before = "5m"\n', "room", (3,), True),
        ('durations = [{ duration = "1h", species = "cat" }]\n', "provider", (1, 2), False),
    ],
)
def test_a_service_without_roles_has_one(more: str, kind: str, among: tuple[int, ...], takes_one: bool) -> None:
    made = clinic(PEOPLE + '[[services]]\nid = "s"\nduration = "30m"\n' + more)
    service = made.services["s"]
    (role,) = service.service_type(made.resources).roles
    assert (str(role.kind), role.among, service.takes_one) == (kind, among, takes_one)
    assert role.buffer_before == service.rules[0].buffer_before


def test_a_service_of_nobody_is_for_providers() -> None:
    made = clinic(HEAD + '[[services]]\nid = "s"\nduration = "2 nights"\n')
    kind = made.services["s"].service_type(made.resources)
    assert (kind.roles, kind.duration) == ((Role("provider"),), CalendarDays(2))


def test_one_role_is_what_slots_ask_about() -> None:
    made = clinic(
        PEOPLE + '[[services]]\nid = "s"\nduration = "30m"\nroles = [{ kind = "equipment", buffer_after = "5m" }]\n'
    )
    service = made.services["s"]
    assert (service.takes_one, service.resources, service.rules[0].buffer_after) == (True, ("xray",), 5 * MINUTE)
    two = clinic(PEOPLE + '[[services]]\nid = "s"\nduration = "30m"\nroles = [{ count = 2 }]\n').services["s"]
    assert not two.takes_one


def test_a_booking_has_the_buffers_of_the_roles() -> None:
    made = clinic(
        PEOPLE + SPAY + '[[bookings]]\nservice = "spay"\nprovider = "ana"\nroom = "theatre"\nequipment = "xray"\n'
        "start = 2026-03-02T09:00:00\n"
    )
    (booking,) = made.bookings
    after = [(part.occupied.end - part.interval.end) // MINUTE for part in booking.allocations]
    assert after == [5, 20, 5]
    again = read_clinic(write_clinic(made), format="json")
    assert again.bookings == made.bookings
    one = attrs.evolve(booking.allocations[1], occupied=booking.allocations[1].interval)
    odd = attrs.evolve(booking, allocations=[booking.allocations[0], one, booking.allocations[2]])
    with pytest.raises(InvalidValueError, match="bookings would come back different"):
        write_clinic(attrs.evolve(made, bookings=(odd,)))


VISITS: Final = """
[[services]]
id = "exam"
duration = "30m"
roles = [{ name = "vet", needs = "surgery" }, { kind = "room" }]
[[services]]
id = "film"
duration = "10m"
roles = [{ kind = "equipment", name = "machine" }, { name = "vet" }]
[[visits]]
id = "lame"
name = "Lameness work-up"
gap_step = "10m"
policy = { min_notice = "1h" }
steps = ["exam", { service = "film", min_gap = "5m", max_gap = "25m", change = "vet" }]
"""


def test_visits_of_several_steps() -> None:
    made = clinic(PEOPLE + VISITS)
    lame = made.visits["lame"]
    assert (lame.name, lame.visit.gap_step, lame.policy.min_notice) == ("Lameness work-up", 10 * MINUTE, 60 * MINUTE)
    first, second = lame.visit.steps
    assert (first.service.handle, second.min_gap, second.max_gap, second.change) == (
        1,
        5 * MINUTE,
        25 * MINUTE,
        ("vet",),
    )
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    found = find_visits(
        lame.visit,
        resources=made.resource_table(),
        busy=made.busy(),
        within=Interval(monday, monday + timedelta(days=1)),
        now=monday,
        policy=lame.policy,
    )
    names = made.names["resource"]
    assert [names[handle] for handle in found[0].resources] == ["ana", "theatre", "xray", "kim"]
    again = read_clinic(write_clinic(made, format="toml"), format="toml")
    assert again.visits == made.visits


ROLE: Final = PEOPLE + '[[services]]\nid = "s"\nduration = "30m"\n'
LINES: Final = PEOPLE.count("\n")


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (HEAD + '[[skills]]\nid = "and"\n', "skills[0].id", "join skills"),
        (HEAD + '[[skills]]\nid = "a"\n[[skills]]\nid = "a"\n', "skills[1].id", "stands once"),
        (HEAD + '[[providers]]\nid = "a"\nskills = ["x"]\n', "providers[0].skills", "a table of skills"),
        (HEAD + '[[providers]]\nid = "a"\nskills = { "x y" = "basic" }\n', 'providers[0].skills."x y"', "an id has"),
        (HEAD + '[[providers]]\nid = "a"\nskills = { OR = "basic" }\n', "providers[0].skills.OR", "join skills"),
        (PEOPLE.replace("expert", "exprt"), "providers[0].skills.surgery", "did you mean expert?"),
        (PEOPLE.replace("{ surgery =", "{ surgry ="), "providers[0].skills.surgry", "did you mean surgery?"),
        (PEOPLE.replace('["north"]', '["south"]'), "rooms[0].locations[0]", "no such location"),
        (PEOPLE.replace('["north"]', '["north", "north"]'), "rooms[0].locations", "each handle once"),
        (PEOPLE.replace('["night"]', '["night", "night"]'), "providers[1].groups", "each handle once"),
        (PEOPLE.replace("weight = 80", "weight = 0"), "providers[0].weight", "from 1"),
        (PEOPLE.replace("weight = 80", 'supervised = "no"'), "providers[0].supervised", "true or false"),
        (PEOPLE + "supervised = true\n", "equipment[0].supervised", "only a provider is supervised"),
        (ROLE + "roles = []\n", "services[0].roles", "at least one role"),
        (ROLE + 'roles = [{}]\nproviders = ["ana"]\n', "services[0].providers", "give roles alone"),
        (ROLE + 'roles = [{ needs = "surgery >> basic" }]\n', "services[0].roles[0].needs", "in character 9"),
        (ROLE + "roles = [{ needs = 3 }]\n", "services[0].roles[0].needs", "text stands here"),
        (ROLE + 'roles = [{ kind = "vet" }]\n', "services[0].roles[0].kind", "allowed: provider, room, equipment"),
        (ROLE + 'roles = [{ count = "most" }]\n', "services[0].roles[0].count", 'a whole number or "all"'),
        (ROLE + "roles = [{ count = 0 }]\n", "services[0].roles[0].count", "from 1 to 1000"),
        (ROLE + 'roles = [{ count = 2, among = ["ana"] }]\n', "services[0].roles[0].count", "at most as many"),
        (ROLE + "roles = [{ among = [] }]\n", "services[0].roles[0].among", "at least one"),
        (ROLE + 'roles = [{ kind = "room", among = ["ana"] }]\n', "services[0].roles[0].among[0]", "no such room"),
        (ROLE + 'roles = [{ group = "x" }]\n', "services[0].roles[0].group", "allowed: night, surgeons"),
        (ROLE + 'roles = [{ location = "x" }]\n', "services[0].roles[0].location", "allowed: north"),
        (
            ROLE + 'roles = [{ kind = "room", supervision = "surgery" }]\n',
            "services[0].roles[0].supervision",
            "only prov",
        ),
        (ROLE + 'roles = [{ name = "x" }, { name = "x" }]\n', "services[0].roles", "different names"),
        (ROLE + 'durations = [{ duration = "1h" }]\n', "services[0].durations[0]", "at least one of provider"),
        (ROLE + 'durations = [{ species = "cat" }]\n', "services[0].durations[0]", "the key duration is needed"),
        (
            ROLE + 'durations = [{ duration = "1h", provider = "theatre" }]\n',
            "services[0].durations[0].provider",
            "no such provider",
        ),
        (
            ROLE + 'durations = [{ duration = "1h", size = "x" }, { duration = "2h", size = "x" }]\n',
            "services[0].durations",
            "name different things",
        ),
        (ROLE + 'preparation = [{ lead = "1h" }]\n', "services[0].preparation[0]", "the key text is needed"),
        (ROLE + 'preparation = [{ text = " " }]\n', "services[0].preparation[0].text", "says what is to be done"),
        (ROLE + "price = [1]\n", "services[0].price", "text or a number"),
        (ROLE + "price = nan\n", "services[0].price", "text or a number"),
        (
            ROLE + 'preparation = { text = "x", lead = "1h" }\npolicy = { min_notice = "4h working" }\n',
            "services[0]",
            "a lead of elapsed time",
        ),
        (PEOPLE + VISITS.replace('id = "lame"', 'id = "exam"'), "visits[0].id", "among visits and services"),
        (PEOPLE + VISITS.replace('"exam", {', '"exm", {'), "visits[0].steps[0]", "did you mean exam?"),
        (PEOPLE + VISITS.replace('"25m"', '"1m"'), "visits[0].steps[1].max_gap", "at least the shortest"),
        (PEOPLE + VISITS.replace('change = "vet"', 'change = "vets"'), "visits[0].steps[1].change", "names roles"),
        (PEOPLE + VISITS.replace('gap_step = "10m"', 'gap_step = "0m"'), "visits[0].gap_step", "at most 1 day"),
        (PEOPLE + '[[visits]]\nid = "v"\nsteps = []\n', "visits[0].steps", "1 to 20 steps"),
    ],
)
def test_mistakes_are_told_with_their_key(text: str, key: str, words: str) -> None:
    with pytest.raises(InvalidClinicError) as caught:
        clinic(text)
    assert caught.value.key == key, caught.value.message
    assert words in caught.value.message
    assert caught.value.line is not None


def test_a_match_by_the_numbers_of_the_file() -> None:
    made = clinic(PEOPLE + SPAY)
    table = made.resource_table()
    found = match(table, made.services["spay"].roles[0])
    told = found.missing(2)[0].told({one.handle: one.name for one in made.skills.values()})
    assert told == "level too low: Soft tissue surgery at basic, needed from advanced up"
