"""Turns the data files into single requests: who asks for what, where, in which words. Deterministic from its seed.

Owns names, places and wording; must not know times or what becomes of a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from server.demo.data import Enterprise, Service, Topic, enterprises, names, phrases, places


def firms_of(town: str, sorts: Sequence[str]) -> list[Enterprise]:
    """The enterprises of these sorts in a town; no sorts: none."""
    return [firm for firm in enterprises() if firm.unit == town and firm.sort in sorts]


@dataclass(frozen=True, slots=True)
class Telling:
    """One request as it is registered. `incident` is equal for all tellings of the same matter at the same place."""

    incident: str
    pack: str
    matter: str
    offer: str
    unit: str  # the unit that handles it
    title: str
    text: str
    place: str
    claimant: str  # person, enterprise, other_org
    claimant_name: str
    claimant_phone: str
    claimant_id: str
    claimant_address: str
    kind: str
    result: str
    missing: tuple[str, ...] = ()
    procedure: str = ""
    months: tuple[int, ...] = ()


class Teller:
    """Makes tellings; every name, number and place comes from the given generator."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._people = 0
        self._incidents = 0

    def incident(self, topic: Topic, town: str, which: Sequence[int] | None = None) -> Iterator[Telling]:
        """Tellings (all, or these in this order) of one hotline matter at one place of a town, by different callers.

        Where the tellings of a topic are different matters, each is an incident of its own.
        """
        random = self._random
        place, firm = self._where(topic.place, town, topic.firms)
        facts = self._facts()
        order = random.sample(range(len(topic.texts)), len(topic.texts)) if which is None else which
        for position, index in enumerate(order):
            if position == 0 or topic.apart:
                self._incidents += 1
            who = firm.contact if firm else self._name()
            slots = {"place": place, "firm": firm.name if firm else "", "who": who, **facts}
            yield Telling(
                incident=f"{topic.id}-{self._incidents}",
                pack="HL",
                matter=topic.matter,
                offer=f"hotline-{topic.matter}",
                unit=town if topic.to == "town" else topic.to,
                title=topic.title.format(**slots),
                text=topic.texts[index].format(**slots) + random.choice(phrases()["closing"]),
                place=place,
                claimant="enterprise" if firm else "person",
                claimant_name=firm.name if firm else who,
                claimant_phone=self._mobile(),
                claimant_id=firm.code if firm else "",
                claimant_address=place if firm or topic.place in ("village", "estate") else "",
                kind=topic.kind,
                result=topic.reply.format(**slots),
                months=topic.months,
            )

    def application(self, service: Service, town: str, unit: str, which: int) -> Telling:
        """One application for a promised matter by somebody from a town."""
        self._incidents += 1
        place, firm = self._where(service.place, town, service.firms)
        who = self._name(service.age)
        body = f"{place}{service.body}" if service.body else who
        slots = {"place": place, "firm": firm.name if firm else "", "who": who, **self._facts()}
        return Telling(
            incident=f"{service.offer}-{self._incidents}",
            pack="JY",
            matter="service",
            offer=service.offer,
            unit=unit,
            title=service.title.format(**slots),
            text=service.texts[which].format(**slots),
            place=place,
            claimant=service.claimant,
            claimant_name=firm.name if firm else body,
            claimant_phone=self._mobile(),
            claimant_id=firm.code if firm else "",
            claimant_address=place,
            kind="",
            result=service.result.format(**slots),
            missing=service.missing,
            procedure=service.procedure,
        )

    def _where(self, kind: str, town: str, sorts: Sequence[str]) -> tuple[str, Enterprise | None]:
        known = places()[town]
        if sorts:
            firm = self._random.choice(firms_of(town, sorts))
            return (firm.place if kind == "works" else self._random.choice(known[kind])), firm
        place = self._random.choice(known[kind])
        # Villages and estates are told with their town, unless the name itself begins like the town's.
        return (place if place.startswith(known["town"][:2]) else f"{known['town']}{place}"), None

    def _facts(self) -> dict[str, int]:
        return {"n": self._random.randint(2, 9), "b": self._random.randint(1, 28), "d": self._random.randint(2, 12)}

    def _name(self, age: str = "") -> str:
        given = age or self._random.choices(("elder", "middle", "young"), (3, 4, 2))[0]
        return self._random.choice(names()["surnames"]) + self._random.choice(names()[given])

    def _mobile(self) -> str:
        self._people += 1
        return f"1380000{1000 + self._people:04d}"
