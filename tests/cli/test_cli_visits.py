"""The commands about who can, who does it and what breaks, on the example hospital."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result
from icalendar import Calendar

from petpro_cli.app import main
from petpro_cli.lanes import Lane, lanes
from petpro_cli.picture import ASCII
from petpro_core.interop.clinic import read_clinic
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval
from petpro_core.timezones import load_zone
from petpro_core.visits import find_visits

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
HOSPITAL: Final = str(EXAMPLES / "harbour-animal-hospital" / "clinic.toml")
MAPLE: Final = str(EXAMPLES / "maple-street" / "clinic.toml")
NOW: Final = ("--now", "2026-11-20T09:00-05:00")
DAY: Final = ("--from", "2026-11-23", "--days", "1", *NOW)
EMPTY: Final = '[clinic]\nzone = "UTC"\n'


def run(*args: str, code: int = 0, text: str | None = None, width: int = 100) -> Result:
    result = CliRunner().invoke(
        main, list(args), prog_name="petpro", input=text, env={"COLUMNS": str(width), "NO_COLOR": "1"}
    )
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def plain(*args: str, code: int = 0, text: str | None = None) -> Any:
    return json.loads(run(*args, "--json", code=code, text=text).stdout)


def rows(*args: str, code: int = 0) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*args, "--csv", code=code).stdout)))


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "clinic.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


# --- match ------------------------------------------------------------------------------------------------------------


def test_match_says_who_can_and_what_the_others_lack() -> None:
    out = run("match", HOSPITAL, "--service", "spay").stdout
    assert "surgeon (provider) with surgery >= intermediate and not exotics: 1 needed, 1 can" in out
    assert "skill missing: surgery, needed from intermediate up" in out
    assert "can, beside a senior" in out
    assert "██··" in out
    assert "Together: surgeon: Dr. Inès Moreau; assistant: Dr. Luca Bianchi; nurse: Minh Tran, nurse" in out
    told = plain("match", HOSPITAL, "--service", "spay")
    assert [role["role"] for role in told["roles"]] == ["surgeon", "assistant", "nurse", "theatre"]
    assert told["roles"][0]["fits"] == ["moreau"]
    assert told["pairing"]["roles"] == [["moreau"], ["bianchi"], ["tran"], ["theatre"]]
    assert told["roles"][0]["missing"][1] == {
        "resource": "osei",
        "missing": [
            {"lack": "level_too_low", "skill": "surgery", "level": "intermediate", "actual": "basic", "wanted": None}
        ],
    }
    table = rows("match", HOSPITAL, "--service", "film")
    assert {(row["role"], row["resource"]) for row in table if row["fits"] == "yes"} == {
        ("nurse", "tran"),
        ("nurse", "weber"),
        ("room", "dark-room"),
    }


def test_match_a_requirement_of_ones_own() -> None:
    needs = ("match", HOSPITAL, "--needs", "medicine >= advanced or exotics")
    assert plain(*needs, "--group", "vets")["roles"][0]["fits"] == ["moreau", "bianchi"]
    out = run(*needs, "--count", "3", "--group", "nurses", code=1).stdout
    assert "3 needed, 0 can: nobody eligible" in out
    assert "wrong group: nurses was asked for" in out
    assert "Not together: nobody eligible: provider take 3, and there is nobody" in out
    told = plain(*needs, "--group", "nurses", code=1)
    assert told["roles"][0]["missing"][0]["missing"] == [
        {"lack": "wrong_group", "skill": None, "level": None, "actual": None, "wanted": "nurses"}
    ]
    assert told["pairing"]["shortage"] == {"lack": "nobody_eligible", "roles": [0], "need": 1, "resources": []}
    rooms = plain("match", HOSPITAL, "--needs", "surgery", "--kind", "room")
    assert rooms["roles"][0]["fits"] == ["theatre"]


def test_match_on_duty_and_at_a_place(file: Callable[[str], str]) -> None:
    early = run("match", HOSPITAL, "--service", "exam", "--at", "2026-11-23T07:00", code=1).stdout
    assert "Examination, on duty Mon 2026-11-23 07:00: who can" in early
    assert "nobody on duty" in early
    run("match", HOSPITAL, "--service", "exam", "--at", "2026-11-23T09:00")
    text = (
        EMPTY + '[[locations]]\nid = "north"\n[[locations]]\nid = "south"\n[[providers]]\nid = "a"\n'
        'locations = ["north"]\nskills = { s = "basic" }\n[[services]]\nid = "stay"\nduration = "2 nights"\n'
    )
    assert plain("match", file(text), "--needs", "s", "--location", "north")["roles"][0]["fits"] == ["a"]
    out = run("match", file(text), "--needs", "s", "--location", "south", code=1).stdout
    assert "wrong location: south was asked for" in out
    run("match", file(text), "--service", "stay", "--at", "2026-11-23T09:00", code=1)
    assert "nobody" in run("match", file(EMPTY + '[[skills]]\nid = "s"\n'), "--needs", "s", code=1).stdout


# --- visit ------------------------------------------------------------------------------------------------------------


def test_visit_draws_the_first_plan() -> None:
    out = run("visit", HOSPITAL, "lameness", *DAY).stdout
    assert "Harbour Animal Hospital: Lameness work-up, 3 steps, times of America/New_York" in out
    assert "room: Examination 1, then X-ray room" in out
    assert "The first: Mon 2026-11-23 08:00 to 08:55" in out
    assert "██████░░░██  08:00 to 08:55" in out
    assert "Not tested, because nobody said who asks: one visit at a time by pet" in out
    assert "Not tested" not in run("visit", HOSPITAL, "lameness", *DAY, "--pet", "x").stdout


@pytest.mark.parametrize("width", [120, 100, 70, 45, 30])
def test_visit_fits_any_width(width: int) -> None:
    out = run("visit", HOSPITAL, "lameness", *DAY, width=width).stdout
    assert max(map(len, out.splitlines())) <= width


def test_json_is_the_cores_and_csv_and_ics_say_the_same() -> None:
    args = ("visit", HOSPITAL, "lameness", *DAY)
    told = plain(*args)
    clinic = read_clinic(Path(HOSPITAL).read_bytes(), format="toml")
    zone = load_zone("America/New_York")
    midnight = zone.to_utc(datetime(2026, 11, 23))  # noqa: DTZ001 - a wall clock
    found = find_visits(
        clinic.visits["lameness"].visit,
        resources=clinic.resource_table(),
        busy=clinic.busy(),
        within=Interval(midnight, midnight + timedelta(days=1)),
        now=zone.to_utc(datetime(2026, 11, 20, 9)),  # noqa: DTZ001 - likewise
        policy=clinic.policy,
    )
    assert told == to_plain(found, zone=zone, names=clinic.names)
    first = told["plans"][0]
    table = rows(*args)
    assert [(row["part"], row["resource"]) for row in table[:4]] == [
        (part["name"], one) for part in first["parts"] for one in part["resources"]
    ]
    assert (table[1]["held_from"], table[1]["held_to"]) == tuple(first["parts"][1]["occupied"].values())
    calendar: Any = Calendar.from_ical(run(*args, "--ics").stdout)
    events = calendar.walk("VEVENT")
    assert len(events) == len(told["plans"])
    assert str(events[0]["SUMMARY"]) == "Lameness work-up: Dr. Inès Moreau, Examination 1, Minh Tran, nurse, X-ray room"


def test_a_service_is_a_visit_of_one_step() -> None:
    def lasting(*more: str) -> str:
        plan = plain("visit", HOSPITAL, "spay", *DAY, *more)["plans"][0]
        return f"{plan['start'][11:16]} to {plan['end'][11:16]}"

    assert lasting() == "08:00 to 09:00"
    assert lasting("--species", "cat") == "08:00 to 08:40"
    assert lasting("--species", "dog", "--size", "large", "--from", "2026-11-24")[:5] == "08:00"
    assert "1 h 30 min" in run("visit", HOSPITAL, "spay", *DAY, "--species", "dog", "--size", "large").stdout
    exam = plain("visit", HOSPITAL, "exam", *DAY, "--new-client")["plans"][0]
    assert exam["end"][11:16] == "08:45"
    preferred = plain("visit", HOSPITAL, "exam", *DAY, "--prefer", "bianchi", "--prefer", "exam-2")["plans"][0]
    assert [part["resources"] for part in preferred["parts"]] == [["bianchi"], ["exam-2"]]
    only = plain("visit", HOSPITAL, "exam", *DAY, "--provider", "osei", "--provider", "bianchi", "--prefer", "moreau")
    assert {one for plan in only["plans"] for one in plan["parts"][0]["resources"]} == {"bianchi"}
    assert "Check-up, 30 min" in run("visit", MAPLE, "checkup", "--from", "2026-11-24", "--days", "1", *NOW).stdout
    dental = ("visit", MAPLE, "dental", "--from", "2026-11-25", "--days", "1", *NOW)
    assert plain(*dental, "--duration", "2h")["plans"][0]["end"][11:16] == "10:30"
    assert "2 days" in run("visit", MAPLE, "boarding", *DAY, "--duration", "2 nights").stdout
    soon = ("visit", HOSPITAL, "spay", "--from", "2026-11-23", "--days", "1", "--now", "2026-11-23T07:30")
    assert plain(*soon)["plans"] == []
    assert plain(*soon, "--waive", "notice")["plans"]


def test_an_empty_answer_says_what_is_missing() -> None:
    out = run("visit", HOSPITAL, "spay", "--from", "2026-11-28", "--days", "1", *NOW).stdout
    assert "No start from Sat 2026-11-28 00:00 on: nobody free" in out
    assert "surgeon: 1 needed, 1 can, free at 0 of the 0 starts that were tried" in out
    nobody = run("visit", HOSPITAL, "spay", *DAY, "--provider", "weber").stdout
    assert "nobody eligible" in nobody
    together = run("visit", HOSPITAL, "spay", *DAY, "--provider", "moreau", "--provider", "tran").stdout
    assert "No start" in together


def test_explain_a_start_of_a_visit() -> None:
    args = ("visit", HOSPITAL, "spay", *NOW)
    out = run(*args, "--explain", "2026-11-23T10:00").stdout
    assert "may not be booked, because" in out
    assert "surgeon: 1 needed, free: nobody" in out
    assert "- Dr. Inès Moreau: taken by booking H-2" in out
    fine = run(*args, "--explain", "2026-11-24T10:00").stdout
    assert "may be booked" in fine
    assert "Theatre" in fine
    told = plain(*args, "--explain", "2026-11-23T10:00")
    assert list(told) == ["start", "bookable", "plan", "parts", "lack"]
    assert told["parts"][0]["refused"][0]["resource"] == "moreau"
    short = run("visit", HOSPITAL, "spay", "--provider", "moreau", *NOW, "--explain", "2026-11-24T10:00").stdout
    assert "nurse: 1 needed, free: nobody; no such skill" in short


def test_a_visit_whose_parts_want_the_same_people(file: Callable[[str], str]) -> None:
    text = EMPTY + (
        '[hours]\nevery_day = ["09:00-12:00"]\n[[providers]]\nid = "a"\nskills = { s = "basic", t = "basic" }\n'
        '[[services]]\nid = "two"\nduration = "30m"\nroles = [{ name = "x", needs = "s" }, '
        '{ name = "y", needs = "t" }]\n'
    )
    out = run("visit", file(text), "two", *NOW, "--explain", "2026-11-23T09:00").stdout
    assert "the same people are needed twice" in out
    assert (
        "Not together: too few together: x, y take 2, and there is a"
        in run("match", file(text), "--service", "two", code=1).stdout
    )
    assert plain("visit", file(text), "two", *DAY)["lack"] == "too_few_together"


# --- impact and workload ----------------------------------------------------------------------------------------------


def test_impact_and_the_mend() -> None:
    args = ("impact", HOSPITAL, "--off", "moreau", "--from", "2026-11-23", *NOW)
    out = run(*args, "--reason", "ill", code=1).stdout
    assert "What breaks (2):" in out
    assert "H-1 Examination (biscuit), Mon 2026-11-23 09:00" in out
    assert "away: ill" in out
    assert "The mend: 2 of 2 saved" in out
    assert "H-1 Examination (biscuit): Dr. Inès Moreau -> Dr. Luca Bianchi" in out
    assert "H-2 Spaying (mochi): Tue 2026-11-24 08:00, 22 h later" in out
    assert "Monday 23 November 2026" in out
    told = plain(*args, code=1)
    assert [one["booking"]["id"] for one in told["impact"]["broken"]] == ["H-1", "H-2"]
    assert told["plan"]["moves"][0]["changes"] == [{"from": "moreau", "to": "bianchi"}]
    table = rows(*args, code=1)
    assert [(row["booking"], row["becomes"], row["to"]) for row in table] == [
        ("H-1", "moved", "bianchi"),
        ("H-2", "moved", ""),
    ]
    nothing = run("impact", HOSPITAL, "--off", "dark-room", "--from", "2026-11-23", *NOW).stdout
    assert "Nothing breaks." in nothing
    assert plain("impact", HOSPITAL, "--off", "dark-room", "--from", "2026-11-23", *NOW)["impact"]["broken"] == []


def test_impact_that_cannot_be_mended() -> None:
    args = (
        "impact",
        HOSPITAL,
        "--off",
        "ultrasound",
        "--from",
        "2026-11-24",
        "--to",
        "2026-12-31",
        "--within",
        "3",
        *NOW,
    )
    out = run(*args, code=1).stdout
    assert "H-4 Ultrasound scan (luna): not saved: no start" in out
    assert rows(*args, code=1)[0]["becomes"] == "no_start"
    maple = run("impact", MAPLE, "--off", "alvarez", "--from", "2026-11-23", "--days", "2", *NOW, code=1).stdout
    assert "B-1003 Dental cleaning (luna): Wed 2026-11-25 08:30, 23 h 30 min later" in maple


def test_workload_by_week() -> None:
    args = ("workload", HOSPITAL, "--week", "2026-11-25", *NOW)
    out = run(*args).stdout
    assert "Week of Monday 23 November 2026" in out
    assert "Jain's index" in out
    told = plain(*args)
    (week,) = told["weeks"]
    assert week["week"] == "2026-11-23"
    people = {row["resource"]: row for row in week["people"]}
    assert people["moreau"]["minutes"] == 90
    assert people["moreau"]["visits"] == 2
    assert sum(row["share"] for row in people.values()) == pytest.approx(1)
    assert people["osei"]["target"] == pytest.approx(60 / 262)
    table = rows(*args, "--weeks", "2", "--provider", "moreau")
    assert [(row["week"], row["minutes"]) for row in table] == [("2026-11-23", "90.0"), ("2026-11-30", "0.0")]
    assert "Week of Monday 16 November 2026" in run("workload", HOSPITAL, *NOW).stdout
    assert "Nobody works here." in run("workload", "-", *NOW, text=EMPTY).stdout
    assert max(map(len, run(*args, width=60).stdout.splitlines())) <= 60


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("match", HOSPITAL),
            "error: petpro match: say what is needed: --service or --needs",
        ),
        (("match", HOSPITAL, "--service", "spay", "--needs", "surgery"), "one of them"),
        (("match", HOSPITAL, "--service", "spay", "--count", "2"), "go with --needs"),
        (("match", HOSPITAL, "--service", "spy"), "did you mean spay?"),
        (("match", HOSPITAL, "--needs", "surgry"), "error: --needs: no such skill, got 'surgry' in character 1"),
        (("match", HOSPITAL, "--needs", "surgery", "--group", "vet"), "did you mean vets?"),
        (("match", HOSPITAL, "--needs", "surgery", "--location", "x"), "no location 'x'; the file has none"),
        (("match", HOSPITAL, "--needs", "surgery", "--at", "soon"), "error: --at: a moment is written"),
        (
            ("visit", HOSPITAL, "lamness", *NOW),
            "error: VISIT|SERVICE: no visit or service 'lamness'",
        ),
        (("visit", HOSPITAL, "lameness", "--duration", "1h", *NOW), "several steps, each with its own duration"),
        (("visit", HOSPITAL, "exam", "--duration", "1h", *NOW), "exam lasts 30 min, got 1 h"),
        (("visit", HOSPITAL, "exam", "--duration", "soon", *NOW), "error: --duration: a duration is written"),
        (("visit", HOSPITAL, "exam", "--prefer", "x", *NOW), "error: --prefer: no provider, room or equipment 'x'"),
        (("visit", HOSPITAL, "exam", "--equipment", "x", *NOW), "error: --equipment: no equipment 'x'"),
        (("visit", HOSPITAL, "exam", "--limit", "3", *DAY), "error: --limit: "),
        (("visit", HOSPITAL, "exam", "--explain", "2026-11-23T09:00", "--days", "2", *NOW), "is about one moment"),
        (("visit", HOSPITAL, "exam", "--explain", "2026-11-23T09:00", "--csv", *NOW), "is about one moment"),
        (("slots", HOSPITAL, "--service", "spay", *NOW), "takes 1 surgeon, 1 assistant, 1 nurse, 1 theatre at once"),
        (("slots", HOSPITAL, "--service", "result", "--limit", "1", *DAY), "error: --limit"),
        (("impact", HOSPITAL, "--off", "moro", *NOW), "error: --off: no provider, room or equipment 'moro'"),
        (("impact", HOSPITAL, *NOW), "error: --off: it is needed"),
        (("workload", HOSPITAL, "--week", "soon", *NOW), "error: --week: a date is written YYYY-MM-DD, got 'soon'"),
        (("workload", HOSPITAL, "--week", "9999-12-30", "--weeks", "9", *NOW), "error: --weeks: "),
    ],
)
def test_bad_input_ends_with_2_and_one_line(args: tuple[str, ...], words: str) -> None:
    result = run(*args, code=2)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_what_takes_several_at_once_is_not_published() -> None:
    result = run("convert", HOSPITAL, "--to", "fhir", *DAY)
    assert "note: not published, because their visits take several at once: exam, film, scan, spay" in result.stderr
    kinds = {entry["resource"]["resourceType"] for entry in json.loads(result.stdout)["entry"]}
    assert "Slot" in kinds
    assert (
        "takes 1 nurse, 1 room at once"
        in run("convert", HOSPITAL, "--to", "fhir", "--service", "film", *DAY, code=2).stderr
    )
    for target in ("clinic", "ical"):
        assert run("convert", HOSPITAL, "--to", target, *NOW).stdout


def test_lanes_without_room_have_words_alone() -> None:
    utc = load_zone("UTC")
    lane = Lane("vet", "Ana", [Interval.from_us(0, 3_600_000_000)], [], "00:00 to 01:00")
    assert lanes([lane], zone=utc, width=24, signs=ASCII).columns[-1].header == ""
    assert len(lanes([lane], zone=utc, width=24, signs=ASCII).columns) == 3
    assert len(lanes([lane], zone=utc, width=80, signs=ASCII).columns) == 4
