"""Every error of a clinic file names its key, its line, what was got and what is allowed."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petpro_core.errors import InvalidClinicError, InvalidValueError, LimitExceededError, MissingExtraError
from petpro_core.interop.clinic import read_clinic
from petpro_core.interop.clinic._source import Source, parse
from petpro_core.interop.holidays import public_holidays

HEAD = '[clinic]\nzone = "America/New_York"\n'
ANA = HEAD + '[[providers]]\nid = "ana"\n'
VISIT = ANA + '[[services]]\nid = "visit"\nduration = "30m"\n'
BOOKED = ANA + '[[bookings]]\nprovider = "ana"\n'


def refused(text: str | bytes, format: Any = "toml") -> InvalidClinicError:  # noqa: A002
    with pytest.raises(InvalidClinicError) as caught:
        read_clinic(text, format=format)
    return caught.value


@pytest.mark.parametrize(
    ("text", "key", "line", "words"),
    [
        # the text itself
        ("x =", "", 1, "invalid value"),
        ("a = 1\nb = [1,\n", "", 2, ""),
        ("a = 1\na = 2\n", "", 2, "overwrite"),
        pytest.param("a = 9\nb = " + "9" * 5000, "", 2, "a whole number has too many digits", id="digits"),
        pytest.param("a = " + "9" * 5000 + "x", "", None, "too many digits", id="digits and more"),
        pytest.param("a = [1, -" + "9" * 5000 + "]", "", 1, "too many digits", id="negative"),
        pytest.param("# " + "9" * 5000 + '\na = "' + "9" * 5000 + '"\nb = ' + "9" * 5000, "", 3, "digits", id="text"),
        ('[clinic]\nzone = "UTC"\n"x\\u007f" = 1\n', 'clinic."x\\u007f"', 1, "not known"),
        ("\na = " + "[" * 33, "", 2, "too deeply, over 32"),
        pytest.param("\na = " + "[" * 100_000, "", 2, "too deeply", id="lists"),
        pytest.param("a = " + "{a=" * 100_000, "", 1, "too deeply", id="tables"),
        pytest.param("# a.b\nx" + ".a" * 100_000 + " = 1", "", 2, "too deeply", id="dots"),
        pytest.param("\n[x" + ' . "a"' * 100_000 + "]", "", 2, "too deeply", id="header"),
        ("a = [\n" + "{ b.c = " * 17, "", 2, "too deeply"),
        ("a = ]", "", 1, "invalid value"),
        pytest.param('a = """' + '\n\\"""' * 100_000, "", 100_001, "unterminated", id="quotes"),
        ('a = """' + "x\\", "", 1, "unescaped"),
        ("a = '''\n", "", 1, "expected"),
        (b"[clinic]\n# \xff\n", "", 2, "UTF-8"),
        # keys
        ("", "", None, "the key clinic is needed"),
        ("clinic = 3\n", "clinic", 1, "a table"),
        ('[clinic]\nname = "x"\n', "clinic", 1, "the key zone is needed"),
        ('[clinc]\nzone = "UTC"\n', "clinc", 1, "did you mean clinic?"),
        ('[clinic]\nzone = "UTC"\nxyzzy = 1\n', "clinic.xyzzy", 3, "known here: name, zone"),
        (HEAD + '"strange key" = 1\n', 'clinic."strange key"', 3, "not known"),
        (HEAD + "providers.x = 1\n", "clinic.providers", 3, "not known"),
        # single values
        ("[clinic]\nzone = 1\n", "clinic.zone", 2, "text stands here"),
        ('[clinic]\nzone = ""\n', "clinic.zone", 2, "1 to 200 characters"),
        ('[clinic]\nzone = "a\\u0007"\n', "clinic.zone", 2, "can be printed"),
        ('[clinic]\nzone = "Amerca/New_York"\n', "clinic.zone", 2, "did you mean America/New_York"),
        (HEAD + '[[providers]]\nid = "a b"\n', "providers[0].id", 4, "an id has"),
        (ANA + '[[rooms]]\nid = "ana"\n', "rooms[0].id", 6, "an id stands once"),
        (HEAD + "providers = 3\n", "clinic.providers", 3, "not known"),
        ('providers = [3]\n[clinic]\nzone = "UTC"\n', "providers[0]", 1, "a table with an id"),
        ('providers = 3\n[clinic]\nzone = "UTC"\n', "providers", 1, "a list"),
        (ANA + "capacity = 0\n", "providers[0].capacity", 5, "from 1 to"),
        (ANA + "capacity = true\n", "providers[0].capacity", 5, "got true"),
        (ANA + f"capacity = 0x{'f' * 5000}\n", "providers[0].capacity", 5, "got 0xfff"),
        (ANA + "capacity = inf\n", "providers[0].capacity", 5, "got inf"),
        (ANA + f"name = '{'x' * 201}'\n", "providers[0].name", 5, "1 to 200"),
        (ANA + "feeds = [1979-05-27T07:32:00Z]\n", "providers[0].feeds[0]", 5, "got 1979-05-27T07:32:00+00:00"),
        # hours
        (HEAD + '[hours]\nmonday = [\n  "09:00-12:00",\n  "9-17",\n]\n', "hours.monday[1]", 6, "HH:MM-HH:MM"),
        (HEAD + '[hours]\nmonday = ["09:00-12:00", "11:00-13:00"]\n', "hours.monday", 4, "overlap"),
        (HEAD + '[hours]\nmonday = "25:00-26:00"\n', "hours.monday", 4, "a clock time"),
        (HEAD + "[hours]\nmonday = 9\n", "hours.monday", 4, "text stands here"),
        (HEAD + "[hours]\nmondya = []\n", "hours.mondya", 4, "did you mean monday?"),
        (HEAD + "[hours.breaks]\nmondya = []\n", "hours.breaks.mondya", 4, "did you mean monday?"),
        (HEAD + "[[hours.seasons]]\nevery = 2\n", "hours.seasons[0]", 3, "week_of"),
        (HEAD + "[[hours.seasons]]\nevery = 0\n", "hours.seasons[0].every", 4, "from 1 to 53"),
        (HEAD + '[[hours.seasons]]\nseason = "summer"\n', "hours.seasons[0].season", 4, "MM-DD to MM-DD"),
        (HEAD + '[[hours.seasons]]\nseason = "02-30 to 03-01"\n', "hours.seasons[0].season", 4, "exist"),
        (HEAD + "[[hours.seasons]]\nfirst = 2026-02-02\nlast = 2026-01-01\n", "hours.seasons[0]", 3, "first date"),
        # exceptions
        (HEAD + '[[overrides]]\nday = "2026-02-30"\n', "overrides[0].day", 4, "YYYY-MM-DD"),
        (HEAD + "[[overrides]]\nday = 2026-02-03T10:00:00\n", "overrides[0].day", 4, "YYYY-MM-DD"),
        (
            ANA + "[[overrides]]\nday = 2026-02-03\n[[overrides]]\nday = 2026-02-03\n",
            "providers[0]",
            3,
            "overridden once",
        ),
        (HEAD + "[[extra]]\nday = 2026-02-03\n", "extra[0]", 3, "the key hours is needed"),
        (HEAD + '[[closures]]\nname = "x"\n', "closures[0]", 3, "got neither"),
        (HEAD + "[[closures]]\nday = 2026-01-01\nfirst = 2026-01-01\n", "closures[0]", 3, "got both"),
        (HEAD + "[[closures]]\nfirst = 2026-01-02\nlast = 2026-01-01\n", "closures[0]", 3, "the last date"),
        (
            ANA + "time_off = [{ day = 2026-01-01, start = 2026-01-01T00:00:00 }]\n",
            "providers[0].time_off[0]",
            5,
            "both",
        ),
        (
            ANA + "time_off = [{ start = 2026-01-02T00:00:00, end = 2026-01-01T00:00:00 }]\n",
            "providers[0].time_off[0]",
            5,
            "ends after it starts",
        ),
        (ANA + 'travel = [{ day = 2026-01-01, zone = "X" }]\n', "providers[0].travel[0].zone", 5, "a zone is a key"),
        (ANA + "schedules = []\n", "providers[0].schedules", 5, "at least one schedule"),
        (ANA + 'zone = "UTC"\nschedules = [{}]\n', "providers[0].zone", 5, "not both"),
        (ANA + 'location = "north"\n', "providers[0].location", 5, "the file has no location"),
        (HEAD + '[holidays]\nsubdivision = "NY"\n', "holidays", 3, "the key country is needed"),
        (HEAD + '[holidays]\ncountry = "US"\n', "holidays", 3, "add years"),
        # services and policy
        (ANA + '[[services]]\nid = "s"\n', "services[0]", 5, "the key duration is needed"),
        (ANA + '[[services]]\nid = "s"\nduration = []\n', "services[0].duration", 7, "one duration"),
        (ANA + '[[services]]\nid = "s"\nduration = "0m"\n', "services[0].duration", 7, "3660 days"),
        (ANA + '[[services]]\nid = "s"\nduration = "1d 2h"\n', "services[0].duration", 7, "not both"),
        (VISIT + 'step = "0m"\n', "services[0].step", 8, "3660 days"),
        (VISIT + 'buffer_after = "400 days"\n', "services[0].buffer_after", 8, "366 days"),
        (VISIT + 'alignment = "grid"\n', "services[0].alignment", 8, "allowed: opening, clock"),
        (VISIT + "seats = 0\n", "services[0].seats", 8, "from 1"),
        (VISIT + 'providers = ["anna"]\n', "services[0].providers[0]", 8, "did you mean ana?"),
        (VISIT + "providers = []\n", "services[0].providers", 8, "at least one"),
        (VISIT + 'providers = ["ana", "ana"]\n', "services[0].providers", 8, "once"),
        (VISIT + 'providers = ["ana"]\nrooms = []\n', "services[0]", 5, "give one list"),
        (VISIT + 'rooms = ["ana"]\n', "services[0].rooms[0]", 8, "the file has no room"),
        (HEAD + '[policy]\nmin_notice = "soon"\n', "policy.min_notice", 4, "a notice is written"),
        (HEAD + "[policy]\nhorizon = nan\n", "policy.horizon", 4, "text stands here"),
        (HEAD + '[policy]\npending_blocks = "yes"\n', "policy.pending_blocks", 4, "true or false"),
        (HEAD + '[policy]\ncaps = [{ limit = -1, per = "day" }]\n', "policy.caps[0].limit", 4, "from 0"),
        (HEAD + '[policy]\ncaps = [{ limit = "30s", per = "day" }]\n', "policy.caps[0].limit", 4, "whole minutes"),
        (HEAD + '[policy]\ncaps = [\n  { limit = 1, per = "year" },\n]\n', "policy.caps[0].per", 5, "day, week, month"),
        (
            HEAD + '[policy]\ncaps = [{ limit = 1, per = "day", service = "x" }]\n',
            "policy.caps[0].service",
            4,
            "no service",
        ),
        (HEAD + '[policy]\none_at_a_time = ["resource"]\n', "policy.one_at_a_time[0]", 4, "client, household"),
        # bookings
        (BOOKED, "bookings[0]", 5, "the key start is needed"),
        (ANA + "[[bookings]]\nstart = 2026-01-01T09:00:00\n", "bookings[0]", 5, "names its provider"),
        (BOOKED + 'resources = ["ana"]\nstart = 2026-01-01T09:00:00\n', "bookings[0]", 5, "each once"),
        (BOOKED + "start = 2026-01-01\n", "bookings[0].start", 7, "a moment is written"),
        (BOOKED + 'start = "2026-01-01T25:00"\n', "bookings[0].start", 7, "a moment is written"),
        (BOOKED + 'start = "20260101T0900"\n', "bookings[0].start", 7, "a moment is written"),
        (BOOKED + "start = 2026-01-01T09:00:00\n", "bookings[0]", 5, "none of them"),
        (
            BOOKED + 'start = 2026-01-01T09:00:00\nend = 2026-01-01T09:00:00\nduration = "1h"\n',
            "bookings[0]",
            5,
            "both",
        ),
        (BOOKED + "start = 2026-01-01T09:00:00\nend = 2026-01-01T08:00:00\n", "bookings[0]", 5, "ends after it starts"),
        (BOOKED + 'start = 2026-01-01T09:00:00\nduration = "x"\n', "bookings[0].duration", 8, "a duration is written"),
        (BOOKED + 'start = 2026-03-08T02:30:00\nduration = "1h"\n', "bookings[0].start", 7, "skipped"),
        (
            BOOKED + 'start = 2026-11-01T01:30:00\nduration = "1h"\n',
            "bookings[0].start",
            7,
            "01:30-04:00 or 2026-11-01T01:30-05:00",
        ),
        (BOOKED + 'start = 9999-12-30T00:00:00Z\nduration = "9 days"\n', "bookings[0]", 5, "years 1 to 9999"),
        (BOOKED + 'start = 0001-01-01T00:00:00+10:00\nduration = "1h"\n', "bookings[0].start", 7, "years 1 to 9999"),
        (
            BOOKED + 'start = 2026-01-01T09:00:00\nduration = "1h"\nstatus = "helt"\n',
            "bookings[0].status",
            9,
            "did you mean held?",
        ),
        (BOOKED + 'start = 2026-01-01T09:00:00\nduration = "1h"\nstatus = "held"\n', "bookings[0]", 5, "held_until"),
        (
            BOOKED + 'start = 2026-01-01T09:00:00\nduration = "1h"\nbuffer_after = "x"\n',
            "bookings[0].buffer_after",
            9,
            "length",
        ),
        (
            BOOKED + 'start = 2026-01-01T09:00:00\nduration = "1h"\nclient = -1\n',
            "bookings[0].client",
            9,
            "whole number",
        ),
        (
            BOOKED + 'id = 1\nstart = 2026-01-01T09:00:00\nduration = "1h"\n'
            '[[bookings]]\nid = "1"\nprovider = "ana"\nstart = 2026-01-01T09:00:00\nduration = "1h"\n',
            "bookings[1].id",
            11,
            "once among the bookings",
        ),
        (
            BOOKED + 'id = "#2"\nstart = 2026-01-01T09:00:00\nduration = "1h"\n'
            '[[bookings]]\nprovider = "ana"\nstart = 2026-01-01T09:00:00\nduration = "1h"\n',
            "bookings[1]",
            10,
            "once among the bookings",
        ),
    ],
)
def test_toml(text: str | bytes, key: str, line: int | None, words: str) -> None:
    error = refused(text)
    assert (error.code, error.key, error.line) == ("invalid_clinic", key, line), error
    assert words in error.message
    assert error.message.startswith(key)
    assert {"got", "allowed"} <= set(error.values)


