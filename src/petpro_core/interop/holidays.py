"""Public holidays by country, from the ``holidays`` package (an extra), as the ``Holiday`` objects of a schedule."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from petpro_core.errors import InvalidValueError, MissingExtraError
from petpro_core.schedules import Holiday

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["public_holidays"]

_MOST_YEARS: Final = 200


def public_holidays(country: str, *, subdivision: str | None = None, years: Iterable[int]) -> tuple[Holiday, ...]:
    """The public holidays of a country, and of one of its parts, in these years, in order; days off in lieu included.

    The list is that of the installed ``holidays`` package: it depends on the package's release, never on the clock.
    A practice that opens on one of them says so by a ``DateOverride``. ::

        public_holidays("US", subdivision="NY", years=[2026, 2027])

    Args:
        country: ISO 3166-1 alpha-2 code, ``"US"``.
        subdivision: ISO 3166-2 code without the country, ``"NY"``.
        years: Which years, 1 to 9999; at most 200.

    Raises:
        MissingExtraError: The package is not there; ``pip install petpro[holidays]``.
        InvalidValueError: A country, a subdivision or a year that the package does not have.

    Source: https://pypi.org/project/holidays/; ISO 3166.
    """
    wanted = sorted(set(years))
    if len(wanted) > _MOST_YEARS or any(not 1 <= year <= 9999 for year in wanted):
        msg = f"holidays are made for at most {_MOST_YEARS} years from 1 to 9999, got {wanted[:1]} to {wanted[-1:]}"
        raise InvalidValueError(msg, name="years", got=len(wanted))
    try:
        package: Any = import_module("holidays")
    except ImportError:
        msg = "public holidays by country need the holidays package, which is not here; pip install petpro[holidays]"
        raise MissingExtraError(msg, extra="holidays", package="holidays") from None
    supported = package.list_supported_countries()
    if country not in supported:
        msg = f"a country is a code of ISO 3166-1 that the holidays package has, got {country!r}; such as US, GB or DE"
        raise InvalidValueError(msg, name="country", got=country)
    if subdivision is not None and subdivision not in supported[country]:
        parts = ", ".join(supported[country]) or "none"
        msg = f"a subdivision is one that the holidays package has of {country}, got {subdivision!r}; allowed: {parts}"
        raise InvalidValueError(msg, name="subdivision", got=subdivision)
    if not wanted:
        return ()
    found = package.country_holidays(country, subdiv=subdivision, years=wanted)
    return tuple(Holiday(day, str(name)) for day, name in sorted(found.items()))
