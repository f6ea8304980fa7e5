"""The commands, on the example clinic and on small files of their own."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result
from icalendar import Calendar

from petpro_cli import inputs as cli_inputs
from petpro_cli import progress as cli_progress
from petpro_cli.app import main
from petpro_core.errors import InvalidCalendarError
from petpro_core.interop.clinic import read_clinic
from petpro_core.interop.ical import read_busy
from petpro_core.interop.plain import to_plain
from petpro_core.intervals import Interval
from petpro_core.timezones import load_zone

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "maple-street"
CLINIC: Final = str(EXAMPLE / "clinic.toml")
PHONE: Final = str(EXAMPLE / "phone.ics")
NOW: Final = ("--now", "2026-11-21T09:00-05:00")
WEEK: Final = ("--from", "2026-11-23", "--days", "5", *NOW)

SMALL: Final = """
[clinic]
name = "Small"
zone = "America/New_York"
[hours]
every_day = ["09:00-11:00"]
[[providers]]
id = "ana"
name = "Ana [bold]"
[[providers]]
id = "bo"
[[locations]]
id = "north"
[[services]]
id = "visit"
duration = "30m"
"""


def run(*args: str, code: int = 0, text: str | bytes | None = None, width: int = 100) -> Result:
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


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Write a small clinic, with more text at its end or other text in its place."""

    def write(more: str = "", *, name: str = "clinic.toml", instead: str | None = None) -> str:
        path = tmp_path / name
        path.write_text(SMALL + more if instead is None else instead, encoding="utf-8")
        return str(path)

    return write


def ics(tmp_path: Path, name: str, start: str = "20261123T090000", end: str = "20261123T100000", more: str = "") -> str:
    path = tmp_path / name
    path.write_text(
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{more}BEGIN:VEVENT\nUID:1\nDTSTAMP:20261120T000000Z\n"
        f"DTSTART:{start}\nDTEND:{end}\nEND:VEVENT\nEND:VCALENDAR\n",
        encoding="utf-8",
    )
    return str(path)


# --- slots ------------------------------------------------------------------------------------------------------------


def test_slots_draws_each_day() -> None:
    out = run("slots", CLINIC, "--service", "checkup", *WEEK).stdout
    assert "Maple Street Animal Clinic: Check-up, 30 min, times of America/New_York" in out
    assert "Monday 23 November 2026" in out
    assert "09:45, 11:15 to 12:00 every 15 min, 13:30 to 17:00 every 15 min" in out
    assert "Thursday" not in out  # Thanksgiving
    assert "█" in out
    assert "░ free, but no start" in out
    assert "Not tested, because nobody said who asks: at most 2 bookings per week by household" in out


def test_slots_tells_all_when_everybody_is_told() -> None:
    out = run("slots", CLINIC, "--service", "checkup", *WEEK, "--pet", "momo", "--household", "x").stdout
    assert "Not tested" not in out


def test_slots_without_block_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petpro_cli.answers.sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    from petpro_cli.answers import signs

    assert signs().start == "#"


@pytest.mark.parametrize("width", [200, 100, 70, 45, 30, 12])
def test_slots_fits_any_width(width: int) -> None:
    out = run("slots", CLINIC, "--service", "checkup", *WEEK, width=width).stdout
    assert max(len(line) for line in out.splitlines()) <= width
    assert "09:45" in out.replace("\n", "")


def test_slots_in_another_zone() -> None:
    found = plain("slots", CLINIC, "--service", "checkup", *WEEK, "--zone", "Europe/Berlin", "--provider", "chen")
    assert found["slots"][0] == {
        "resource": "chen",
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T15:00:00+01:00",
        "rule": 0,
        "stranded": None,
    }
    assert list(found) == ["slots", "rules", "valid_until", "untested"]


def test_slots_as_csv_and_ics_say_the_same_as_json() -> None:
    args = ("slots", CLINIC, "--service", "checkup", *WEEK)
    slots = plain(*args)["slots"]
    rows = list(csv.DictReader(io.StringIO(run(*args, "--csv").stdout)))
    assert [(row["resource"], row["start"], row["end"]) for row in rows] == [
        (slot["resource"], slot["start"], slot["end"]) for slot in slots
    ]
    calendar: Any = Calendar.from_ical(run(*args, "--ics").stdout)
    events = calendar.walk("VEVENT")
    assert [event["DTSTART"].dt for event in events] == [datetime.fromisoformat(slot["start"]) for slot in slots]
    assert {str(event["TRANSP"]) for event in events} == {"TRANSPARENT"}
    assert len({str(event["UID"]) for event in events}) == len(events)


def test_first_count_together_and_need() -> None:
    args = ("slots", CLINIC, "--service", "checkup", *WEEK)
    slots = plain(*args)["slots"]
    by = {key: [slot["start"] for slot in slots if slot["resource"] == key] for key in ("alvarez", "chen")}
    assert [slot["start"] for slot in plain(*args, "--first")["slots"]] == [by["alvarez"][0], by["chen"][0]]
    assert "Dr. Wei Chen: Mon 2026-11-23 08:30" in run(*args, "--first").stdout
    counts = plain(*args, "--count")["counts"]
    assert counts == [{"resource": key, "duration": "PT30M", "starts": len(starts)} for key, starts in by.items()]
    assert run(*args, "--count", "--csv").stdout.splitlines()[1] == f"alvarez,PT30M,{len(by['alvarez'])}"
    assert f"{len(by['chen'])}  Dr. Wei Chen" in run(*args, "--count").stdout
    common = [slot["start"] for slot in plain(*args, "--together")["slots"]]
    assert common == sorted(set(by["alvarez"]) & set(by["chen"]))
    assert len(plain(*args, "--need", "1")["slots"]) == len(set(by["alvarez"]) | set(by["chen"]))
    assert "11:15 to 12:00 every 15 min" in run(*args, "--together").stdout