@pytest.mark.parametrize(
    ("text", "key", "line", "words"),
    [
        ("[", "", 1, "expecting value in column 2"),
        ("[]", "", 1, "an object"),
        pytest.param("[" * 100_000, "", 1, "too deeply", id="lists"),
        ('{"a": 1, "a": 2}', "", None, "twice"),
        ('{"a": NaN}', "", None, "got NaN"),
        ('{"a": -Infinity}', "", None, "got -Infinity"),
        ('{"clinic":\n {"zone": "\\ud800"}}', "clinic.zone", 2, "can be printed"),
        (
            '{"clinic": {"zone": "UTC"},\n "providers": [\n  {"id": "a"},\n  {"id": "b", "time_off": [\n {}]}\n]}',
            "providers[1].time_off[0]",
            5,
            "neither",
        ),
        (
            '{"clinic": {"zone": "UTC"}, "policy": {"caps": [{"per": "day",\n"limit": 1e999}]}}',
            "policy.caps[0].limit",
            2,
            "got inf",
        ),
        ('{"clinic": {"zone": "UTC", "a.b": {"c": []}}}', 'clinic."a.b"', 1, "not known"),
    ],
)
def test_json(text: str, key: str, line: int | None, words: str) -> None:
    error = refused(text, "json")
    assert (error.key, error.line) == (key, line), error
    assert words in error.message


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('# x\na = """\n[b]\n""" # y\n[b]\n', ("b",), 5),
        ("a = '''\nx = 1\n'''\nx = 2\n", ("x",), 4),
        ("a.b.c = 1\na.b.d = 2\n", ("a", "b", "d"), 2),
        ("a.b.c = 1\n", ("a",), 1),
        ('[a."b.c"]\nd = 1\n', ("a", "b.c", "d"), 2),
        ("[[a]]\n[[a]]\n[a.b]\nc = 1\n[[a.d]]\n[[a.d]]\ne = [1,\n [2, 3]]\n", ("a", 1, "d", 1, "e", 1, 0), 8),
        ("[[a]]\n[[a]]\n[a.b]\nc = 1\n", ("a", 1, "b", "c"), 4),
        ("a = { b = 1, c = { d = [ {}, { e = 09:00:00 } ] } }\n", ("a", "c", "d", 1, "e"), 1),
        ("a = 1\n", ("nothing", "here"), None),
        ("[ a . b ] # z\nc = 1\n", ("a", "b", "c"), 2),
        ("[a]\nb = [\n  # c\n  { d = 1 },\n]\ne = 2\n", ("a", "e"), 6),
    ],
)
def test_lines_are_found(text: str, path: tuple[str | int, ...], line: int | None) -> None:
    source = parse(text, format="toml", max_bytes=1000)
    assert source.line_of(path) == line


