"""``petpro convert``: clinic files, iCalendar and FHIR into each other; slots as SMART Scheduling Links."""

from __future__ import annotations

import io
import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner, Result

from petpro_cli.app import main
from petpro_core.interop.clinic import read_clinic, write_clinic
from petpro_core.interop.fhir import read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "maple-street"
CLINIC: Final = str(EXAMPLE / "clinic.toml")
PHONE: Final = str(EXAMPLE / "phone.ics")
NOW: Final = ("--now", "2026-11-21T09:00-05:00")
DAY: Final = ("--from", "2026-11-23", "--days", "1", *NOW)
PLACE: Final = (
    *("--url", "https://example.org/slots", "--phone", "413-555-0100"),
    *("--address", "12 Maple Street, 2nd floor, Springfield, MA, 01103"),
)

SMALL: Final[dict[str, Any]] = {
    "clinic": {"zone": "America/New_York"},
    "hours": {"every_day": ["09:00-11:00"]},
    "providers": [{"id": "ana"}, {"id": "bo"}],
    "locations": [{"id": "north"}],
    "services": [{"id": "visit", "duration": "30m", "step": "30m"}],
}


def run(*args: str, code: int = 0, text: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(
        main, ["convert", *args], prog_name="petpro", input=text, env={"COLUMNS": "100", "NO_COLOR": "1"}
    )
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def refused(*args: str, text: str | bytes | None = None) -> str:
    """Run what is refused; the one line on standard error."""
    result = run(*args, code=2, text=text)
    assert result.stdout == ""
    (line,) = [line for line in result.stderr.splitlines() if not line.startswith("note: ")]
    return line


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """Write the small clinic as JSON, with other keys, or any other text."""

    def write(name: str = "clinic.json", *, instead: str | bytes | None = None, **more: Any) -> str:
        path = tmp_path / name
        text = json.dumps(SMALL | more) if instead is None else instead
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


def slots(text: str) -> dict[str, list[tuple[str, str]]]:
    return {
        one.id: [(str(slot.status), f"{slot.interval.start:%H:%M}") for slot in one.slots]
        for one in read_bundle(text).schedules
    }


# --- clinic files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["again.toml", "again.json", "again"])
def test_a_clinic_file_becomes_another(name: str, tmp_path: Path) -> None:
    output = tmp_path / name
    assert run(CLINIC, "--to", "clinic", "--output", str(output)).stdout == ""
    text = output.read_text(encoding="utf-8")
    assert text.startswith("[clinic]" if name == "again.toml" else "{")
    clinic = read_clinic(text, format="toml" if name == "again.toml" else "json")
    assert write_clinic(clinic) == write_clinic(read_clinic(Path(CLINIC).read_bytes(), format="toml"))
    assert list(tmp_path.iterdir()) == [output]


def test_a_clinic_file_on_standard_output_by_another_name(file: Callable[..., str]) -> None:
    tree = json.loads(run(file(), "--to", "clinic", "--name", "Small", "--output", "-").stdout)
    assert tree["clinic"] == {"name": "Small", "zone": "America/New_York"}


# --- FHIR -------------------------------------------------------------------------------------------------------------


def test_a_clinic_becomes_a_bundle_of_the_days_asked_for() -> None:
    result = run(CLINIC, "--to", "fhir", "--service", "checkup", "--provider", "chen", *DAY)
    found = slots(result.stdout)
    assert list(found) == ["chen"]
    listed = CliRunner().invoke(main, ["slots", CLINIC, "--service", "checkup", "--provider", "chen", *DAY, "--csv"])
    starts = [line.split(",")[2][11:16] for line in listed.stdout.splitlines()[1:]]
    free = [slot for slot in json.loads(result.stdout)["entry"] if slot["resource"].get("status") == "free"]
    assert [one["resource"]["start"][11:16] for one in free] == starts
    assert result.stderr.startswith("note: not tested, because nobody said who asks: at most 2 bookings per week")


def test_feeds_beside_the_clinic_are_taken_time(file: Callable[..., str]) -> None:
    event = ["BEGIN:VEVENT", "UID:1", "DTSTART:20261123T090000", "DTEND:20261123T100000", "END:VEVENT"]
    feed = file("ana.ics", instead="\n".join(["BEGIN:VCALENDAR", *event, "END:VCALENDAR", ""]))
    expected = {
        "ana": [("busy-unavailable", "14:00"), ("free", "15:00"), ("free", "15:30")],
        "bo": [("free", "14:00"), ("free", "14:30"), ("free", "15:00"), ("free", "15:30")],
    }
    result = run(file(), feed, "--to", "fhir", *DAY)
    assert slots(result.stdout) == expected
    assert result.stderr == ""
    assert slots(run(file(), "--feed", f"ana={feed}", "--to", "fhir", *DAY).stdout) == expected
    bad = file("bo.ics", instead="no calendar")
    assert slots(run(file(), feed, bad, "--skip-bad", "--to", "fhir", *DAY).stdout)["bo"] == [
        ("busy-unavailable", "05:00")
    ]


def test_a_bundle_becomes_itself_and_a_clinic(file: Callable[..., str], tmp_path: Path) -> None:
    text = run(file(), "--to", "fhir", *DAY).stdout
    again = file("bundle.json", instead=text)
    assert run(again, "--to", "fhir", "--zone", "America/New_York").stdout == text
    assert run("-", "--to", "fhir", text=text).stdout == run(again, "--to", "fhir").stdout
    output = tmp_path / "made.toml"
    run(again, "--to", "clinic", "--zone", "America/New_York", "--name", "Made", "--output", str(output))
    made = read_clinic(output.read_bytes(), format="toml")
    assert (made.name, list(made.resources), list(made.services)) == ("Made", ["ana", "bo"], ["visit"])
    assert slots(run(str(output), "--to", "fhir", *DAY).stdout) == slots(text)


def test_lines_are_seen_by_themselves(file: Callable[..., str]) -> None:
    plain = json.loads(run(file(), "--to", "fhir", *DAY).stdout)
    lines = "\n".join(json.dumps(entry["resource"]) for entry in plain["entry"])
    for path in (file("slots.ndjson", instead=lines), file("slots", instead=lines), file("x.json", instead=lines)):
        assert json.loads(run(path, "--to", "fhir", "--zone", "America/New_York").stdout)["entry"] == plain["entry"]


def test_what_a_source_looks_like_may_be_overruled(file: Callable[..., str]) -> None:
    odd = file("clinic.txt", instead=write_clinic(read_clinic(json.dumps(SMALL), format="json"), format="toml"))
    assert json.loads(run(odd, "--to", "clinic").stdout)["clinic"] == {"zone": "America/New_York"}
    assert "[invalid_clinic]" in refused(odd, "--to", "clinic", "--from-format", "json")
    marked = file("marked", instead=b"\xef\xbb\xbf" + json.dumps(SMALL).encode())
    assert json.loads(run(marked, "--to", "clinic").stdout)["clinic"] == {"zone": "America/New_York"}


# --- iCalendar --------------------------------------------------------------------------------------------------------


def test_a_clinic_becomes_icalendar_and_comes_back_equal(file: Callable[..., str], tmp_path: Path) -> None:
    output = str(tmp_path / "clinic.ics")
    run(CLINIC, "--to", "ical", "--output", output, *NOW)
    text = Path(output).read_bytes()
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    expected = run(CLINIC, "--to", "clinic").stdout
    assert run(output, "--to", "clinic").stdout == expected
    assert run("-", "--to", "clinic", text=text).stdout == expected
    assert run(file("no_suffix", instead=text), "--to", "clinic", "--name", "Other").stdout != expected
    assert run(output, "--to", "ical", *NOW).stdout.encode() == text.replace(b"\r\n", b"\n")


def test_icalendar_becomes_fhir_and_fhir_icalendar(file: Callable[..., str], tmp_path: Path) -> None:
    output = str(tmp_path / "clinic.ics")
    run(file(), "--to", "ical", "--output", output, *NOW)
    bundle = run(output, "--to", "fhir", *DAY).stdout
    assert bundle == run(file(), "--to", "fhir", *DAY).stdout
    again = run("-", "--to", "ical", "--zone", "America/New_York", *NOW, text=bundle).stdout
    assert slots(run("-", "--to", "fhir", *DAY, text=again).stdout) == slots(bundle)


def test_calendars_that_are_no_clinic_are_refused_with_their_place(file: Callable[..., str]) -> None:
    line = refused(PHONE, "--to", "clinic")
    assert line.startswith(f"error: {PHONE}")
    assert line.endswith("[invalid_calendar]")
    assert "stand beside a clinic file" in refused(PHONE, CLINIC, "--to", "clinic")
    assert "error: --zone: " in refused(file(), "--to", "fhir", "--zone", "Mars/Base")


# --- SMART Scheduling Links -------------------------------------------------------------------------------------------


def test_a_folder_for_smart_scheduling_links(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "slots"
    link = ("--booking-url", "https://example.org/book?slot={slot}")
    assert run(CLINIC, "--to", "smart", "--output", str(folder), *PLACE, *link, *DAY).stdout == ""
    assert sorted(path.name for path in folder.iterdir()) == [
        "$bulk-publish",
        "locations.ndjson",
        "practitioner-roles.ndjson",
        "schedules.ndjson",
        "slots.ndjson",
    ]
    manifest = json.loads((folder / "$bulk-publish").read_text(encoding="utf-8"))
    assert manifest["request"] == "https://example.org/slots/$bulk-publish"
    assert manifest["transactionTime"] == "2026-11-21T09:00:00-05:00"
    place = json.loads((folder / "locations.ndjson").read_text(encoding="utf-8"))
    assert (place["id"], place["name"]) == ("clinic", "Maple Street Animal Clinic")
    assert place["address"]["line"] == ["12 Maple Street", "2nd floor"]
    first = json.loads((folder / "slots.ndjson").read_text(encoding="utf-8").splitlines()[1])
    assert first["extension"][0]["valueUrl"] == "https://example.org/book?slot=alvarez.checkup.20261123T144500Z"
    # Once more, over what is there.
    run(CLINIC, "--to", "smart", "--output", str(folder), *PLACE, *DAY)
    assert len(list(folder.iterdir())) == 5


def test_one_place_is_published_at_a_time(file: Callable[..., str], tmp_path: Path) -> None:
    smart = ("--to", "smart", "--output", str(tmp_path / "out"), *PLACE, *DAY)

    def place(*args: str) -> tuple[str, str]:
        run(*args, *smart)
        told = json.loads((tmp_path / "out" / "locations.ndjson").read_text(encoding="utf-8"))
        return told["id"], told["name"]

    assert place(file(), "--name", "Small") == ("north", "Small")
    two = file(locations=[{"id": "north"}, {"id": "south_wing", "name": "South wing"}])
    assert "choose one of north, south_wing" in refused(two, "--name", "Small", *smart)
    assert place(two, "--location", "north", "--name", "Small") == ("north", "Small")
    ident, name = place(two, "--location", "south_wing", "--name", "Small")
    assert ident.startswith("south-wing-")
    assert name == "South wing"
    assert "--name: a place that is published has a name" in refused(file(), *smart)
    bundle = file("b.json", instead=run(file(), "--to", "fhir", *DAY).stdout)
    assert "--name" in refused(bundle, *smart[:-6], *NOW)
    run(bundle, "--name", "Bundle", *smart[:-6], *NOW)
    told = json.loads((tmp_path / "out" / "locations.ndjson").read_text(encoding="utf-8"))
    assert (told["id"], told["name"]) == ("clinic", "Bundle")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("--to", "clinic", "--output", ""), "error: --output: a path is needed, got ''; leave the option out"),
        (("--to", "smart", *PLACE), "error: --output: it is needed with --to smart: a folder [invalid_usage]"),
        (("--to", "smart", "--output", "x"), "error: --url: it is needed with --to smart [invalid_usage]"),
        (
            ("--to", "fhir", "--phone", "1"),
            "error: --phone: it tells where slots are published, and goes with --to smart",
        ),
        (("--to", "ical", "--booking-url", "x"), "error: --booking-url: it tells where slots are published"),
        (("--to", "fhir", "--service", "chekup"), "error: --service: no service 'chekup'; did you mean checkup?"),
        (("--to", "fhir", "--provider", "hall"), "error: --provider: no provider 'hall'"),
        (("--to", "fhir", "--location", "x"), "error: --location: no location 'x'; the file has none"),
        (("--to", "fhir", "--until", "2026-11-20"), "error: --until: an interval ends after it starts"),
        (("--to", "fhir", "--until", "2026-11-30", "--days", "2"), "give --days or --until, not both"),
        (("--to", "fhir", "--limit", "3"), "[limit_exceeded]"),
        (("--to", "fhir", "--zone", "Mars/Base"), "error: --zone: "),
        (
            (
                "--to",
                "xml",
            ),
            "error: --to: ",
        ),
        (("--to", "clinic", "--output", CLINIC), f"error: --output: {CLINIC} is what is read; choose another place"),
    ],
)
def test_options_that_are_refused(args: tuple[str, ...], line: str) -> None:
    assert line in refused(CLINIC, *args, *NOW)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--address", "12 Maple Street, Springfield", "an address is written STREET, CITY, STATE, POSTAL CODE"),
        ("--address", "12 Maple Street,, MA, 01103", "an address is written STREET, CITY, STATE, POSTAL CODE"),
        ("--url", "example.org", "error: --url: base_url is a URL as https://example.org/slots, got 'example.org'"),
        ("--booking-url", "example.org", "error: --booking-url: "),
        ("--phone", "a@b.org", "error: --phone: a phone number has no @"),
    ],
)
def test_places_that_are_refused(option: str, value: str, words: str, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert words in refused(CLINIC, "--to", "smart", "--output", str(output), *PLACE, option, value, *DAY)
    assert not output.exists()


def test_errors_of_a_bundle_name_file_path_and_what_is_allowed(file: Callable[..., str]) -> None:
    plain = json.loads(run(file(), "--to", "fhir", *DAY).stdout)
    plain["entry"][3]["resource"]["status"] = "open"
    path = file("bad.json", instead=json.dumps(plain))
    assert refused(path, "--to", "fhir") == (
        f'error: {path}: entry[3].resource.status: no such status of a slot, got "open"; allowed: free, busy, '
        "busy-unavailable, busy-tentative, entered-in-error [invalid_bundle]"
    )
    lines = file("bad.ndjson", instead='{"resourceType": "Slot"}\n')
    assert refused(lines, "--to", "fhir").startswith(f"error: {lines}:1: schedule is needed here, got nothing")
    assert refused("-", "--to", "fhir", "--from-format", "fhir", text="{").startswith(
        "error: <stdin>:1: the text is not JSON"
    )


def test_questions_that_a_bundle_does_not_answer(file: Callable[..., str]) -> None:
    path = file("b.json", instead=run(file(), "--to", "fhir", *DAY).stdout)
    assert "error: --zone: a bundle does not tell the clinic's zone" in refused(path, "--to", "clinic")
    assert "error: --zone: " in refused(path, "--to", "clinic", "--zone", "Mars/Base")
    for option in ("--service", "--provider", "--room", "--location", "--from", "--until"):
        assert f"error: {option}: a bundle is converted as it is" in refused(path, "--to", "fhir", option, "2026-11-23")
    assert "error: --days: a bundle is converted as it is" in refused(path, "--to", "fhir", "--days", "3")
    assert "stand beside a clinic file" in refused(path, PHONE, "--to", "fhir")
    assert "stand beside a clinic file" in refused(path, "--feed", PHONE, "--to", "fhir")


def test_files_that_cannot_be_read_or_written(file: Callable[..., str], tmp_path: Path) -> None:
    assert "[unreadable_file]" in refused(str(tmp_path / "nowhere.toml"), "--to", "fhir")
    taken = file("taken", instead="")
    assert "it cannot be written" in refused(file(), "--to", "clinic", "--output", str(tmp_path / "no" / "file.json"))
    assert "[unwritable_output]" in refused(file(), "--to", "clinic", "--output", f"{taken}/file.json")
    smart = ("--to", "smart", "--name", "Small", *PLACE, *DAY)
    assert "[unwritable_output]" in refused(file(), *smart, "--output", taken)
    assert "[unwritable_output]" in refused(file(), "--to", "clinic", "--output", str(tmp_path))
    assert "[unwritable_output]" in refused(file(), "--to", "clinic", "--output", "/")


@pytest.mark.parametrize("target", ["clinic", "ical"])
def test_what_a_whole_clinic_would_leave_out_is_refused(target: str) -> None:
    assert "a calendar's busy time is published" in refused(CLINIC, PHONE, "--to", target)
    assert "a calendar's busy time is published" in refused(CLINIC, "--feed", f"chen={PHONE}", "--to", target)
    for option in ("--service", "--provider", "--room", "--location"):
        assert f"error: {option}: a clinic is written as a whole" in refused(CLINIC, "--to", target, option, "chen")


def test_a_bundle_that_no_clinic_file_can_tell_is_refused_by_its_name(file: Callable[..., str]) -> None:
    plain = json.loads(run(file(), "--to", "fhir", *DAY).stdout)
    plain["entry"][0]["resource"]["name"] = [{"text": "x" * 201}]
    actor = next(one["resource"]["actor"][0] for one in plain["entry"] if "actor" in one["resource"])
    actor["display"] = "x" * 201
    path = file("long.json", instead=json.dumps(plain))
    for target, what in (("clinic", "a clinic file"), ("ical", "iCalendar")):
        line = refused(path, "--to", target, "--zone", "UTC")
        assert line.startswith(f"error: {path}: it cannot be made {what}: providers[0].name: text has 1 to 200")
    plain["entry"][-1]["resource"] |= {"status": "free", "end": "2099-01-01T00:00:00Z"}
    path = file("long.json", instead=json.dumps(plain))
    line = refused(path, "--to", "clinic", "--zone", "UTC")
    assert line.startswith(f"error: {path}: a free slot lasts 3660 days at most")


def test_what_stands_where_a_file_is_written_is_kept(
    file: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = run(file(), "--to", "clinic").stdout
    to = (file(), "--to", "clinic", "--output")
    old, link, pipe = tmp_path / "old.json", tmp_path / "link.json", tmp_path / "pipe"
    old.touch(0o640)
    old.chmod(0o640)
    link.symlink_to(old)
    run(*to, str(link))
    assert link.is_symlink()
    assert old.read_text(encoding="utf-8") == wanted
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    # A device or a pipe is written to, and not replaced.
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    run(*to, str(pipe))
    reader.join(10)
    assert read == [wanted]
    assert pipe.is_fifo()
    # Who may write into the folder may not write every file in it.
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "[unwritable_output]" in refused(*to, str(old))
    assert old.read_text(encoding="utf-8") == wanted


def test_links_that_lead_round_in_a_circle(file: Callable[..., str], tmp_path: Path) -> None:
    loop = tmp_path / "loop.ics"
    loop.symlink_to(loop)
    assert "[unreadable_file]" in refused(file(), "--feed", f"ana={loop}", "--feed", f"ana={loop}.", "--to", "fhir")
    run(file(), "--to", "clinic", "--output", str(loop))


def test_help_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    start = time.perf_counter()
    assert "SMART Scheduling Links" in run("--help").stdout
    assert time.perf_counter() - start < 1.0
