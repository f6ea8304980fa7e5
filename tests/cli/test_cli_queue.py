"""The commands about a queue, on the example hospital."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from petpro_cli.app import main

HOSPITAL: Final = str(Path(__file__).parents[2] / "examples" / "harbour-animal-hospital" / "clinic.toml")
NOW: Final = ("--now", "2026-11-23T11:00-05:00")
HEAD: Final = """
[clinic]
zone = "America/New_York"
[hours]
weekdays = ["09:00-12:00"]
[[providers]]
id = "ana"
[[providers]]
id = "bo"
[[services]]
id = "exam"
duration = "20m"
[queue]
"""
SMALL: Final = HEAD + (
    'policy = { discipline = "accumulating", '
    'levels = [{ code = "four", rate = 4 }, { code = "one", target = "30m" }] }\n'
    'moves = [{ entry = "a", before = "z", by = "Ana", reason = "in pain" }]\n'
    'entries = [{ id = "a", arrival = 2026-11-23T09:00:00, urgency = "one" }, '
    '{ id = "b", arrival = 2026-11-23T09:30:00, urgency = "four" }, '
    '{ id = "z", arrival = 2026-11-23T09:10:00, urgency = "one", state = "left" }]\n'
)


def run(*args: str, code: int = 0, text: str | None = None, width: int = 100) -> Result:
    result = CliRunner().invoke(
        main, ["queue", *args], prog_name="petpro", input=text, env={"COLUMNS": str(width), "NO_COLOR": "1"}
    )
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def plain(*args: str, text: str | None = None) -> Any:
    return json.loads(run(*args, "--json", text=text).stdout)


def rows(*args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(*args, "--csv").stdout)))


# --- rank -------------------------------------------------------------------------------------------------------------


def test_rank_gives_the_order_and_its_reasons() -> None:
    out = run("rank", HOSPITAL, *NOW).stdout
    assert "Harbour Animal Hospital: who is next, Mon 2026-11-23 11:00 (America/New_York)" in out
    assert "1  W-4  red      10:58  2 min" in out
    assert "3. W-2: tier 1, behind everybody of tier 0; green: waits 105 min" in out
    assert "overtaken by W-3, who came later with a greater head" in out
    assert "moved before W-1 by Jonas: afraid of the dogs" in out
    assert "Not in the order: W-5 (parked)" in out
    assert "Too long: W-4 (red) should have begun by 10:58, 2 min ago" in out
    assert "will have waited too long at Mon 2026-11-23 11:04" in out
    told = plain("rank", HOSPITAL, *NOW)
    assert [one["entry"] for one in told["entries"]] == ["W-4", "W-3", "W-2", "W-1"]
    assert told["entries"][1]["service"] == "exam"
    reason = told["entries"][1]["reasons"][-1]
    assert (reason["text"], reason["refs"]) == ("overtaken by W-4, of a tier that goes first", ["W-4"])
    assert told["overrides"][0]["passed"] == ["W-1"]
    assert [one["entry"] for one in told["alerts"]] == ["W-4"]
    assert [row["entry"] for row in rows("rank", HOSPITAL, *NOW)] == ["W-4", "W-3", "W-2", "W-1"]


@pytest.mark.parametrize("width", [100, 60, 40, 25])
def test_rank_fits_any_width(width: int) -> None:
    assert max(map(len, run("rank", HOSPITAL, *NOW, width=width).stdout.splitlines())) <= width


def test_rank_of_a_policy_of_ones_own() -> None:
    out = run("rank", "-", "--now", "2026-11-23T09:35", text=SMALL).stdout
    assert "a policy of its own, accumulating" in out
    assert "The order may change by itself at Mon 2026-11-23 09:36:40" in out
    assert "Too long: a (one) should have begun by 09:30, 5 min ago" in out
    later = plain("rank", "-", "--now", "2026-11-23T09:45", text=SMALL)
    assert [one["entry"] for one in later["entries"]] == ["b", "a"]
    assert "Nobody waits." in run("rank", "-", *NOW, text=HEAD).stdout


def test_moves_that_do_not_hold_are_told() -> None:
    text = HEAD + (
        'moves = [{ entry = "a", before = "b", by = "Ben", reason = "in a hurry" }]\n'
        'entries = [{ id = "a", arrival = 2026-11-23T09:00:00, urgency = "green" }, '
        '{ id = "b", arrival = 2026-11-23T09:30:00, urgency = "red" }]\n'
    )
    assert "Not moved: a by Ben: other tier" in run("rank", "-", *NOW, text=text).stdout


# --- forecast ---------------------------------------------------------------------------------------------------------


def test_forecast_draws_when_turns_begin() -> None:
    args = ("forecast", HOSPITAL, *NOW, "--paths", "100")
    out = run(*args, "--walk-in", "green", "--service", "exam").stdout
    assert "when turns begin, foreseen Mon 2026-11-23 11:00 (America/New_York)" in out
    assert "from one time in ten to nine in ten" in out
    assert "(a walk-in)" in out
    assert "A walk-in (green): can" in out
    told = plain(*args)
    assert [one["entry"] for one in told["entries"]] == ["W-1", "W-2", "W-3", "W-4", "W-5"]
    assert told["entries"][4]["reason"] == "not_waiting"
    assert told["walk_in"] is None
    first = told["entries"][3]
    assert first["p10"] <= first["p50"] <= first["p90"]
    assert told["calls"][0]["entry"] == "W-4"
    assert told == plain(*args)
    assert told != plain(*args, "--seed", "2")
    table = rows(*args, "--walk-in", "red")
    assert [row["entry"] for row in table] == ["W-4", "W-3", "W-2", "W-1", "(a walk-in)"]
    one = plain(*args, "--provider", "bianchi", "--walk-in", "green")
    assert [option["resource"] for option in one["walk_in"]["options"]] == ["bianchi"]
    assert one["newcomers"][0]["p50"]


@pytest.mark.parametrize("width", [100, 60, 30])
def test_forecast_fits_any_width(width: int) -> None:
    out = run("forecast", HOSPITAL, *NOW, "--paths", "20", "--walk-in", "green", width=width).stdout
    assert max(map(len, out.splitlines())) <= width


def test_forecast_of_what_nobody_does_and_of_nobody() -> None:
    text = HEAD.replace('duration = "20m"', 'duration = "20m"\nroles = [{ kind = "room" }]') + (
        'entries = [{ arrival = 2026-11-23T09:00:00, urgency = "green", service = "exam" }]\n'
    )
    out = run("forecast", "-", "--now", "2026-11-23T09:30", "--paths", "10", text=text).stdout
    assert "no server" in out
    assert "Nobody waits." in run("forecast", "-", "--now", "2026-11-23T09:30", text=HEAD).stdout
    walk_in = ("forecast", "-", "--now", "2026-11-23T13:00", "--walk-in", "green", "--paths", "10")
    assert "A walk-in (green): cannot" in run(*walk_in, text=HEAD).stdout


def test_a_walk_in_that_delays_an_appointment() -> None:
    text = HEAD.replace(
        "[queue]", '[[bookings]]\nprovider = "ana"\nservice = "exam"\nstart = 2026-11-23T10:00:00\n[queue]'
    )
    args = ("forecast", "-", "--now", "2026-11-23T09:40", "--provider", "ana", "--walk-in", "red", "--paths", "300")
    assert "delays booking #1 (10:00)" in run(*args, text=text).stdout


# --- simulate ---------------------------------------------------------------------------------------------------------


def test_simulate_tells_waits_by_urgency_and_by_hour() -> None:
    args = ("simulate", HOSPITAL, "--from", "2026-11-23", "--runs", "30", *NOW)
    out = run(*args, "--more", "1").stdout
    assert "Harbour Animal Hospital: 30 runs of Mon 2026-11-23 00:00 to Tue 2026-11-24 00:00" in out
    assert "At work: Dr. Inès Moreau" in out
    assert "one more" in out
    assert "With 1 more, green, exam begins" in out
    assert "sooner" in out
    hours = [line[:5] for line in out.splitlines() if line[2:5] == ":00"]
    assert (hours[0], hours[-1]) == ("08:00", "17:00")
    told = plain(*args)
    assert [one["urgency"] for one in told["waits"]] == ["red", "orange", "green"]
    assert (told["runs"], told["more"], told["changes"], len(told["queue_by_hour"])) == (30, 0, [], 24)
    assert told == plain(*args)
    better = plain(*args, "--more", "1")
    assert better["changes"][2]["change"].startswith("-PT")
    table = rows(*args)
    assert [row["urgency"] for row in table] == ["red", "orange", "green"]
    assert float(table[2]["mean_minutes"]) > float(table[0]["mean_minutes"])
    week = run("simulate", HOSPITAL, "--from", "2026-11-23", "--days", "7", "--runs", "3", *NOW, width=50).stdout
    assert max(map(len, week.splitlines())) <= 50


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words", "text"),
    [
        (
            ("rank", "-"),
            "error: <stdin>: it has no queue; say who waits under [queue] [no_queue]",
            "[clinic]\nzone='UTC'",
        ),
        (("forecast", HOSPITAL, "--service", "exam"), "error: --service: it says what a walk-in comes for", None),
        (("forecast", HOSPITAL, "--walk-in", "grey"), "error: --walk-in: no urgency 'grey'; did you mean green?", None),
        (("forecast", HOSPITAL, "--walk-in", "red", "--service", "exm"), "error: --service: no service 'exm'", None),
        (("forecast", HOSPITAL, "--provider", "x"), "error: --provider: no provider 'x'", None),
        (("simulate", "-"), "error: <stdin>: nobody comes; say who does under queue.arrivals [no_queue]", HEAD),
        (("simulate", HOSPITAL, "--from", "2026-11-28"), "error: --from: nobody is on duty", None),
        (("simulate", HOSPITAL, "--runs", "100000", "--days", "300"), "error: --runs: ", None),
        (("simulate", HOSPITAL, "--provider", "tran", "--from", "2026-11-23"), "somebody serves each stream", None),
        (("simulate", HOSPITAL, "--seed", "-1"), "error: --seed: ", None),
        (("nonsense",), "no such command 'nonsense'", None),
    ],
)
def test_bad_input_ends_with_2_and_one_line(args: tuple[str, ...], words: str, text: str | None) -> None:
    result = run(*args, *(NOW if len(args) > 1 else ()), code=2, text=text)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_help_lists_what_there_is() -> None:
    out = run("--help").stdout
    assert [word for word in ("rank", "forecast", "simulate") if f"  {word} " in out] == [
        "rank",
        "forecast",
        "simulate",
    ]
