"""Published promises as recorded acts of the centre: a new version of an offer, and where a version was published.

A new version counts from its day; cases keep the version of their receipt (P-13). Must not know cases or pages.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from py_core.cases.events import COMPLETION_EVENTS
from py_core.cases.fields import LONG_TEXT_MAX, read_date
from py_core.city.said import read_text
from py_core.directory import Directory, Offer
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.periods import read_period
from py_core.values import N_

_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_VERSION_MAX = 9_999
_LIST_MAX = 200
_ENTRY_MAX = 200
# What a guide or promise says in words, in the order of the forms (WH-CN-2, WH-CN-5, JY-3.1.3).
WORDS = (
    "basis", "scope", "conditions", "procedure", "standard", "responsibility", "functions", "policy", "fee", "result",
    "handler",
)  # fmt: skip
CHANNELS = ("website", "notice_board", "hall_screen", "leaflet", "newspaper", "social_media", "other")


@dataclass(frozen=True, slots=True)
class OfferPublished:
    """The centre published a version of an offer, whole: every entry stands as it is written here."""

    offer: Offer
    reason: str

    @property
    def about(self) -> Hashable:
        return ("offer", self.offer.id, self.offer.version)

    @property
    def content(self) -> Hashable:
        return repr(self.offer)


@dataclass(frozen=True, slots=True)
class PublicationRecorded:
    """Where and when a version of an offer was made public (JY-3.1.4): one line of the ledger F-28."""

    offer: str
    version: int
    channel: str
    place: str
    published_on: date
    reason: str

    @property
    def about(self) -> Hashable:
        return ("publication", self.offer, self.version, self.channel, self.place, self.published_on)

    @property
    def content(self) -> Hashable:
        return self.about


def read_offer_published(event: Mapping[str, Any], packs: Packs) -> OfferPublished:
    """Raises `Malformed` naming the entry of the offer that is wrong."""
    row = event.get("offer")
    if not isinstance(row, Mapping):
        raise Malformed("offer", N_("is missing"))
    pack = packs.get(read_text(row, "pack"))
    if pack is None:
        raise Malformed("pack", N_("is unknown"))
    matter = pack.matters.get(read_text(row, "matter"))
    if matter is None:
        raise Malformed("matter", N_("is unknown"))
    promise, statutory = _period(row, "promise"), _period(row, "statutory")
    if matter.clock == "promise" and promise is None:
        raise Malformed("promise", N_("is missing"))
    completion = row.get("completion_event")
    if completion is not None and completion not in COMPLETION_EVENTS:
        raise Malformed("completion_event", N_("must be one of the choices"))
    if not _ID.fullmatch(read_text(row, "id")):
        raise Malformed("id", N_("must be one of the choices"))
    return OfferPublished(
        Offer(
            id=row["id"],
            pack=pack.id,
            matter=matter.id,
            zh=read_text(row, "zh"),
            en=read_text(row, "en"),
            units=_texts(row, "units"),
            version=_version(row),
            in_force_from=read_date(row.get("in_force_from"), "in_force_from"),
            promise=promise,
            statutory=statutory,
            completion_event=completion,
            materials=_texts(row, "materials"),
            **{name: read_text(row, name, LONG_TEXT_MAX, needed=False) for name in WORDS},
        ),
        read_text(event, "reason", LONG_TEXT_MAX),
    )


def read_publication_recorded(event: Mapping[str, Any], packs: Packs) -> PublicationRecorded:
    """Raises `Malformed` naming the field that is wrong."""
    channel = read_text(event, "channel")
    if channel not in CHANNELS:
        raise Malformed("channel", N_("must be one of the choices"))
    return PublicationRecorded(
        read_text(event, "offer"),
        _version(event),
        channel,
        read_text(event, "place"),
        read_date(event.get("published_on"), "published_on"),
        read_text(event, "reason", LONG_TEXT_MAX, needed=False),
    )


def offer_row(offer: Offer) -> dict[str, Any]:
    """The offer as an act carries it."""
    row: dict[str, Any] = {
        "id": offer.id, "pack": offer.pack, "matter": offer.matter, "zh": offer.zh, "en": offer.en,
        "units": list(offer.units), "version": offer.version, "in_force_from": offer.in_force_from.isoformat(),
        "materials": list(offer.materials),
    }  # fmt: skip
    for name in ("promise", "statutory"):
        if getattr(offer, name):
            row[name] = dict(getattr(offer, name))
    if offer.completion_event:
        row["completion_event"] = offer.completion_event
    return row | {name: getattr(offer, name) for name in WORDS if getattr(offer, name)}


def with_published(directory: Directory, published: Iterable[Offer]) -> Directory:
    """The directory with the versions that the centre recorded beside those that came with it."""
    versions: dict[str, dict[int, Offer]] = {}
    for key, offer in directory.offers.items():
        versions[key] = {each.version: each for each in (offer, *directory.earlier_offers.get(key, ()))}
    for offer in published:  # in the order of the document: of one version the later act stands
        versions.setdefault(offer.id, {})[offer.version] = offer
    newest, earlier = {}, {}
    for key, found in versions.items():
        ordered = [found[number] for number in sorted(found, reverse=True)]
        newest[key] = ordered[0]
        if len(ordered) > 1:
            earlier[key] = tuple(ordered[1:])
    return replace(directory, offers=newest, earlier_offers=earlier)


def _version(row: Mapping[str, Any]) -> int:
    value = row.get("version")
    if type(value) is not int or not 0 < value <= _VERSION_MAX:
        raise Malformed("version", N_("must be a number"))
    return value


def _period(row: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) - {"n", "unit", "extension", "from"}:
        raise Malformed(name, N_("is wrong"))
    read_period(value, name)
    extension, start = value.get("extension"), value.get("from")
    if extension is not None and not (type(extension) is int and 0 < extension <= _VERSION_MAX):
        raise Malformed(name, N_("is wrong"))
    if start not in (None, "received", "accepted"):
        raise Malformed(name, N_("is wrong"))
    return dict(value)


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or len(value) > _LIST_MAX:
        raise Malformed(name, N_("is wrong"))
    if not all(isinstance(each, str) and 0 < len(each) <= _ENTRY_MAX for each in value):
        raise Malformed(name, N_("is wrong"))
    return tuple(value)