@pytest.mark.parametrize(
    ("text", "format", "line"),
    [('{"a":\n' + "9" * 5000 + "}", "json", 2), ('{"a": {"b": [-' + "9" * 5000 + "]}}", "json", 1)],
    ids=["plain", "nested"],
)
def test_a_number_of_very_many_digits_is_no_matter_of_the_interpreter(text: str, format: Any, line: int) -> None:  # noqa: A002
    error = refused(text, format)
    assert (error.line, error.got) == (line, "a whole number has too many digits")
    assert "sys." not in str(error)


def test_a_text_without_anything_has_no_lines() -> None:
    assert Source("", "toml", {}).line_of(("a",)) is None


@pytest.mark.parametrize("text", [b"#" * 5_000_001, "#" * 5_000_001])
def test_size_is_bounded(text: str | bytes) -> None:
    with pytest.raises(LimitExceededError) as caught:
        read_clinic(text, format="toml")
    assert (caught.value.limit, caught.value.got) == (5_000_000, 5_000_001)


def test_format_is_one_of_two() -> None:
    with pytest.raises(InvalidValueError):
        read_clinic("", format="yaml")  # type: ignore[arg-type]


def test_holidays_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError) as caught:
        read_clinic('[clinic]\nzone = "UTC"\n[holidays]\ncountry = "US"\nyears = [2026]\n', format="toml")
    assert (caught.value.code, caught.value.extra) == ("missing_extra", "holidays")


