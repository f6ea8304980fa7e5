"""A prepared index: a snapshot of many calendars that answers the same question again and again, exactly.

Its cells are candidate starts, not time, and each is set by the judge of ``decisions``; so an answer of the index is
the answer of a search, for every rule and every booking, on the grid or off it.

Source: ADR 18.
"""

from petpro_core.index._index import SlotIndex

__all__ = ["SlotIndex"]
