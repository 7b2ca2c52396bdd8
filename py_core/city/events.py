"""What the centre may record in the city document, each read strictly. Must not know acts, cases or pages."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from py_core.cases.acts import canonical_json
from py_core.cases.fields import LONG_TEXT_MAX, TEXT_MAX, read_date
from py_core.city.filling import setting_of, value_of
from py_core.city.offers import (
    OfferPublished,
    PublicationRecorded,
    read_offer_published,
    read_publication_recorded,
)
from py_core.city.publication import Publication, read_publication
from py_core.city.said import read_text
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.values import N_


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The centre chose a reading of one of P-01 … P-20 for cases received on or after a day (P-13)."""

    policy: str
    value: str
    in_force_from: date
    reason: str
    basis: str

    @property
    def about(self) -> Hashable:
        return ("policy", self.policy, self.in_force_from)

    @property
    def content(self) -> Hashable:
        return self.value


@dataclass(frozen=True, slots=True)
class CalendarPublished:
    """The centre published or corrected the rest days of one year for one layer and place."""

    publication: Publication
    source: str
    corrects: str | None
    reason: str

    @property
    def about(self) -> Hashable:
        return ("calendar", *self.publication.place_in_law)

    @property
    def content(self) -> Hashable:
        return self.publication


@dataclass(frozen=True, slots=True)
class SettingFilled:
    """The centre filled in a value that the sources leave empty."""

    pack: str
    setting: str
    value: Any
    reason: str

    @property
    def about(self) -> Hashable:
        return ("setting", self.pack, self.setting)

    @property
    def content(self) -> Hashable:
        return canonical_json(self.value)


CityEvent = PolicySet | CalendarPublished | SettingFilled | OfferPublished | PublicationRecorded


def read_city_event(event: Mapping[str, Any], packs: Packs) -> CityEvent:
    """One event of the city document; raises `Malformed` naming the field and what is wrong with it."""
    reader = CITY_EVENTS.get(str(event.get("type")))
    if reader is None:
        raise Malformed("type", N_("is not known"))
    return reader(event, packs)


def _policy_set(event: Mapping[str, Any], packs: Packs) -> PolicySet:
    policy = packs.common.policies.get(read_text(event, "policy"))
    if policy is None:
        raise Malformed("policy", N_("is unknown"))
    value = read_text(event, "value")
    if value not in policy.options:
        raise Malformed("value", N_("must be one of the choices"))
    return PolicySet(
        policy.id,
        value,
        read_date(event.get("in_force_from"), "in_force_from"),
        read_text(event, "reason", LONG_TEXT_MAX),
        read_text(event, "basis", needed=False),
    )


def _calendar_published(event: Mapping[str, Any], packs: Packs) -> CalendarPublished:
    corrects = event.get("corrects")
    if corrects is not None and not (isinstance(corrects, str) and len(corrects) <= TEXT_MAX):
        raise Malformed("corrects", N_("must be a text"))
    return CalendarPublished(
        read_publication(event),
        read_text(event, "source"),
        corrects,
        read_text(event, "reason", LONG_TEXT_MAX, needed=corrects is not None),
    )


def _setting_filled(event: Mapping[str, Any], packs: Packs) -> SettingFilled:
    setting = setting_of(packs, read_text(event, "pack"), read_text(event, "setting"))
    return SettingFilled(
        setting.pack, setting.id, value_of(setting, event.get("value")), read_text(event, "reason", LONG_TEXT_MAX)
    )


CITY_EVENTS: Mapping[str, Callable[[Mapping[str, Any], Packs], CityEvent]] = {
    "policy_set": _policy_set,
    "calendar_published": _calendar_published,
    "setting_filled": _setting_filled,
    "offer_published": read_offer_published,
    "publication_recorded": read_publication_recorded,
}