def test_holidays_of_unknown_places_and_years() -> None:
    pytest.importorskip("holidays", reason="the extra `holidays` is not installed")
    assert public_holidays("US", years=[]) == ()
    (christmas,) = [day for day in public_holidays("GB", subdivision="ENG", years=[2027]) if day.day.day == 25]
    assert christmas.name == "Christmas Day"
    for wrong in (
        {"country": "XX", "years": [2026]},
        {"country": "US", "subdivision": "QQ", "years": [2026]},
        {"country": "MC", "subdivision": "QQ", "years": [2026]},
        {"country": "US", "years": [0]},
        {"country": "US", "years": range(1900, 2101)},
    ):
        with pytest.raises(InvalidValueError):
            public_holidays(**wrong)  # type: ignore[arg-type]
    error = refused('[clinic]\nzone = "UTC"\n[holidays]\nyears = [2026]\ncountry = "XX"\n')
    assert (error.key, error.line, error.cause) == ("holidays.country", 5, "invalid_value")


WORDS = (
    '[ ] { } = : , \n " \' """ # . [clinic] zone "UTC" 1 inf nan true 2026-01-01 09:00 [[providers]] id "a" hours'
    " monday [[bookings]] provider start 2026-11-01T01:30:00 duration policy caps limit \x00 \u2028"
)
PIECES = st.sampled_from(WORDS.split(" "))


@given(st.lists(PIECES, max_size=40).map(" ".join), st.sampled_from(["toml", "json"]))
def test_any_text_is_read_or_refused_with_a_code(text: str, format: Any) -> None:  # noqa: A002
    with suppress(InvalidClinicError):
        read_clinic(text, format=format)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["UTC", "a", "30m"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "zone", "clinic", "providers", "hours", "monday", "start", "provider", "day", "first"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["clinic", "hours", "providers", "rooms", "services", "policy", "bookings", "holidays"]))
def test_any_value_at_any_key_is_read_or_refused_with_its_key(value: object, key: str) -> None:
    found = key
    try:
        read_clinic(json.dumps({"clinic": {"zone": "UTC"}, key: value}), format="json")
    except InvalidClinicError as error:
        found = error.key
    # A number that is not finite is refused before there are keys, and without a zone nothing else is read.
    assert found.startswith(key) or found == ""
