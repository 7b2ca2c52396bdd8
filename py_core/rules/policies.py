"""The readings in force (P-01 … P-20): defaults of the packs, overridden by the centre. Must not read a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from py_core.errors import Malformed
from py_core.packs import Common


@dataclass(frozen=True, slots=True)
class Policies:
    """One chosen reading per question, and the settings that the sources leave empty."""

    roll: str  # P-03: matter | roll | no_roll
    day_end: str  # P-04: midnight | business_hours
    business_hours_end: time
    after_hours: str  # P-05: same_day | next_office_time
    rest_day_receipt: str  # P-06: same_day | next_workday
    bare_day: str  # P-07: rule | workday | calendar_day
    untold_exclusion: str  # P-11: exclude_only_if_told | exclude_anyway
    rule_version: str  # P-13: receipt | newest
    offline_time: str  # P-14: default | occurred | arrived
    towards_office: frozenset[str]
    yellow_workdays: int  # P-20
    orange_workdays: int
    red_at: time
    pre_holiday_rest_days: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def ended(self, now: datetime, due: date) -> bool:
        """Whether the due day has ended at `now` (P-04)."""
        today = now.date()
        if today != due:
            return today > due
        return self.day_end == "business_hours" and now.time() > self.business_hours_end


def missing_year(loaded_years: Collection[int], today: date, common: Common) -> int | None:
    """The next year whose arrangement should be there by now and is not (P-15), for the centre's warning."""
    if today.year not in loaded_years:
        return today.year
    if f"{today:%m-%d}" >= common.policies["P-15"].figures["warn_from"] and today.year + 1 not in loaded_years:
        return today.year + 1
    return None


def read_policies(overrides: Mapping[str, Any] | Policies, common: Common) -> Policies:
    """The readings in force; raises `Malformed` for an option that a policy does not have."""
    if isinstance(overrides, Policies):
        return overrides
    chosen = {key: policy.default for key, policy in common.policies.items()}
    settings = {}
    for key, value in overrides.items():
        policy = common.policies.get(key)
        if policy is None:
            settings[key] = value
        elif value in policy.options:
            chosen[key] = value
        else:
            raise Malformed(f"policy {key}", f"must be one of {', '.join(policy.options)}")
    alerts = common.policies["P-20"].figures
    return Policies(
        roll=chosen["P-03"],
        day_end=chosen["P-04"],
        business_hours_end=time.fromisoformat(common.policies["P-04"].figures["business_hours_end"]),
        after_hours=chosen["P-05"],
        rest_day_receipt=chosen["P-06"],
        bare_day=chosen["P-07"],
        untold_exclusion=chosen["P-11"],
        rule_version=chosen["P-13"],
        offline_time=chosen["P-14"],
        towards_office=frozenset(common.policies["P-14"].figures["towards_office"]),
        yellow_workdays=alerts["yellow_workdays"],
        orange_workdays=alerts["orange_workdays"],
        red_at=time.fromisoformat(alerts["red_at"]),
        pre_holiday_rest_days=alerts["pre_holiday_rest_days"],
        settings=settings,
    )