def test_an_empty_answer_counts_its_reasons() -> None:
    out = run("slots", CLINIC, "--service", "checkup", "--from", "2026-11-26", "--days", "1", *NOW).stdout
    assert "No start" in out
    assert "holiday" in out
    assert plain("slots", CLINIC, "--service", "checkup", "--from", "2026-11-26", "--days", "1", *NOW)["slots"] == []
    first = run("slots", CLINIC, "--service", "checkup", "--from", "2026-11-26", "--days", "1", *NOW, "--first").stdout
    assert "none in these days" in first


def test_sessions_nights_and_units() -> None:
    classes = plain("slots", CLINIC, "--service", "puppy-class", *WEEK, "--units", "3")["slots"]
    assert "2026-11-24T18:00:00-05:00" in [slot["start"] for slot in classes]
    full = plain("slots", CLINIC, "--service", "puppy-class", *WEEK, "--units", "4")["slots"]
    assert "2026-11-24T18:00:00-05:00" not in [slot["start"] for slot in full]
    stays = plain("slots", CLINIC, "--service", "boarding", *WEEK, "--duration", "2 nights")
    assert stays["rules"][0]["duration"] == "P2D"
    assert stays["slots"][0]["end"] == "2026-11-25T08:00:00-05:00"
    assert "2 days" in run("slots", CLINIC, "--service", "boarding", *WEEK, "--duration", "2 nights").stdout


def test_names_are_never_read_as_markup(file: Callable[..., str]) -> None:
    assert "Ana [bold]" in run("slots", file(), "--service", "visit", *WEEK).stdout


def test_a_duration_without_a_service_and_hours_at_a_place(file: Callable[..., str]) -> None:
    path = file('[[providers]]\nid = "cy"\nlocation = "north"\n')
    slots = plain("slots", path, "--duration", "1h30m", *WEEK, "--provider", "bo")["slots"]
    assert [slot["start"][11:16] for slot in slots[:4]] == ["09:00", "09:15", "09:30", "09:00"]
    assert "Visits, 1 h 30 min" in run("slots", path, "--duration", "1h30m", *WEEK).stdout
    assert "free: bo" in run("slots", path, "--duration", "1h30m", *WEEK, "--provider", "bo", "--ics").stdout
    assert plain("slots", path, "--duration", "1h", *WEEK, "--location", "north", "--provider", "cy")["slots"]
    assert run("slots", path, "--duration", "90s", *WEEK, "--provider", "bo").stdout.count("1 min 30 s") == 1


def test_waivers() -> None:
    soon = ("slots", CLINIC, "--service", "checkup", "--from", "2026-11-23", "--days", "1", "--now", "2026-11-23T16:00")
    assert plain(*soon)["slots"] == []
    assert plain(*soon, "--waive", "notice")["slots"]


def test_json_is_the_cores(file: Callable[..., str]) -> None:
    path = file()
    clinic = read_clinic(Path(path).read_bytes(), format="toml")
    from petpro_core.decisions import find_slots
    from petpro_core.intervals import Interval

    within = Interval(datetime(2026, 11, 23, 5, tzinfo=UTC), datetime(2026, 11, 24, 5, tzinfo=UTC))
    service = clinic.services["visit"]
    table = find_slots(
        clinic.calendars(service.resources),
        busy=clinic.busy(),
        rules=service.rules[0],
        within=within,
        now=within.start,
        policy=service.policy,
        request=clinic.request(service="visit"),
    )
    args = ("slots", path, "--from", "2026-11-23", "--days", "1", "--now", "2026-11-23T00:00")
    assert plain(*args) == to_plain(table, zone=clinic.zone, names=clinic.names)


# --- the other commands -----------------------------------------------------------------------------------------------


def test_free() -> None:
    args = ("free", CLINIC, "--from", "2026-11-24", "--days", "1", *NOW)
    out = run(*args).stdout
    assert "08:30 to 08:45, 10:45 to 12:30, 13:30 to 17:30" in out
    rows = plain(*args, "--provider", "alvarez")["free"]
    assert rows[0]["intervals"][0] == {"start": "2026-11-24T08:30:00-05:00", "end": "2026-11-24T08:45:00-05:00"}
    lines = run(*args, "--provider", "alvarez", "--csv").stdout.splitlines()
    assert lines[1] == "alvarez,Dr. Ana Alvarez,2026-11-24T08:30:00-05:00,2026-11-24T08:45:00-05:00"
    calendar: Any = Calendar.from_ical(run(*args, "--provider", "alvarez", "--ics").stdout)
    (part,) = calendar.walk("VFREEBUSY")
    assert len(part["FREEBUSY"]) == 3
    assert part["FREEBUSY"][0].params["FBTYPE"] == "FREE"
    assert "alvarez" not in run(*args, "--room", "hall", width=20).stdout
    closed = run("free", CLINIC, "--from", "2026-11-29", "--days", "1", *NOW, "--provider", "alvarez").stdout
    assert closed.count("\n") == 1


