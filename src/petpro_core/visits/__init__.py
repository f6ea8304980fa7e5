"""Visits: several steps, several roles, one start.

A visit is laid out as *parts* (who is held from which step to which) and *ways* (how the steps follow each other). The
judge says of each part when a resource could take it; bipartite matching says who takes it. A single booking is a visit
of one step.
"""

from petpro_core.visits.checks import PartExplanation, VisitConflict, VisitExplanation, check_visit, explain_visit
from petpro_core.visits.plans import PlannedPart, PlannedStep, VisitPlan
from petpro_core.visits.search import PartSummary, VisitTable, find_visits
from petpro_core.visits.steps import Step, Visit
from petpro_core.visits.travel import TravelTimes

__all__ = [
    "PartExplanation",
    "PartSummary",
    "PlannedPart",
    "PlannedStep",
    "Step",
    "TravelTimes",
    "Visit",
    "VisitConflict",
    "VisitExplanation",
    "VisitPlan",
    "VisitTable",
    "check_visit",
    "explain_visit",
    "find_visits",
]
