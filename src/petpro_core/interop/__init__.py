"""Text and plain values from elsewhere, read into PetPro's objects: nothing here opens a file or a socket."""

from __future__ import annotations

__all__: list[str] = []