def test_check_says_yes_or_every_reason() -> None:
    yes = run("check", CLINIC, "2026-11-23T08:30", "--service", "checkup", "--provider", "chen", *NOW)
    assert "Dr. Wei Chen: may be booked" in yes.stdout
    no = run("check", CLINIC, "2026-11-23T09:05", "--service", "checkup", "--provider", "alvarez", *NOW, code=1)
    assert "taken by booking B-1001" in no.stdout
    assert "not one of the times" in no.stdout
    any_of = run("check", CLINIC, "2026-11-23T09:00", "--service", "checkup", *NOW)
    assert "may not be booked" in any_of.stdout
    found = plain(
        "check", CLINIC, "2026-11-23T09:00-05:00", "--service", "checkup", "--provider", "alvarez", *NOW, code=1
    )
    assert found["bookable"] is False
    assert found["start"] == "2026-11-23T09:00:00-05:00"
    assert found["resources"][0]["conflicts"][0]["booking"] == "B-1001"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("2026-11-23T12:30", "--service", "checkup", "--provider", "alvarez"), "a break: lunch"),
        (("2026-11-26T10:00", "--service", "checkup", "--provider", "alvarez"), "a holiday: Thanksgiving"),
        (("2026-11-21T10:00", "--service", "checkup", "--provider", "alvarez"), "too soon"),
        (("2027-11-23T10:00", "--service", "checkup", "--provider", "alvarez"), "too far ahead"),
        (("2026-11-24T11:00", "--service", "checkup", "--provider", "chen"), "held by booking B-1005"),
        (("2026-11-24T09:00", "--service", "checkup", "--provider", "chen"), "calendar feed"),
        (("2026-12-21T09:00", "--service", "checkup", "--provider", "chen"), "away: holiday"),
        (("2026-11-25T16:00", "--service", "boarding", "--units", "3"), "full"),
        (("2026-11-25T16:00", "--service", "boarding", "--units", "7"), "7 units are asked for, 6 are there"),
        (
            ("2026-11-23T10:45", "--service", "checkup", "--provider", "chen", "--pet", "mochi"),
            "elsewhere: booking B-1002",
        ),
        (("2026-11-23T22:00", "--service", "checkup", "--provider", "chen"), "closed"),
    ],
)
def test_check_words(args: tuple[str, ...], words: str) -> None:
    assert words in run("check", CLINIC, *args, *NOW, code=1).stdout


def test_check_caps_gaps_and_lengths(file: Callable[..., str]) -> None:
    path = file(
        '[policy]\nmin_duration = "20m"\nmax_duration = "40m"\ncaps = [{ limit = 1, per = "day" }]\n'
        'gaps = [{ time = "1h" }]\n'
        '[[bookings]]\nprovider = "ana"\nstart = 2026-11-23T09:00:00\nservice = "visit"\n'
    )
    ana = ("--provider", "ana", "--service", "visit", *NOW)
    out = run("check", path, "2026-11-23T10:00", *ana, code=1).stdout
    assert "the limit is reached: at most 1 booking per day by resource (2 of 1)" in out
    assert "too close to another visit" in out
    only = ("--provider", "ana", *NOW)
    assert "shorter" in run("check", path, "2026-11-24T10:00", *only, "--duration", "10m", code=1).stdout
    assert "longer" in run("check", path, "2026-11-24T10:00", *only, "--duration", "50m", code=1).stdout


def test_explain_a_start_and_a_day() -> None:
    args = ("explain", CLINIC, "--service", "checkup", *NOW)
    out = run(*args, "2026-11-24T09:15").stdout
    assert "later: Tue 2026-11-24 10:45, 30 min" in out
    assert "once B-1003 is moved" in out
    assert "Dr. Wei Chen: may be booked" in run(*args, "2026-11-23T08:30", "--pet", "x", "--household", "y").stdout
    assert "Set aside: notice" in run(*args, "2026-11-23T08:30", "--waive", "notice").stdout
    found = plain(*args, "2026-11-24T09:15", "--provider", "alvarez")["explanations"]
    assert [fix["kind"] for fix in found[0]["fixes"]] == ["earlier", "later", "move"]
    day = run(*args, "--from", "2026-11-24").stdout
    assert "starts may be booked" in day
    assert "busy" in day
    counts = plain(*args, "--from", "2026-11-24", "--pet", "x", "--household", "y")["explanations"]
    assert [one["resource"] for one in counts] == ["alvarez", "chen"]
    assert counts[0]["bookable"] > 0
    assert "Not tested" not in run(*args, "--from", "2026-11-24", "--pet", "x", "--household", "y").stdout


def test_waivers_are_those_that_a_command_can_set_aside() -> None:
    monday = (CLINIC, "2026-11-23T08:35", "--service", "checkup", "--provider", "chen", *NOW)
    run("check", *monday, code=1)
    run("check", *monday, "--waive", "grid")
    assert "Set aside: grid" in run("explain", *monday, "--waive", "grid").stdout
    whole = ("explain", CLINIC, "--service", "checkup", "--from", "2026-11-23", "--waive", "grid", *NOW)
    assert "error: --waive: " in run(*whole, code=2).stderr
    for command in (("slots", CLINIC), ("check", *monday[:2]), ("explain", *monday[:2])):
        refused = run(*command, "--service", "checkup", "--waive", "deadline", code=2).stderr
        assert refused.startswith("error: --waive: 'deadline' is not one of 'notice', 'horizon', 'cap', 'hours'")


