"""Every law as a ready test case, for calendars, rules and a policy of your own.

A class with your rules is a test class, for pytest and for unittest alike::

    class TestMapleStreet(DecisionLaws):
        calendars = [ana, ben]
        rules = SlotRules(timedelta(minutes=30))
        policy = BookingPolicy(min_notice=timedelta(hours=2))

Each law becomes one test, which draws bookings, people and the present around your rules by Hypothesis, and compares
PetPro with the oracle. ``law_tests`` gives the same tests as functions. ``TimeLaws`` asks the laws of time itself, of
your own recurrences and zones or of any.

Needs the extra ``testing``.

Source: ADR 14.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

try:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
except ImportError as reason:
    _MESSAGE: Final = "the suites need hypothesis; install it with: pip install 'petpro[testing]'"
    raise ImportError(_MESSAGE) from reason

from petpro_core.bookings import BookingPolicy
from petpro_core.intervals import Interval, to_us
from petpro_core.testing import laws
from petpro_core.testing._clocks import DAY, EPOCH, clock
from petpro_core.testing._draws import plain_bookings
from petpro_core.testing.strategies import around, instants, recurrences, zone_keys
from petpro_core.testing.strategies.recurring import SPANS, windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import DataObject, SearchStrategy

    from petpro_core.availability import Calendar, CalendarBatch, LocalDays
    from petpro_core.recurrence import Recurrence
    from petpro_core.slots import SlotRules
    from petpro_core.testing._plain import Case

__all__ = ["LAWS", "TIME_LAWS", "DecisionLaws", "TimeLaws", "law_tests"]

_FRESH: Final = 1_000  # the bookings of a case have smaller numbers
_LONGER: Final = (["00:00-24:00"], ["03:00-04:30", "20:00-07:00"], ["12:05-12:10"])


def _adds_nothing(case: Case, draw: Callable[[Any], Any]) -> None:
    marks = [(start, start + DAY // 24) for start in laws.boundary_starts(case, 0)[1::3]]
    handles = [calendar["handle"] for calendar in case["calendars"]]
    for more in draw(plain_bookings(case["now"], case["rules"], handles, marks))[:2]:
        laws.more_busy_adds_nothing(case, more | {"status": "confirmed", "held_until": None})


def _removes_nothing(case: Case, draw: Callable[[Any], Any]) -> None:
    ranges = draw(st.sampled_from(_LONGER))
    first = date.fromordinal(case["within"][0] // DAY + EPOCH).isoformat()
    laws.more_hours_remove_nothing(case, [{"day": first, "ranges": ranges}])


def _shifts(case: Case, draw: Callable[[Any], Any]) -> None:
    schedules = [schedule for calendar in case["calendars"] for schedule in calendar["schedules"]]
    zones = {schedule["zone"] for schedule in schedules}
    zones |= {travel[2] for schedule in schedules for travel in schedule.get("travel", ())}
    zones |= {cap["zone"] for cap in case["policy"]["caps"] if "zone" in cap}
    zones |= {release["hours"]["zone"] for release in case["policy"].get("releases", ())}
    zones |= {away[2] for release in case["policy"].get("releases", ()) for away in release["hours"].get("travel", ())}
    weeks = draw(st.integers(-60, 60))
    start, around_it = case["within"][0], 80 * 7 * DAY
    if not any(abs(change - start) < around_it for zone in zones for change in clock(zone).changes):
        laws.weeks_shift_the_answer(case, weeks)


def _vanishes(case: Case, draw: Callable[[Any], Any]) -> None:
    row = draw(st.integers(0, len(case["calendars"]) - 1))
    laws.vanished_conflicts(case, row, draw(st.integers(0, 10_000)))


def _changes(case: Case, draw: Callable[[Any], Any]) -> list[Case]:
    """Bookings that come, go and take another's place, and time that passes, for an index to keep up with."""
    handles = [calendar["handle"] for calendar in case["calendars"]]
    marks = [(start, start + DAY // 24) for start in laws.boundary_starts(case, 0)[1::3]]
    drawn = draw(plain_bookings(case["now"], case["rules"], handles, marks))
    fresh = [booking | {"id": _FRESH + place} for place, booking in enumerate(drawn)]
    pick = st.integers(0, 20)
    kinds: list[Any] = [
        st.fixed_dictionaries({"remove": pick}),
        st.fixed_dictionaries({"pass": st.sampled_from(["fresh", "almost", 0, 1, DAY // 24])}),
    ]
    if fresh:
        kinds.append(st.fixed_dictionaries({"add": st.sampled_from(fresh)}))
        kinds.append(st.fixed_dictionaries({"replace": pick, "by": st.sampled_from(fresh)}))
    changes: list[Case] = draw(st.lists(st.one_of(kinds), max_size=4))
    return changes


LAWS: Final[Mapping[str, Callable[[Case, Callable[[Any], Any]], None]]] = {
    "offered_is_the_oracles": lambda case, _: laws.offered_is_the_oracles(case),
    "masks_are_the_oracles": lambda case, _: laws.masks_are_the_oracles(case),
    "accepted_is_offered": lambda case, _: laws.accepted_is_offered(case),
    "refused_runs_are_unbroken": lambda case, _: laws.refused_runs_are_unbroken(case),
    "searches_add_up": lambda case, draw: laws.searches_add_up(case, draw(st.floats(0, 1))),
    "counts_and_firsts_agree": lambda case, _: laws.counts_and_firsts_agree(case),
    "waivers_clear_their_bits": lambda case, _: laws.waivers_clear_their_bits(case),
    "stranded_is_the_oracles": lambda case, _: laws.stranded_is_the_oracles(case),
    "rows_stand_alone": lambda case, _: laws.rows_stand_alone(case),
    "more_busy_adds_nothing": _adds_nothing,
    "more_hours_remove_nothing": _removes_nothing,
    "weeks_shift_the_answer": _shifts,
    "vanished_conflicts": _vanishes,
    "order_does_not_matter": lambda case, draw: laws.order_does_not_matter(case, draw(st.permutations(range(8)))),
    "stays_valid": lambda case, _: laws.stays_valid(case),
    "fixes_are_accepted": lambda case, _: laws.fixes_are_accepted(case),
    "explanations_add_up": lambda case, _: laws.explanations_add_up(case),
    "index_is_the_search": lambda case, _: laws.index_is_the_search(case),
    "index_keeps_up": lambda case, draw: laws.index_keeps_up(case, _changes(case, draw)),
    "index_is_saved_whole": lambda case, draw: laws.index_is_saved_whole(case, _changes(case, draw)),
}
"""Each law of ``petpro_core.testing.laws`` by its name, as a function of a case and of what draws the rest."""


def law_tests(
    calendars: Calendar | CalendarBatch | Sequence[Calendar],
    *,
    rules: SlotRules | Sequence[SlotRules],
    policy: BookingPolicy = BookingPolicy(),  # noqa: B008  # frozen, and the same for everybody
    within: Interval | LocalDays | None = None,
) -> dict[str, Callable[[], None]]:
    """Each law as a function without arguments, by name; calling it draws cases and raises where one breaks the law.

    How many cases are drawn, and from which seed, is said by Hypothesis' settings.

        >>> from datetime import timedelta
        >>> from petpro_core import Calendar, Schedule, SlotRules, WeeklyHours
        >>> ana = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]})))
        >>> tests = law_tests(ana, rules=SlotRules(timedelta(minutes=30)))
        >>> tests["stays_valid"].__doc__
        'Until ``valid_until`` the passing of time alone changes no start; without one it never does.'

    Args:
        calendars: The rows, of which up to three are asked about together.
        rules: One, or several.
        policy: What the practice allows.
        within: The days to ask about; by default those of the years 2000 to 2060.

    Raises:
        InvalidValueError: As ``petpro_core.testing.strategies.around``.

    Source: ADR 14.
    """
    cases = around(calendars, rules=rules, policy=policy, within=within)
    return {name: _function(name, law, cases) for name, law in LAWS.items()}


_Law = Callable[[Any, Callable[[Any], Any]], None]


def _function(name: str, law: _Law, cases: SearchStrategy[Any]) -> Callable[[], None]:
    def test(case: Any, data: DataObject) -> None:  # noqa: ANN401  # what the law is about
        law(case, data.draw)

    return _given(name, test, cases)


def _method(name: str, law: _Law, cases: SearchStrategy[Any]) -> Callable[[Any], None]:
    def test(self: object, case: Any, data: DataObject) -> None:  # noqa: ANN401, ARG001  # a method, found in a class
        law(case, data.draw)

    return _given(name, test, cases)


def _given(law: str, test: Callable[..., None], cases: SearchStrategy[Any]) -> Callable[..., None]:
    """Draw a test's cases; name it by its law, under which reports speak of it and Hypothesis keeps what failed."""
    test.__name__ = test.__qualname__ = f"test_{law}"
    test.__doc__ = getattr(laws, law).__doc__.partition("\n")[0]
    # The oracle is slow by design: a limit of time would only tell how busy the machine is.
    patient = settings(deadline=None, suppress_health_check=[*settings().suppress_health_check, HealthCheck.too_slow])
    return patient(given(case=cases, data=st.data())(test))


class DecisionLaws:
    """A test class for rules of your own: subclass it, name the subclass ``Test...``, and set its attributes.

    Each law becomes a method ``test_<law>``. One that you define yourself, or set to ``None``, stays as you say. With
    unittest the subclass has ``unittest.TestCase`` as its second base.

        >>> from datetime import timedelta
        >>> from petpro_core import Calendar, Schedule, SlotRules, WeeklyHours
        >>> class TestAna(DecisionLaws):
        ...     calendars = Calendar(Schedule("Europe/Berlin", WeeklyHours({"monday": ["09:00-17:00"]})))
        ...     rules = SlotRules(timedelta(minutes=30))
        >>> len([name for name in dir(TestAna) if name.startswith("test_")]) == len(LAWS)
        True

    Attributes:
        calendars: As in ``law_tests``, likewise all others.
        rules: One, or several.
        policy: The defaults allow everything.
        within: By default the years 2000 to 2060.

    Raises:
        InvalidValueError: As ``petpro_core.testing.strategies.around``, when the class is made.

    Source: ADR 14.
    """

    calendars: ClassVar[Calendar | CalendarBatch | Sequence[Calendar]] = ()
    rules: ClassVar[SlotRules | Sequence[SlotRules]] = ()
    policy: ClassVar[BookingPolicy] = BookingPolicy()
    within: ClassVar[Interval | LocalDays | None] = None

    def __init_subclass__(cls) -> None:
        """Make the tests; each class has its own, because Hypothesis keeps what failed by the function."""
        super().__init_subclass__()
        cases = around(cls.calendars, rules=cls.rules, policy=cls.policy, within=cls.within)
        for name, law in LAWS.items():
            if f"test_{name}" not in vars(cls):
                setattr(cls, f"test_{name}", _method(name, law, cases))


# --- time itself ------------------------------------------------------------------------------------------------------


def _by_the_wall(drawn: Recurrence) -> Recurrence:
    """The recurrence without the dates that are intervals, which the oracle does not read."""
    return attrs.evolve(drawn, dates=[moment for moment in drawn.dates if not isinstance(moment, Interval)])


def _occurs(recurrence: Recurrence, draw: Callable[[Any], Any]) -> None:
    rules = (*recurrence.rules, *recurrence.excluding)
    span = min((SPANS[rule.frequency.value] for rule in rules), default=timedelta(days=30))
    start = recurrence.start
    wall = start if isinstance(start, datetime) else datetime.combine(start, time())
    low, high = (recurrence.zone.to_utc(edge) for edge in draw(windows(wall, span)))
    laws.occurrences_are_the_oracles(recurrence, Interval(low, max(high, low + timedelta(seconds=1))))


def _converts(key: str, draw: Callable[[Any], Any]) -> None:
    laws.conversions_are_the_clocks(key, [to_us(at) for at in draw(st.lists(instants(key), max_size=20))])


_FEW: Final = st.lists(
    st.tuples(st.integers(-12, 12), st.integers(1, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)

TIME_LAWS: Final[Mapping[str, _Law]] = {
    "occurrences_are_the_oracles": _occurs,
    "conversions_are_the_clocks": _converts,
    "sets_are_their_ticks": lambda pairs, draw: laws.sets_are_their_ticks(pairs, draw(_FEW)),
}
"""Each law of time by its name, as a function of a recurrence, a zone's key or pairs, and of what draws the rest."""


class TimeLaws:
    """A test class for recurrences and zones of your own, in the manner of ``DecisionLaws``.

        >>> from petpro_core import Recurrence
        >>> class TestRounds(TimeLaws):
        ...     recurrences = Recurrence(date(2026, 3, 2), "Europe/Berlin", rules="FREQ=MONTHLY;BYDAY=1MO")
        >>> [name for name in dir(TestRounds) if name.startswith("test_")]
        ['test_conversions_are_the_clocks', 'test_occurrences_are_the_oracles', 'test_sets_are_their_ticks']

    Attributes:
        recurrences: One or several, as ``laws.occurrences_are_the_oracles`` takes them, asked about near their start;
            where none are given, any.
        zones: Keys of tzdata; where none are given, odd ones.

    Source: ADR 14, ADR 16.
    """

    recurrences: ClassVar[Recurrence | Sequence[Recurrence]] = ()
    zones: ClassVar[Sequence[str]] = ()

    def __init_subclass__(cls) -> None:
        """Make the tests."""
        super().__init_subclass__()
        own = cls.recurrences if isinstance(cls.recurrences, Sequence) else (cls.recurrences,)
        drawn: dict[str, SearchStrategy[Any]] = {
            "occurrences_are_the_oracles": st.sampled_from(own) if own else recurrences().map(_by_the_wall),
            "conversions_are_the_clocks": st.sampled_from(cls.zones) if cls.zones else zone_keys(),
            "sets_are_their_ticks": _FEW,
        }
        for name, law in TIME_LAWS.items():
            if f"test_{name}" not in vars(cls):
                setattr(cls, f"test_{name}", _method(name, law, drawn[name]))
