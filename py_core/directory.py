"""The city's configuration as every device holds it: units, people, posts, published promises, policies.

One JSON document, versioned as a whole, shipped by sync. Owns its reading; must not fetch it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from py_core.errors import Malformed


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    zh: str
    en: str
    kind: str  # "town" | "bureau" | "centre" | "window"
    phone: str
    complaint_phone: str  # JY-3.2.7: printed on every receipt
    address: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    unit: str
    title: str
    phone: str
    roles: tuple[str, ...]  # officer, unit_head, leader, dispatch_desk, reconciler, admin
    category: str = "officer"  # "support" = 工勤, never a first responder (JY-3.2.9)


@dataclass(frozen=True, slots=True)
class Post:
    id: str
    unit: str
    zh: str
    en: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A matter that a unit offers to the public, with its published promise (WH-CN-2, JY-3.1.3)."""

    id: str
    pack: str
    matter: str
    zh: str
    en: str
    units: tuple[str, ...]  # units where it can be asked for; empty: everywhere
    version: int
    in_force_from: date
    promise: Mapping[str, Any] | None = None  # {"n": 10, "unit": "workday"}
    statutory: Mapping[str, Any] | None = None
    completion_event: str | None = None
    materials: tuple[str, ...] = ()
    basis: str = ""
    fee: str = ""
    # What a one-time notice, a published promise or a guide must also say (WH-YC-1, WH-CN-2, WH-CN-5, JY-3.1.3).
    scope: str = ""
    conditions: str = ""
    procedure: str = ""
    standard: str = ""
    responsibility: str = ""
    functions: str = ""
    policy: str = ""
    result: str = ""
    handler: str = ""  # person id or words


@dataclass(frozen=True, slots=True)
class Directory:
    version: int
    city_zh: str
    city_en: str
    units: Mapping[str, Unit] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    posts: Mapping[str, Post] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)  # the newest version of each
    earlier_offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)  # newest first
    policies: Mapping[str, Any] = field(default_factory=dict)  # overrides by P-number
    public_url: str = ""  # origin for the QR on receipts, e.g. "https://shouwen.example"

    def offer_on(self, offer_id: str, day: date) -> Offer | None:
        """The promise in force on a day; None when there is none (yet)."""
        return next((offer for offer in self._versions(offer_id) if offer.in_force_from <= day), None)

    def offer_of(self, offer_id: str, version: int | None) -> Offer | None:
        """The very version of a promise that a case was registered under; None when it is not on file."""
        return next((offer for offer in self._versions(offer_id) if offer.version == version), None)

    def _versions(self, offer_id: str) -> tuple[Offer, ...]:
        newest = self.offers.get(offer_id)
        return () if newest is None else (newest, *self.earlier_offers.get(offer_id, ()))


def read_directory(data: Any) -> Directory:
    """Reads the configuration document; raises `Malformed` naming the entry that is wrong."""
    try:
        offers, earlier = _offers(data["offers"])
        return Directory(
            version=data["version"],
            city_zh=data["city_zh"],
            city_en=data["city_en"],
            units={row["id"]: Unit(**row) for row in data["units"]},
            people={row["id"]: Person(**{**row, "roles": tuple(row["roles"])}) for row in data["people"]},
            posts={row["id"]: Post(**row) for row in data["posts"]},
            offers=offers,
            earlier_offers=earlier,
            policies=data["policies"],
            public_url=data["public_url"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("directory", f"has a wrong or missing entry: {error}") from error


def _offers(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Offer], dict[str, tuple[Offer, ...]]]:
    """The newest version of each promise, and those before it; a later version counts from a later day."""
    versions: dict[str, list[Offer]] = {}
    for row in rows:
        offer = _offer(row)
        versions.setdefault(offer.id, []).append(offer)
    for key, found in versions.items():
        found.sort(key=lambda offer: offer.version, reverse=True)
        for newer, older in pairwise(found):
            if newer.version == older.version:
                raise Malformed(f"offer {key}", f"has version {newer.version} twice")
            if newer.in_force_from < older.in_force_from:
                raise Malformed(f"offer {key}", f"has version {newer.version} in force before version {older.version}")
    newest = {key: found[0] for key, found in versions.items()}
    return newest, {key: tuple(found[1:]) for key, found in versions.items() if len(found) > 1}


def _offer(row: Mapping[str, Any]) -> Offer:
    return Offer(
        **{
            **row,
            "units": tuple(row["units"]),
            "materials": tuple(row.get("materials", ())),
            "in_force_from": date.fromisoformat(row["in_force_from"]),
        }
    )