def test_conflicts() -> None:
    assert "no conflicts" in run("conflicts", CLINIC, *NOW).stdout
    args = ("conflicts", CLINIC, *NOW, "--feed", f"alvarez={PHONE}")
    out = run(*args, code=1).stdout
    assert out == ("Dr. Ana Alvarez: Mon 2026-11-23 10:45 to 11:05: 2 of 1 taken by B-1002 (busy in its calendar)\n")
    assert plain(*args, code=1)["overlaps"] == [
        {
            "resource": "alvarez",
            "start": "2026-11-23T10:45:00-05:00",
            "end": "2026-11-23T11:05:00-05:00",
            "bookings": ["B-1002", None],
            "units": 2,
            "capacity": 1,
        }
    ]
    assert "B-1002 (busy" in run(*args, "--csv", code=1).stdout
    assert len(Calendar.from_ical(run(*args, "--ics", code=1).stdout).walk("VEVENT")) == 1
    run(*args, "--provider", "chen")
    run(*args, "--from", "2026-11-24")


# --- feeds ------------------------------------------------------------------------------------------------------------


def starts(*args: str, text: str | None = None) -> list[str]:
    return [slot["start"][11:16] for slot in plain("slots", *args, "--provider", "ana", *DAY, text=text)["slots"]]


DAY: Final = ("--service", "visit", "--from", "2026-11-23", "--days", "1", *NOW)
ALL: Final = ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15", "10:30"]
LATE: Final = ["10:00", "10:15", "10:30"]


def test_feeds_are_found_by_name(file: Callable[..., str], tmp_path: Path) -> None:
    path = file()
    assert starts(path) == ALL
    assert starts(path, ics(tmp_path, "ana.ics")) == LATE
    assert starts(path, "--feed", ics(tmp_path, "ana.ics")) == LATE
    assert starts(path, f"ana={ics(tmp_path, 'other.ics')}") == LATE
    assert starts(path, ics(tmp_path, "x.ics", more="X-WR-CALNAME:ana [BOLD]\n")) == LATE
    assert starts(path, f"bo={ics(tmp_path, 'other.ics')}") == ALL
    assert starts(path, "ana=-", text=Path(ics(tmp_path, "x.ics")).read_text(encoding="utf-8")) == LATE
    result = run("slots", path, ics(tmp_path, "x.ics", more="X-WR-CALNAME:nobody\n"), *DAY, code=2)
    assert "whose calendar is 'nobody'" in result.stderr
    assert "one of ana, bo" in result.stderr
    assert "no provider or room 'cy'" in run("slots", path, "cy=x.ics", *DAY, code=2).stderr


def test_feeds_that_the_file_names_lie_beside_it(file: Callable[..., str], tmp_path: Path) -> None:
    path = file('[[providers]]\nid = "cy"\nfeeds = ["sub.ics"]\n')
    missing = run("slots", path, *DAY, code=2)
    assert "sub.ics: it cannot be read: no such file" in missing.stderr
    ics(tmp_path, "sub.ics")
    out = plain("slots", path, str(tmp_path / "sub.ics"), *DAY, "--provider", "cy")["slots"]
    assert [slot["start"][11:16] for slot in out] == LATE


def test_a_feed_that_cannot_be_read_is_an_error_or_unknown_time(file: Callable[..., str], tmp_path: Path) -> None:
    path = file()
    broken = tmp_path / "ana.ics"
    broken.write_text("BEGIN:VCALENDAR\nVERSION:2.0\n", encoding="utf-8")
    result = run("slots", path, str(broken), *DAY, code=2)
    assert "error: " in result.stderr
    assert "ana.ics:" in result.stderr
    assert "[invalid_calendar]" in result.stderr
    warned = run("slots", path, str(broken), *DAY, "--skip-bad", "--json")
    assert "; all time of ana is taken as unknown [invalid_calendar]\n" in warned.stderr
    assert WARNING.fullmatch(warned.stderr), warned.stderr
    assert {slot["resource"] for slot in json.loads(warned.stdout)["slots"]} == {"bo"}
    unknown = run(
        "check",
        path,
        "2026-11-23T09:00",
        *DAY[:2],
        *NOW,
        "--provider",
        "ana",
        "--feed",
        str(broken),
        "--skip-bad",
        code=1,
    )
    assert "not known: a calendar could not be read for this time (at all times)" in unknown.stdout
    no_owner = run("slots", path, str(tmp_path / "nobody.ics"), *DAY, "--skip-bad", code=2)
    assert "cannot be read" in no_owner.stderr


def test_a_bad_event_is_an_error_or_unknown_time(file: Callable[..., str], tmp_path: Path) -> None:
    path, feed = file(), ics(tmp_path, "ana.ics", end="20261123T99")
    assert "[invalid_calendar]" in run("slots", path, feed, *DAY, code=2).stderr
    warned = run("slots", path, feed, *DAY, "--skip-bad", "--json")
    assert "taken as unknown [invalid_calendar]" in warned.stderr
    assert warned.stderr.startswith(f"warning: {feed}:8: DTEND: ")
    assert WARNING.fullmatch(warned.stderr), warned.stderr
    assert "ana" not in {slot["resource"] for slot in json.loads(warned.stdout)["slots"]}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_what_takes_long_shows_itself_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(cli_progress.each(["a", "b"], "reading calendars")) == ["a", "b"]
    assert terminal.getvalue() == ""  # it did not take a second
    monkeypatch.setattr(cli_progress, "_QUIET_SECONDS", 0.0)
    with cli_progress.working("searching"):
        for _ in range(500):
            time.sleep(0.01)
            if terminal.getvalue():
                break
    assert "searching" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")  # the line is taken away


