"""Every law of PetPro, asked of this practice's own rules."""

from practice import ANA, BEN, CHECKUP, POLICY, SURGERY

from petpro_core.testing.suites import DecisionLaws


class TestPractice(DecisionLaws):
    calendars = (ANA, BEN)
    rules = (CHECKUP, SURGERY)
    policy = POLICY
