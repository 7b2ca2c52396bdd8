"""Visits to enterprises: documents beside the cases, what may be recorded in them and what they add up to."""

from py_core.visits.commands import VISIT_COMMANDS, VisitCommand, decide_visit, plan_visit, possible
from py_core.visits.document import is_visit_id, visit_id
from py_core.visits.events import VISIT_EVENTS, is_credit_code, read_visit_event
from py_core.visits.state import CANCELLED, FINISHED, PLANNED, STARTED, Apart, Paper, Visit, fold_visit

__all__ = [
    "CANCELLED", "FINISHED", "PLANNED", "STARTED", "VISIT_COMMANDS", "VISIT_EVENTS", "Apart", "Paper", "Visit",
    "VisitCommand", "decide_visit", "fold_visit", "is_credit_code", "is_visit_id", "plan_visit", "possible",
    "read_visit_event", "visit_id",
]  # fmt: skip