def test_nothing_is_shown_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli_progress, "_QUIET_SECONDS", 0.0)
    with cli_progress.working("searching") as tell:
        tell("half")
        time.sleep(0.05)
    assert capsys.readouterr() == ("", "")


# --- several durations ------------------------------------------------------------------------------------------------

LENGTHS: Final = '[[services]]\nid = "long"\nname = "Long"\nduration = ["30m", "1h30m"]\nstep = "30m"\n'
LONG: Final = ("--service", "long", "--from", "2026-11-23", "--days", "1", *NOW)


def test_slots_are_of_every_duration_of_the_service(file: Callable[..., str]) -> None:
    path = file(LENGTHS)
    found = plain("slots", path, *LONG, "--provider", "bo")
    assert [rule["duration"] for rule in found["rules"]] == ["PT30M", "PT1H30M"]
    seen = [(slot["rule"], slot["start"][11:16], slot["end"][11:16]) for slot in found["slots"]]
    short = [(0, "09:00", "09:30"), (0, "09:30", "10:00"), (0, "10:00", "10:30"), (0, "10:30", "11:00")]
    assert seen == [*short, (1, "09:00", "10:30"), (1, "09:30", "11:00")]
    out = run("slots", path, *LONG, "--provider", "bo").stdout
    assert "Long, 30 min or 1 h 30 min, times" in out
    assert "30 min: 09:00 to 10:30 every 30 min" in out
    assert "1 h 30 min: 09:00, 09:30" in out
    narrow = run("slots", path, *LONG, "--provider", "bo", width=20).stdout
    assert "bo: 1 h 30 min: 09:00, 09:30" in " ".join(narrow.split())
    rows = run("slots", path, *LONG, "--provider", "bo", "--csv").stdout.splitlines()
    assert [row.rsplit(",", 1)[1] for row in rows] == ["duration", *["PT30M"] * 4, *["PT1H30M"] * 2]
    events: Any = Calendar.from_ical(run("slots", path, *LONG, "--provider", "bo", "--ics").stdout).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {"Long, 30 min: bo", "Long, 1 h 30 min: bo"}
    assert len({str(event["UID"]) for event in events}) == 6


def test_slots_of_some_durations(file: Callable[..., str]) -> None:
    path = file(LENGTHS)
    one = plain("slots", path, *LONG, "--duration", "90m")
    assert [rule["duration"] for rule in one["rules"]] == ["PT1H30M"]
    both = plain("slots", path, *LONG, "--duration", "1h30m", "--duration", "30m", "--duration", "90m")
    assert [rule["duration"] for rule in both["rules"]] == ["PT1H30M", "PT30M"]
    bare = plain("slots", path, *LONG[2:], "--duration", "2h", "--duration", "1h")
    assert [rule["duration"] for rule in bare["rules"]] == ["PT2H", "PT1H"]
    refused = run("slots", path, *LONG, "--duration", "45m", code=2).stderr
    assert refused == "error: --duration: long lasts 30 min or 1 h 30 min, got 45 min [invalid_usage]\n"


def test_every_form_of_slots_knows_durations(file: Callable[..., str], tmp_path: Path) -> None:
    path = file(LENGTHS)
    counts = plain("slots", path, *LONG, "--count")["counts"]
    assert [(one["resource"], one["duration"], one["starts"]) for one in counts] == [
        *(("ana", "PT30M", 4), ("bo", "PT30M", 4), ("ana", "PT1H30M", 2), ("bo", "PT1H30M", 2)),
    ]
    assert "2  bo, 1 h 30 min" in run("slots", path, *LONG, "--count").stdout
    assert "bo: 1 h 30 min: Mon 2026-11-23 09:00" in run("slots", path, *LONG, "--first").stdout
    feed = f"ana={ics(tmp_path, 'x.ics', end='20261123T093000')}"
    common = plain("slots", path, feed, *LONG, "--together")
    assert [(slot["rule"], slot["start"][11:16]) for slot in common["slots"]] == [
        *((0, "09:30"), (0, "10:00"), (0, "10:30"), (1, "09:30")),
    ]
    assert [rule["duration"] for rule in common["rules"]] == ["PT30M", "PT1H30M"]
    out = run("slots", path, feed, *LONG, "--together").stdout
    assert out.count("1 h 30 min: 09:30") == 1
    none = run("slots", path, *LONG, "--to", "2026-11-23T08:00", *NOW, code=2)
    assert "not both" in none.stderr
    closed = run("slots", file(LENGTHS + "[[closures]]\nday = 2026-11-23\n"), *LONG).stdout
    assert "bo: 1 h 30 min: 48 starts were looked at" in closed


def test_check_and_explain_are_of_one_duration(file: Callable[..., str]) -> None:
    path, ana = file(LENGTHS), ("--service", "long", "--provider", "ana", *NOW)
    assert "Long, 30 min, " in run("check", path, "2026-11-23T10:00", *ana).stdout
    out = run("check", path, "2026-11-23T10:00", *ana, "--duration", "90m", code=1).stdout
    assert "Long, 1 h 30 min, " in out
    assert "Long, 1 h 30 min, " in run("explain", path, "2026-11-23T10:00", *ana, "--duration", "90m").stdout
    assert "2 of 48 starts" in run("explain", path, "--from", "2026-11-23", *ana, "--duration", "90m").stdout
    for command in ("check", "explain"):
        refused = run(command, path, "2026-11-23T10:00", *ana, "--duration", "45m", code=2).stderr
        assert refused == "error: --duration: long lasts 30 min or 1 h 30 min, got 45 min [invalid_usage]\n"


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--ics",)])
def test_the_limit_holds_for_what_is_written(file: Callable[..., str], form: tuple[str, ...]) -> None:
    args = ("slots", file(LENGTHS), *LONG, *form)
    for how, size in (((), 12), (("--first",), 4), (("--together",), 6), (("--need", "1"), 6)):
        run(*args, *how, "--limit", str(size))
        refused = run(*args, *how, "--limit", str(size - 1), code=2)
        assert refused.stderr.startswith("error: --limit: the answer has ")
        assert refused.stderr.endswith(" [limit_exceeded]\n")
        assert refused.stdout == ""


