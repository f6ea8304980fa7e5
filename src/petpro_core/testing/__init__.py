"""The public harness: what PetPro's own tests judge it by, for whoever builds on it.

- ``oracle``: a slow and obvious answer to the same question, from plain dicts; it imports nothing of what it judges.
- ``cases``: the plain dict of a question as domain objects, so that both sides read the same words.
- ``strategies``: Hypothesis strategies for the types and for whole questions (needs the extra ``testing``).
- ``laws``: the laws as functions of a plain dict, which raise ``LawBrokenError``.

Nothing is imported here, so that the oracle can be used without Hypothesis.

Source: ADR 14 (laws and their oracle).
"""

__all__: list[str] = []
