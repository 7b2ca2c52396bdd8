"""What can be registered at this desk: published services, the hotline's appeals, every other matter of the regulations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from py_core.desk import notice_entries
from py_core.desk.forms import Form
from py_core.desk.time_words import SAME_DAY, unit_term
from py_core.desk.turn import Turn
from py_core.directory import Offer
from py_core.packs import Matter, Pack
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_

APPEAL_PACK = "HL"
APPEAL_MATTERS = ("citizen", "enterprise")
MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be asked for.

    `kind` is "service" (papers, signature, receipt), "appeal", or "matter": what a regulation gives a limit or a duty
    without a published service, such as letters, instructions, enquiries and A/B posts.
    """

    value: str
    kind: str
    pack: Pack
    matter: Matter
    offer: Offer | None = None

    @property
    def takes_papers(self) -> bool:
        """Whether papers come with it that may be incomplete."""
        return self.kind == "service" or (self.kind == "matter" and self.matter.correction)

    @property
    def takes_signature(self) -> bool:
        """Whether its registration on the spot is signed."""
        return self.kind == "service" or (self.kind == "matter" and bool(self.pack.signature_channels))

    @property
    def takes_limit(self) -> bool:
        """Whether the instruction or letter may set the limit itself (P-16)."""
        return self.matter.explicit_allowed or self.matter.explicit_only

    @property
    def registering_article(self) -> str:
        """The article of its regulation that has contacts registered, with how to reach the person."""
        return self.pack.common.breaches["B-02"].sources.get(self.pack.id, "")

    @property
    def notice(self) -> str:
        """What its one-time notice itself has to tell, as names of entries with spaces between them."""
        return " ".join(notice_entries.asked(self.pack.id, self.offer)) if self.takes_papers else ""

    def paper_field(self, index: int) -> str:
        return f"paper-{self.value}-{index}"

    @property
    def all_papers_field(self) -> str:
        """One tick for every paper that the service asks for."""
        return f"papers-{self.value}"

    def copies_field(self, index: int) -> str:
        return f"copies-{self.value}-{index}"


def choices(turn: Turn) -> list[Choice]:
    """Services that the person's unit offers and that are in force, then the appeals, then the other matters."""
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
        for offer in (turn.directory.offer_on(key, today) for key in turn.directory.offers)
        if offer is not None
        and (not offer.units or unit in offer.units)
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
    return found + _matters(turn)


def _matters(turn: Turn) -> list[Choice]:
    """Matters whose limit stands in the regulation itself; a promised one needs the published service (P-13)."""
    return [
        Choice(f"{MATTER}:{pack.id}:{matter.id}", MATTER, pack, matter)
        for pack in turn.packs.values()
        for matter in pack.matters.values()
        if matter.clock != "promise" and not (pack.id == APPEAL_PACK and matter.id in APPEAL_MATTERS)
    ]


def chosen(form: Form, offered: Sequence[Choice]) -> Choice | None:
    """The choice that a form names: a radio button, and for the other matters the list beside it."""
    value = form.value("offer")
    if value == MATTER:
        value = form.value("matter")
        if not value.startswith(f"{MATTER}:"):
            return None
    return next((choice for choice in offered if choice.value == value), None)


def matter_groups(turn: Turn, offered: Sequence[Choice]) -> list[dict[str, object]]:
    """The other matters by regulation, as the list in the form shows them."""
    english = turn.lang == language.EN
    groups: dict[str, dict[str, object]] = {}
    for choice in offered:
        if choice.kind != MATTER:
            continue
        pack = choice.pack
        group = groups.setdefault(pack.id, {"name": pack.en if english else pack.zh, "options": []})
        options = group["options"]
        assert isinstance(options, list)
        limit = _limit(turn, choice)
        name = choice.matter.en if english else choice.matter.zh
        options.append(
            {
                "value": choice.value,
                "text": turn.say(N_("%(matter)s (%(limit)s)"), matter=name, limit=limit) if limit else name,
                "papers": choice.takes_papers,
                "signature": choice.takes_signature,
                "limit": choice.takes_limit,
                "notice": choice.notice,
            }
        )
    return list(groups.values())


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
        "notice": choice.notice,
        "papers": [
            {"name": name, "field": choice.paper_field(index), "copies": choice.copies_field(index)}
            for index, name in enumerate(choice.offer.materials if choice.offer else ())
        ],
    }


def _unit(turn: Turn, pack: Pack, n: int, unit: str) -> str:
    return pack.term(unit_term(unit, n), turn.lang)


def _limit(turn: Turn, choice: Choice) -> str:
    if choice.offer and choice.offer.promise:
        n, unit = (
            choice.offer.promise["n"],
            _unit(turn, choice.pack, choice.offer.promise["n"], choice.offer.promise["unit"]),
        )
        return turn.say(N_("promised in %(n)s %(unit)s"), n=n, unit=unit)
    if choice.matter.limit:
        period = choice.matter.limit.period
        if period.n == 0:
            return turn.say(SAME_DAY)
        unit = _unit(turn, choice.pack, period.n, period.unit)
        return turn.say(N_("to be answered in %(n)s %(unit)s"), n=period.n, unit=unit)
    return ""