# --- calendars of other programs --------------------------------------------------------------------------------------

CALENDARS: Final = Path(__file__).parents[1] / "corpus" / "calendars"


@pytest.mark.parametrize(
    "name", ["google_weekly_over_clock_change", "outlook_windows_zone", "apple_durations_and_floating", "own_zone"]
)
def test_feeds_of_other_programs(name: str, file: Callable[..., str]) -> None:
    expected = json.loads((CALENDARS / f"{name}.json").read_text(encoding="utf-8"))
    path = file(
        instead=f'[clinic]\nzone = "{expected["zone"]}"\n[hours]\nevery_day = "00:00-24:00"\n'
        '[[providers]]\nid = "vet"\n'
        '[[services]]\nid = "look"\nduration = "30m"\nstep = "30m"\nalignment = "clock"\n'
    )
    feed, (low, high) = f"vet={CALENDARS / name}.ics", expected["within"]
    days = (feed, "--from", low, "--to", high, "--zone", "UTC", "--now", low)
    free = plain("free", path, *days)["free"][0]["intervals"]
    edges = [low, *(edge for pair in expected["busy"] for edge in pair), high]
    wanted = [list(pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] != pair[1]]
    assert [[one["start"], one["end"]] for one in free] == [[_utc(start), _utc(end)] for start, end in wanted]
    starts = {slot["start"] for slot in plain("slots", path, *days, "--service", "look")["slots"]}
    offered = {_utc(moment) for start, end in wanted for moment in _half_hours(start, end)}
    assert offered <= starts
    taken = {_utc(moment) for start, end in expected["busy"] for moment in _half_hours(start, end)}
    assert not taken & starts


def _half_hours(start: str, end: str) -> list[str]:
    """The starts of half hours that lie wholly in a span."""
    first, last = (datetime.fromisoformat(text).timestamp() for text in (start, end))
    first = -(-first // 1800) * 1800
    return [
        datetime.fromtimestamp(first + 1800 * number, UTC).isoformat() for number in range(int((last - first) // 1800))
    ]


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


# --- bad input --------------------------------------------------------------------------------------------------------


ERROR: Final = re.compile(r"error: [^\x00-\x1f\x7f-\x9f]+: [^A-Z\x00-\x1f][^\x00-\x1f\x7f-\x9f]*[^.] \[[a-z_]+\]\n")
WARNING: Final = re.compile(ERROR.pattern.replace("error", "warning", 1))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("slots", "nowhere.toml"),
            "error: nowhere.toml: it cannot be read: no such file or directory [unreadable_file]",
        ),
        (("slots", str(EXAMPLE)), "cannot be read"),
        (("slots", CLINIC), "say what is asked for: --service (checkup, "),
        (("slots", CLINIC, "--service", "chekup"), "did you mean checkup?"),
        (("slots", CLINIC, "--service", "checkup", "--provider", "okafor"), "checkup is not offered with okafor"),
        (("slots", CLINIC, "--service", "checkup", "--provider", "x"), "no provider 'x'"),
        (("slots", CLINIC, "--service", "checkup", "--room", "alvarez"), "no room 'alvarez'"),
        (("slots", CLINIC, "--service", "checkup", "--duration", "soon"), "a duration is written"),
        (("slots", CLINIC, "--service", "checkup", "--zone", "Mars/Base"), "a zone is a key"),
        (("slots", CLINIC, "--service", "checkup", "--location", "x"), "no location 'x'; the file has none"),
        (("slots", CLINIC, "--service", "checkup", "--days", "2", "--to", "2026-11-30"), "not both"),
        (("slots", CLINIC, "--service", "checkup", "--from", "soon"), "a moment is written"),
        (("slots", CLINIC, "--service", "checkup", "--from", "2026-02-30"), "no calendar has the day"),
        (("slots", CLINIC, "--service", "checkup", "--from", "2026-02-20T25:00"), "a moment is written"),
        (
            ("slots", CLINIC, "--service", "checkup", "--from", "2026-11-24", "--to", "2026-11-20"),
            "ends after it starts",
        ),
        (("slots", CLINIC, "--service", "checkup", "--from", "2026-11-24", "--to", "2096-11-20"), "at most 3660 days"),
        (("slots", CLINIC, "--service", "checkup", "--from", "9999-12-30"), "error: --from: the days asked for lie in"),
        (("free", CLINIC, "--from", "9999-12-30", "--days", "9"), "error: --days: the days asked for lie in the years"),
        (("free", CLINIC, "--to", "9999-12-31"), "error: --to: the days asked for lie in the years 1 to 9999"),
        (("check", CLINIC, "9999-12-31T23:00", "--service", "checkup"), "error: START: a moment lies in the years 1"),
        (("check", CLINIC, "0001-01-01T00:00+05:00", "--service", "checkup"), "error: START: a moment lies in the"),
        (
            ("explain", CLINIC, "--service", "checkup", "--from", "2026-11-23", "--days", "3660"),
            "error: --days: a range is explained over up to 400 days, got 3660 [limit_exceeded]",
        ),
        (
            ("explain", CLINIC, "--service", "checkup", "--from", "2026-11-23", "--to", "2029-11-23"),
            "error: --to: a range is explained over up to 400 days",
        ),
        (("slots", CLINIC, "--service", "checkup", "--from", "2026-03-08T02:30"), "is skipped"),
        (("check", CLINIC, "2026-11-01T01:30", "--service", "checkup"), "01:30-04:00 or 2026-11-01T01:30-05:00"),
        (("slots", CLINIC, "--service", "checkup", "--json", "--csv"), "choose one of --json and --csv"),
        (("slots", CLINIC, "--service", "checkup", "--first", "--count"), "choose one of --first"),
        (("slots", CLINIC, "--service", "checkup", "--count", "--ics"), "a count is no calendar"),
        (("slots", CLINIC, "--service", "checkup", "--need", "3"), "3 are needed, and 2 are chosen"),
        (("slots", CLINIC, "--service", "checkup", "--limit", "3"), "[limit_exceeded]"),
        (("slots", CLINIC, "--service", "checkup", "--waive", "grid"), "error: --waive: "),
        (("slots", CLINIC, "--service", "checkup", "--units", "0"), "not in the range"),
        (("slots", "-", "--feed", "alvarez=-", "--service", "checkup"), "standard input can be read once"),
        (("explain", CLINIC, "2026-11-24T09:00", "--service", "checkup", "--days", "2"), "not both"),
        (("nonsense",), "error: petpro: no such command 'nonsense' [invalid_usage]"),
        (("slots",), "error: CLINIC: it is needed [invalid_usage]"),
        (("check", CLINIC), "error: START: it is needed [invalid_usage]"),
        (("slots", CLINIC, "--dayz", "2"), "error: petpro slots: no such option"),
        (("slots", CLINIC, "--days", "soon"), "error: --days: 'soon' is not a valid integer range [invalid_usage]"),
        (("slots", CLINIC, "--days"), "error: --days: '--now' is not a valid integer range [invalid_usage]"),
        (("--nonsense",), "error: petpro: no such option"),
        (("free", CLINIC, "nowhere=x.ics"), "error: --feed: no provider or room 'nowhere'"),
        (("free", CLINIC, "alvarez=no\x1b[31mwhere\n.ics"), "where\\n.ics: it cannot be read: no such file"),
        (("free", CLINIC, "--zone", "x\x1b[0m"), "[unknown_time_zone]"),
    ],
)
def test_bad_input_ends_with_2_and_one_plain_message(args: tuple[str, ...], words: str) -> None:
    text = (EXAMPLE / "clinic.toml").read_text(encoding="utf-8").replace("feeds =", "# feeds =")
    result = run(*args, *(NOW if len(args) > 1 else ()), code=2, text=text)
    assert words in result.stderr
    assert ERROR.fullmatch(result.stderr), result.stderr
    assert result.stdout == ""


