"""What can be registered at this desk: the unit's published services and the appeals of the hotline."""

from __future__ import annotations

from dataclasses import dataclass

from py_core.desk.turn import Turn
from py_core.directory import Offer
from py_core.packs import Matter, Pack
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

APPEAL_PACK = "HL"
APPEAL_MATTERS = ("citizen", "enterprise")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be asked for. `kind` is "service" (papers, signature, receipt) or "appeal"."""

    value: str
    kind: str
    pack: Pack
    matter: Matter
    offer: Offer | None = None

    def paper_field(self, index: int) -> str:
        return f"paper-{self.value}-{index}"

    @property
    def all_papers_field(self) -> str:
        """One tick for every paper that the service asks for."""
        return f"papers-{self.value}"

    def copies_field(self, index: int) -> str:
        return f"copies-{self.value}-{index}"


def choices(turn: Turn) -> list[Choice]:
    """Services that the person's unit offers and that are in force, then the appeals."""
    unit = turn.person.unit if turn.person else ""
    today = local(turn.surroundings.now).date()
    found = [
        Choice(
            f"offer:{offer.id}",
            "appeal" if offer.pack == APPEAL_PACK else "service",
            turn.packs[offer.pack],
            turn.packs[offer.pack].matters[offer.matter],
            offer,
        )
        for offer in turn.directory.offers.values()
        if (not offer.units or unit in offer.units)
        and offer.in_force_from <= today
        and offer.pack in turn.packs
        and offer.matter in turn.packs[offer.pack].matters
    ]
    found.sort(key=lambda choice: choice.kind != "service")
    hotline = turn.packs.get(APPEAL_PACK)
    published = {choice.matter.id for choice in found if choice.kind == "appeal"}
    if hotline:
        # Appeals are taken everywhere, whether or not the city publishes them as an offer of its own (HL-2).
        found += [
            Choice(f"appeal:{name}", "appeal", hotline, hotline.matters[name])
            for name in APPEAL_MATTERS
            if name in hotline.matters and name not in published
        ]
    return found


def choice_view(turn: Turn, choice: Choice) -> dict[str, object]:
    """A choice as the form shows it, with its limit and article."""
    english = turn.lang == language.EN
    source = choice.offer or choice.matter
    return {
        "value": choice.value,
        "kind": choice.kind,
        "name": source.en if english else source.zh,
        "limit": _limit(turn, choice),
        "article": choice.matter.limit.article if choice.matter.limit else choice.matter.article,
        "all_papers": choice.all_papers_field,
        "papers": [
            {"name": name, "field": choice.paper_field(index), "copies": choice.copies_field(index)}
            for index, name in enumerate(choice.offer.materials if choice.offer else ())
        ],
    }


def _limit(turn: Turn, choice: Choice) -> str:
    if choice.offer and choice.offer.promise:
        n, unit = choice.offer.promise["n"], choice.pack.term(f"unit.{choice.offer.promise['unit']}", turn.lang)
        return turn.say(N_("promised in %(n)s %(unit)s"), n=n, unit=unit)
    if choice.matter.limit:
        period = choice.matter.limit.period
        unit = choice.pack.term(f"unit.{period.unit}", turn.lang)
        return turn.say(N_("to be answered in %(n)s %(unit)s"), n=period.n, unit=unit)
    return ""
