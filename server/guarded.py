"""Whose sign-in is guarded: those whose role of today needs a second step. Their sessions are short."""

from __future__ import annotations

from datetime import datetime

from py_core.directory import Directory
from py_core.values import local
from server.sessions import Limits
from server.settings import Settings


def needs_factor(settings: Settings, directory: Directory, user: str, now: datetime) -> bool:
    """Whether a setting demands a second factor of one of the roles that the person has today."""
    person = directory.person_on(user, local(now).date())
    return person is not None and not settings.second_factor_roles.isdisjoint(person.roles)


def limits_of(settings: Settings, directory: Directory, user: str, now: datetime) -> Limits:
    """How long this person's sessions may be today."""
    if needs_factor(settings, directory, user, now):
        return Limits(settings.guarded_idle, settings.guarded_life)
    return Limits(settings.session_idle, settings.session_life)