def test_the_clinic_file_is_named_with_line_and_key(file: Callable[..., str]) -> None:
    path = file('[[services]]\nid = "other"\nduration = "soon"\n')
    stderr = run("slots", path, "--service", "visit", code=2).stderr
    assert stderr == (
        f"error: {path}:19: services[1].duration: a duration is written 30m, 1h30m, or 2 nights, got 'soon' "
        "[invalid_clinic]\n"
    )
    assert "<stdin>:1: " in run("slots", "-", code=2, text="x").stderr
    assert "error: <stdin>: " in run("slots", "-", code=2, text="").stderr


def test_formats_by_suffix_by_option_and_by_look(file: Callable[..., str]) -> None:
    tree = json.dumps(
        {"clinic": {"zone": "UTC"}, "services": [{"id": "a", "duration": "1h"}], "providers": [{"id": "p"}]}
    )
    for name in ("c.json", "c.txt", "c"):
        assert plain("slots", file(name=name, instead=tree), *NOW)["slots"] == []
    assert plain("slots", "-", *NOW, text=tree)["slots"] == []
    assert plain("slots", file(name="c.json", instead=SMALL), "--format", "toml", *NOW, "--to", "2026-11-21T10:00")


def test_windows(file: Callable[..., str]) -> None:
    path = file()
    half = plain("slots", path, *NOW, "--from", "2026-11-23T09:30", "--to", "2026-11-24T09:15", "--provider", "bo")
    assert [slot["start"][8:16] for slot in half["slots"]] == [
        *("23T09:30", "23T09:45", "23T10:00", "23T10:15", "23T10:30", "24T09:00"),
    ]
    assert "Tuesday 24" in run("slots", path, *NOW, "--from", "2026-11-23T09:30", "--to", "2026-11-24T09:15").stdout
    days = plain("free", path, *NOW, "--from", "2026-11-23", "--to", "2026-11-24", "--provider", "bo")["free"][0]
    assert len(days["intervals"]) == 2
    today = plain("free", path, *NOW, "--provider", "bo")["free"][0]["intervals"]
    assert (today[0]["start"][:10], len(today)) == ("2026-11-21", 7)


def test_the_machines_clock_is_the_default(file: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_inputs, "machine_now", lambda: datetime(2026, 11, 23, 14, 20, tzinfo=UTC))
    found = plain("slots", file(), "--days", "1", "--provider", "bo")["slots"]
    assert found[0]["start"] == "2026-11-23T09:30:00-05:00"


