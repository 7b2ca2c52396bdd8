"""How long contents are kept, by kind of matter: the city's policy with a packaged default. Must not count days.

Loaded when asked for, so that opening a case does not wait for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed

YEARS_MAX = 100
UNDECIDED = "undecided"  # the setting of the days after which undecided work is reminded of
EVERY_OTHER = "*"


@dataclass(frozen=True, slots=True)
class KeepingRule:
    """One kind of document and the years for which its content is kept after its last step, unless the city says else."""

    id: str
    zh: str
    en: str
    years: int
    matters: frozenset[str]  # PACK.matter
    kinds: frozenset[str]  # of requests
    visits: bool
    unmatched: bool  # what has no document of the record that it belongs to


@dataclass(frozen=True, slots=True)
class KeepingRules:
    """Every rule, in the order in which they are looked at, and on what the figures rest."""

    rules: tuple[KeepingRule, ...]
    ground_zh: str
    ground_en: str
    remind_days: int  # after which undecided work in quarantine is reminded of, unless the city says else
    remind_days_max: int
    remind_zh: str
    remind_en: str

    def of_case(self, pack: str, matter: str, kind: str) -> KeepingRule:
        """The rule for a case."""
        name = f"{pack}.{matter}"
        return next(
            rule for rule in self.rules if name in rule.matters or kind in rule.kinds or EVERY_OTHER in rule.matters
        )

    @property
    def of_visits(self) -> KeepingRule:
        return next(rule for rule in self.rules if rule.visits)

    @property
    def of_unmatched(self) -> KeepingRule:
        return next(rule for rule in self.rules if rule.unmatched)


@cache
def load_retention() -> KeepingRules:
    """The packaged rules."""
    return read_retention(tomllib.loads(files("py_core.packs").joinpath("retention.toml").read_text(encoding="utf-8")))


def read_retention(data: Mapping[str, Any]) -> KeepingRules:
    """Reads the table; raises `Malformed` when a kind of document would have no rule."""
    try:
        rules = tuple(
            KeepingRule(
                row["id"], row["zh"], row["en"], row["years"], frozenset(row.get("matters", ())),
                frozenset(row.get("kinds", ())), row.get("visits", False),
                row.get("unmatched", False),
            )
            for row in data["rule"]
        )  # fmt: skip
        ground, undecided = data["ground"], data[UNDECIDED]
        found = KeepingRules(
            rules, ground["zh"], ground["en"], undecided["remind_days"], undecided["remind_days_max"], undecided["zh"],
            undecided["en"],
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise Malformed("retention", f"has a wrong or missing entry: {error}") from error
    if not all(
        (
            any(EVERY_OTHER in rule.matters for rule in rules),
            any(rule.visits for rule in rules),
            any(rule.unmatched for rule in rules),
        )
    ):
        raise Malformed("retention", "must have a rule for every case, one for visits, one for what has no case")
    if not all(type(rule.years) is int and 0 < rule.years <= YEARS_MAX for rule in rules):
        raise Malformed("retention", f"must give 1 to {YEARS_MAX} years")
    if type(found.remind_days) is not int or found.remind_days < 1:
        raise Malformed("retention", "must remind of undecided work after one day or more")
    return found
