"""Resources: providers, rooms and equipment, and many of them as columns and bitsets that are filtered at once."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from petpro_core import _checks
from petpro_core._checks import NONE, as_choice, as_each, as_kind, as_whole, frozen, whole
from petpro_core.availability import Calendar, CalendarBatch, open_hours
from petpro_core.errors import InvalidValueError
from petpro_core.intervals import Int64Array, Interval
from petpro_core.matching import _bits
from petpro_core.matching.skills import Proficiency, Requirement, SkillLevels

if TYPE_CHECKING:
    from petpro_core.matching._bits import BoolArray, Words

__all__ = ["Resource", "ResourceKind", "ResourceTable"]

_MOST_WEIGHT: Final = 1_000_000
_ANYWHERE: Final = -1


class ResourceKind(enum.StrEnum):
    """What a resource is; the values are stable codes.

        >>> [str(kind) for kind in ResourceKind]
        ['provider', 'room', 'equipment']

    Source: RFC 5545 section 3.2.3 (CUTYPE: INDIVIDUAL, ROOM, RESOURCE); FHIR R4 Schedule.actor.
    """

    PROVIDER = "provider"
    ROOM = "room"
    EQUIPMENT = "equipment"


def as_resource_kind(value: ResourceKind | str) -> ResourceKind:
    """A kind of resource, from itself or from its word."""
    return as_choice(ResourceKind, "kind", value)


def as_handles(name: str, value: int | Iterable[int]) -> tuple[int, ...]:
    """The caller's numbers, each once; a single one needs no list.

    Raises:
        InvalidValueError: One twice, or one that is no whole number from 0.
    """
    given = tuple(value) if isinstance(value, Iterable) else (value,)
    numbers = tuple(as_whole(name, one) for one in given)
    if len(set(numbers)) < len(numbers):
        msg = f"{name} names each handle once, got {list(numbers)}; leave out what stands there twice"
        raise InvalidValueError(msg, name=name, got=numbers)
    return numbers


def _as_groups(value: int | Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(as_handles("groups", value)))


def _as_locations(value: int | Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(as_handles("locations", value)))


@attrs.frozen
class Resource:
    """A provider, a room or a piece of equipment: anything with a calendar, and what it can do.

        >>> Resource(7, "provider", skills={3: "expert"}, groups=1, name="Dr. Ana").skills[3]
        <Proficiency.EXPERT: 'expert'>

    Attributes:
        handle: The caller's number, 0 or more; bookings and answers name the resource by it.
        kind: What it is; its word is taken too.
        calendar: Its hours; ``None`` = not told: it can be matched, and not searched for times.
        skills: From a skill's handle to the level; words are taken for levels. Rooms and equipment have skills too (a
            room with oxygen).
        groups: Handles of the groups it belongs to, sorted; a single one needs no list.
        locations: Handles of the places it can be at, sorted; none = it is bound to no place, and found at each.
        weight: Its share of the work beside others, 1 to 1,000,000; percents of a full post will do.
        supervised: A junior, who counts only where a senior is present; providers only.
        name: For people.

    Raises:
        InvalidValueError: A value of another type or outside its bounds, a group or a place twice, or a room or
            equipment that is supervised.

    Source: FHIR R4 Schedule.actor, PractitionerRole.
    """

    handle: int = attrs.field(validator=whole())
    kind: ResourceKind = attrs.field(converter=as_resource_kind)
    calendar: Calendar | None = attrs.field(default=None, validator=_checks.kind(Calendar, NONE))
    skills: Mapping[int, Proficiency] = attrs.field(
        factory=lambda: SkillLevels({}), converter=SkillLevels, kw_only=True
    )
    groups: tuple[int, ...] = attrs.field(default=(), converter=_as_groups, kw_only=True)
    locations: tuple[int, ...] = attrs.field(default=(), converter=_as_locations, kw_only=True)
    weight: int = attrs.field(default=1, validator=whole(1, _MOST_WEIGHT), kw_only=True)
    supervised: bool = attrs.field(default=False, validator=_checks.kind(bool), kw_only=True)
    name: str = attrs.field(default="", validator=_checks.kind(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Refuse a room that needs a senior beside it."""
        if self.supervised and self.kind is not ResourceKind.PROVIDER:
            msg = f"only a provider is supervised, got {self.kind} {self.handle}"
            raise InvalidValueError(msg, name="supervised", got=self.kind, handle=self.handle)


