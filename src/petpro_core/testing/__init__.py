"""The public harness: what PetPro's own tests judge it by, for whoever builds on it.

- ``oracle``: a slow and obvious answer to the same question, from plain dicts; it imports nothing of what it judges.
- ``cases``: the plain dict of a question as domain objects, so that both sides read the same words; ``plain_cases``:
  domain objects as the plain dict.
- ``laws``: the laws as functions of a plain dict, which raise ``LawBrokenError``.
- ``corpus``: cases with their answers, read from JSON and written to it.
- ``strategies``: Hypothesis strategies for every type and for whole questions (needs the extra ``testing``).
- ``suites``: every law as a ready test case for rules of your own (needs the extra ``testing``).

Nothing is imported here, so that the oracle can be used without Hypothesis.

Source: ADR 14 (laws and their oracle).
"""

__all__: list[str] = []
