"""The city's configuration as every device holds it: units, people, posts, published promises, policies.

One JSON document, versioned as a whole, shipped by sync. Owns its reading; must not fetch it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar

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
class Term:
    """What a person is from a day to a day, both included; no `since`: from ever, no `until`: until further notice."""

    unit: str
    title: str
    roles: tuple[str, ...]  # of `rights.toml`
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the city; unit, title and roles are those of the newest term (`on` gives those of a day)."""

    id: str
    name: str
    unit: str
    title: str
    phone: str
    roles: tuple[str, ...]  # of `rights.toml`
    category: str = "officer"  # "support" = 工勤, never a first responder (JY-3.2.9)
    terms: tuple[Term, ...] = ()  # the oldest first; none: what stands above, always

    def on(self, day: date) -> Person | None:
        """The person with the unit, title and roles of a day; None when nothing is held on it."""
        if not self.terms:
            return self
        term = next((each for each in self.terms if each.holds_on(day)), None)
        return replace(self, unit=term.unit, title=term.title, roles=term.roles) if term else None

    @property
    def all_terms(self) -> tuple[Term, ...]:
        return self.terms or (Term(self.unit, self.title, self.roles),)


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a post's A and B from a day to a day, both included."""

    a: str
    b: str
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its A and B; `a` and `b` are the newest holders (`on` gives those of a day)."""

    id: str
    unit: str
    zh: str
    en: str
    a: str
    b: str
    holders: tuple[Holders, ...] = ()  # the oldest first; none: what stands above, always

    def on(self, day: date) -> Post | None:
        """The post with the holders of a day; None when nobody holds it then."""
        if not self.holders:
            return self
        found = next((each for each in self.holders if each.holds_on(day)), None)
        return replace(self, a=found.a, b=found.b) if found else None

    @property
    def all_holders(self) -> tuple[Holders, ...]:
        return self.holders or (Holders(self.a, self.b),)


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

    def person_on(self, user: str, day: date) -> Person | None:
        """Who somebody is on a day; None for the unknown and for those who hold nothing then."""
        person = self.people.get(user)
        return None if person is None else person.on(day)

    def people_on(self, day: date) -> tuple[Person, ...]:
        """Everybody who holds something on a day, as what they hold."""
        return tuple(found for person in self.people.values() if (found := person.on(day)) is not None)

    def stood_in_for(self, user: str, day: date) -> tuple[str, ...]:
        """Whose work falls to somebody on a day when they are away: the A of every post of which the person is B."""
        return tuple(dict.fromkeys(post.a for post in self._posts_on(day) if post.b == user != post.a))

    def stand_ins_of(self, people: Collection[str], day: date) -> tuple[str, ...]:
        """Who stands in on a day for these people: the B of every post of which one of them is A."""
        return tuple(dict.fromkeys(post.b for post in self._posts_on(day) if post.a in people and post.b))

    def _posts_on(self, day: date) -> Iterator[Post]:
        return (held for post in self.posts.values() if (held := post.on(day)) is not None)

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
            people={row["id"]: _person(row) for row in data["people"]},
            posts={row["id"]: _post(row) for row in data["posts"]},
            offers=offers,
            earlier_offers=earlier,
            policies=data["policies"],
            public_url=data["public_url"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed("directory", f"has a wrong or missing entry: {error}") from error


def _person(row: Mapping[str, Any]) -> Person:
    """A row with `terms`, or with unit, title and roles that hold always."""
    if "terms" not in row:
        return Person(**{**row, "roles": tuple(row["roles"])})
    terms = [Term(**{**term, **_period(term), "roles": tuple(term["roles"])}) for term in row["terms"]]
    ordered = _without_overlap(f"person {row['id']}", terms)
    newest = ordered[-1]
    return Person(**{**row, "unit": newest.unit, "title": newest.title, "roles": newest.roles, "terms": ordered})


def _post(row: Mapping[str, Any]) -> Post:
    if "holders" not in row:
        return Post(**row)
    ordered = _without_overlap(f"post {row['id']}", [Holders(**{**each, **_period(each)}) for each in row["holders"]])
    return Post(**{**row, "a": ordered[-1].a, "b": ordered[-1].b, "holders": ordered})


_Period = TypeVar("_Period", Term, Holders)


def _period(row: Mapping[str, Any]) -> dict[str, date | None]:
    found = {name: date.fromisoformat(row[name]) if row.get(name) else None for name in ("since", "until")}
    since, until = found["since"], found["until"]
    if since is not None and until is not None and until < since:
        raise ValueError(f"a period ends ({until}) before it begins ({since})")
    return found


def _without_overlap(what: str, periods: Sequence[_Period]) -> tuple[_Period, ...]:
    """The periods in order; raises `Malformed` when there is none, or when two share a day."""
    if not periods:
        raise Malformed(what, "has no period at all")
    ordered = sorted(periods, key=lambda each: each.since or date.min)
    for earlier, later in pairwise(ordered):
        if earlier.until is None or later.since is None or later.since <= earlier.until:
            raise Malformed(what, f"has two periods on {later.since or 'the first day'}")
    return tuple(ordered)


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