@attrs.frozen(eq=False, repr=False)
class ResourceTable:
    """Many resources as rows: columns, and a set of bits for each skill and level, each kind, group and place.

        >>> table = ResourceTable.of([Resource(7, "provider", skills={3: "expert"}), Resource(8, "room")])
        >>> table
        <ResourceTable of 2 resources>
        >>> table.handles[table.match(kind="provider")].tolist()
        [7]

    Row i is the i-th resource given: where nothing else says who comes first, the order of the rows does. Every column
    is read-only.

    Attributes:
        resources: The rows.
        handles: int64[n]: the caller's numbers.
        weights: int64[n]: shares of the work.
        supervised: bool[n]: the juniors.
    """

    resources: tuple[Resource, ...]
    handles: Int64Array
    weights: Int64Array
    supervised: BoolArray
    _skills: dict[int, tuple[Words, ...]]
    _kinds: dict[int | str, Words]
    _groups: dict[int | str, Words]
    _locations: dict[int | str, Words]
    _everywhere: Words
    _none: Words

    @classmethod
    def of(cls, resources: Resource | ResourceTable | Iterable[Resource]) -> ResourceTable:
        """Rows from resources; a table is given back as it is.

            >>> len(ResourceTable.of([]))
            0

        Raises:
            InvalidValueError: Something else than resources, or one handle twice.
        """
        if isinstance(resources, ResourceTable):
            return resources
        rows = as_each(Resource, "resources", resources)
        handles = as_handles("resources", [one.handle for one in rows])
        supervised = np.array([one.supervised for one in rows], np.bool_)
        supervised.setflags(write=False)
        skills = [{skill: level.rank for skill, level in one.skills.items()} for one in rows]
        # Who is bound to no place can be at each.
        places = _bits.by_key(([_ANYWHERE] if not one.locations else one.locations for one in rows), len(rows))
        none = np.zeros(_bits.words_for(len(rows)), np.uint64)
        return cls(
            rows,
            frozen(np.array(handles, np.int64)),
            frozen(np.array([one.weight for one in rows], np.int64)),
            supervised,
            _bits.by_skill(skills, len(rows)),
            _bits.by_key(([one.kind] for one in rows), len(rows)),
            _bits.by_key((one.groups for one in rows), len(rows)),
            places,
            places.pop(_ANYWHERE, none),
            none,
        )

    def __repr__(self) -> str:
        """Say how much there is; its columns would fill a page."""
        return f"<ResourceTable of {len(self)} resources>"

    def __len__(self) -> int:
        """How many rows."""
        return len(self.resources)

    @property
    def skills(self) -> tuple[int, ...]:
        """The skills that somebody has, sorted."""
        return tuple(sorted(self._skills))

    def match(
        self,
        requirement: Requirement | None = None,
        *,
        kind: ResourceKind | str | None = None,
        group: int | None = None,
        location: int | None = None,
    ) -> BoolArray:
        """Who meets all of it, as a mask over the rows; ``None`` = that is not asked.

        A skill, group or place that nobody has is met by nobody; ``petpro_core.matching.match`` says what is missing.
        Some microseconds for 10,000 rows.

            >>> from petpro_core.matching import Has
            >>> table = ResourceTable.of([Resource(7, "provider", skills={3: "expert"}), Resource(8, "provider")])
            >>> table.match(Has(3, "advanced")).tolist()
            [True, False]

        Args:
            requirement: What they must be able to do.
            kind: What they are; its word is taken too.
            group: A group they belong to.
            location: A place they can be at.

        Raises:
            InvalidValueError: A value of another type, or no word of a kind.
        """
        if requirement is not None:
            as_kind("requirement", requirement, Requirement)
        kinds = () if kind is None else (as_resource_kind(kind),)
        groups = () if group is None else (as_whole("group", group),)
        return self.select(requirement, kinds, groups, () if location is None else (as_whole("location", location),))

    def select(
        self,
        requirement: Requirement | None,
        kinds: Iterable[ResourceKind],
        groups: Iterable[int],
        locations: Iterable[int],
    ) -> BoolArray:
        """``match`` of checked values, several of each: who is of all these kinds, groups and places."""
        none = self._none
        words = ~none if requirement is None else _bits.evaluated(requirement, self._skills, none)
        for kind in kinds:
            words = words & self._kinds.get(kind, none)
        for group in groups:
            words = words & self._groups.get(group, none)
        for location in locations:
            words = words & (self._locations.get(location, none) | self._everywhere)
        return _bits.masked(words, len(self))

    def among(self, handles: Iterable[int]) -> BoolArray:
        """Who is named, as a mask over the rows; a handle that is not in the table names nobody."""
        mask = np.zeros(len(self), np.bool_)
        mask[[self._rows[handle] for handle in handles if handle in self._rows]] = True
        return mask

    def row_of(self, handle: int) -> int:
        """The row of a resource.

        Raises:
            InvalidValueError: No resource of that handle.
        """
        row = self._rows.get(as_whole("handle", handle))
        if row is None:
            msg = f"a handle is that of a resource in the table, got {handle}; put that one into the table first"
            raise InvalidValueError(msg, name="handle", got=handle)
        return row

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {handle: row for row, handle in enumerate(self.handles.tolist())}

    def calendars(self, rows: npt.ArrayLike | None = None) -> CalendarBatch:
        """The calendars of some rows with their handles, for ``find_slots`` and its like.

            >>> from petpro_core.schedules import Schedule
            >>> table = ResourceTable.of([Resource(7, "provider", Calendar(Schedule("UTC")))])
            >>> table.calendars(table.match(kind="provider"))
            <CalendarBatch of 1 rows, 1 distinct>

        Args:
            rows: A mask over the rows; ``None`` = all.

        Raises:
            InvalidValueError: No mask of the table, or a resource whose hours are not told.
        """
        mask = np.ones(len(self), np.bool_) if rows is None else _bits.as_mask("rows", rows, (len(self),))
        chosen = [self.resources[row] for row in mask.nonzero()[0].tolist()]
        calendars = [one.calendar for one in chosen if one.calendar is not None]
        if len(calendars) < len(chosen):
            without = [one.handle for one in chosen if one.calendar is None]
            msg = f"each resource has a calendar where hours are asked for, got none for {without}; give it to Resource"
            raise InvalidValueError(msg, name="calendar", got=without)
        return CalendarBatch.of(calendars, [one.handle for one in chosen])

    def on_duty(self, within: Interval, *, location: int | None = None) -> BoolArray:
        """Whose hours cover all of an interval, as a mask over the rows.

        Time off is no duty; a booking changes nothing. Whose hours are not told is not on duty: unknown is not free.

            >>> from datetime import UTC, datetime
            >>> from petpro_core.schedules import Schedule, WeeklyHours
            >>> mornings = Calendar(Schedule("UTC", WeeklyHours({"monday": ["08:00-12:00"]})))
            >>> table = ResourceTable.of([Resource(7, "provider", mornings), Resource(8, "provider")])
            >>> nine = Interval(datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC))
            >>> table.on_duty(nine).tolist()
            [True, False]

        Args:
            within: The time that hours must cover.
            location: Only hours of this place, and of none in particular; ``None`` = all.

        Raises:
            InvalidValueError: No interval.

        Source: ADR 4 (unknown is not free).
        """
        as_kind("within", within, Interval)
        mask = np.array([one.calendar is not None for one in self.resources], np.bool_)
        if mask.any():
            mask[mask] = open_hours(self.calendars(mask), within=within, location=location).covers(within)
        return mask