def test_cells_of_csv_are_no_formulas(file: Callable[..., str]) -> None:
    path = file('[[providers]]\nid = "dee"\nname = "=cmd()|x"\n[[providers]]\nid = "-x"\n')
    out = run("slots", path, *WEEK, "--provider", "dee", "--csv").stdout
    assert "dee,'=cmd()|x,2026" in out
    assert "\n'-x," in run("slots", path, *WEEK, "--csv").stdout.replace("\r", "")


def test_what_a_terminal_would_obey_never_reaches_it(file: Callable[..., str], tmp_path: Path) -> None:
    for bad in ("\\u001b[31m", "\\u009b31m", "\\u202e", "\\n"):
        refused = run("free", file(f'[[providers]]\nid = "dee"\nname = "x{bad}"\n'), code=2).stderr
        assert ERROR.fullmatch(refused), refused
        assert "can be printed" in refused
    named = ics(tmp_path, "x.ics", more="X-WR-CALNAME:no\x1b[31mbody\x9b\n")
    assert ERROR.fullmatch(run("free", file(), named, *NOW, code=2).stderr)
    feed = ics(tmp_path, "ana.ics", end="2026\x1b[31m\x9b")
    assert ERROR.fullmatch(run("free", file(), feed, *NOW, code=2).stderr)
    assert WARNING.fullmatch(run("free", file(), feed, *NOW, "--skip-bad").stderr)


@pytest.mark.parametrize(
    "data",
    [
        b"BEGIN:VCALENDAR\r\n\x1b[31mEVIL\x07 x\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:\x1b[2J\r\nEND:X\r\nEND:VCALENDAR\r\n",
        b"\x7fELF\x02\x01\x01\x00\x1b]0;x\x07\xff\xfe",
        b"\x1b[31m\x9b",
    ],
)
def test_a_broken_feed_writes_nothing_to_the_terminal(data: bytes, file: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "ana.ics"
    path.write_bytes(data)
    refused = run("free", file(), str(path), *NOW, code=2).stderr
    warned = run("free", file(), str(path), *NOW, "--skip-bad").stderr
    for line, kind in ((refused, "error: "), (warned, "warning: ")):
        assert line.startswith(kind)
        assert line[:-1].isprintable()
        assert line.endswith(" [invalid_calendar]\n")
    with pytest.raises(InvalidCalendarError) as caught:
        read_busy(data, within=Interval.from_us(0, 1), zone=load_zone("UTC"))
    assert caught.value.message.isprintable()


def test_json_with_a_byte_order_mark_is_json(file: Callable[..., str]) -> None:
    text = '\ufeff {"clinic": {"zone": "UTC"}, "providers": [{"id": "p"}]}'
    assert plain("free", "-", *NOW, text=text)["free"][0]["resource"] == "p"
    assert plain("free", file(name="c", instead=text), *NOW)["free"][0]["resource"] == "p"
    assert run("free", "-", *NOW, text=f"\ufeff{SMALL}").stdout


def test_a_feed_in_the_file_is_never_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = SMALL.replace('name = "Ana [bold]"', 'feeds = ["-"]')
    refused = run("free", "-", *NOW, text=text, code=2).stderr
    assert refused == "error: ./-: it cannot be read: no such file or directory [unreadable_file]\n"
    Path("clinic.toml").write_text(text, encoding="utf-8")
    assert run("free", "clinic.toml", *NOW, text="not a calendar", code=2).stderr == refused
    ics(tmp_path, "-")
    days = ("--from", "2026-11-23", "--days", "1", *NOW)
    found = plain("free", "-", *days, text=text)["free"][0]
    assert [one["start"][11:16] for one in found["intervals"]] == ["10:00"]
    assert found == plain("free", "clinic.toml", *days, text="not a calendar")["free"][0]


@pytest.mark.parametrize("command", ["slots", "free", "explain", "conflicts"])
@pytest.mark.parametrize("now", ["9999-12-31T00:00Z", "0001-01-01T00:00", "9997-01-01T00:00Z"])
def test_nobody_asks_at_the_ends_of_the_calendar(command: str, now: str, file: Callable[..., str]) -> None:
    refused = run(command, file(), "--now", now, code=2).stderr
    assert refused == f"error: --now: the moment of asking lies in the years 4 to 9996, got {now} [invalid_usage]\n"
    for near in ("0004-01-02T00:00Z", "9996-12-30T00:00Z"):
        assert run(command, file(), "--now", near).stderr == ""


def test_an_empty_answer_for_years_counts_the_reasons_of_the_first_days(file: Callable[..., str]) -> None:
    path = file('[policy]\nhorizon = "1 day"\n')
    args = ("slots", path, "--from", "2027-11-23", *NOW, "--provider", "bo")
    long = run(*args, "--days", "1000").stdout
    assert "(counted over the first 400 days)" in long
    assert "38400 starts were looked at" in long
    short = run(*args, "--days", "7").stdout
    assert "counted over" not in short
    finest = file('[policy]\nhorizon = "1 day"\n', instead=SMALL + 'step = "1s"\n[policy]\nhorizon = "1 day"\n')
    assert "bo: not counted: " in run("slots", finest, *args[2:], "--days", "1000").stdout


def test_a_clinic_without_a_name_names_no_calendar(file: Callable[..., str]) -> None:
    unnamed = SMALL.replace('name = "Small"\n', "")
    for command in ("slots", "free", "conflicts"):
        assert "X-WR-CALNAME:Small" in run(command, file(), "--ics", *NOW).stdout
        assert "CALNAME" not in run(command, file(instead=unnamed), "--ics", *NOW).stdout
