"""Rule packs as frozen data: what a regulation says, each value with its article. Must not compute dates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from py_core.errors import Malformed, ShouwenError
from py_core.packs.citing import Document, Words, cite
from py_core.periods import Period


class UnknownName(ShouwenError):
    """A pack, matter or event that no regulation here knows; `known` helps to find the right one."""

    code = "unknown_name"

    def __init__(self, what: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown {what} {name!r}; known: {', '.join(known)}")
        self.what = what
        self.name = name
        self.known = known


class UnknownVersion(UnknownName):
    """Somebody judged the case by a version of its regulation that is newer than this build."""

    code = "unknown_version"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length in law with its article. `bare_day`: the text says only 日 (P-07); `ceiling`: cannot be extended."""

    period: Period
    article: str
    bare_day: bool = False
    ceiling: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """kind: `total` from day 0, `added` to the old due date, `statutory` up to the limit in law."""

    kind: str
    approvers: tuple[str, ...]
    article: str
    cap: Period | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """A type of matter. `clock` names its main clock: `main`, `promise`, or `none` where the text has no number."""

    id: str
    zh: str
    en: str
    article: str
    duty: str
    clock: str
    stop: tuple[str, ...]
    stop_article: str = ""
    start: tuple[str, ...] = ()
    start_article: str = ""
    limit: Limit | None = None
    limit_setting: str = ""
    explicit_allowed: bool = False
    explicit_only: bool = False
    completion_events: tuple[str, ...] = ()
    extension: Extension | None = None
    correction: bool = False
    procedures: bool = False
    call_clock: bool = False
    deemed_consent: bool = False
    deemed_consent_article: str = ""
    overdue_breaches: tuple[str, ...] = ("B-01",)
    roll: bool = True
    urgent: bool = False
    tell_result: bool = False
    responsible: str = ""
    claimants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Supervision:
    """One of the triggers of HL-8: `when` names what the engine looks for."""

    id: str
    article: str
    when: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Breach:
    """An entry of the breach catalogue; `sources` has the article per pack."""

    id: str
    zh: str
    en: str
    detect: str
    liable: tuple[str, ...]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that the sources leave empty (`required`) or only suggest; a deployment fills it in.

    `kind` is text, period, or numbers (then `parts` names them).
    """

    id: str
    zh: str
    en: str
    article: str
    required: bool = False
    value: Any = None
    kind: str = "text"
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One of P-01 … P-20: the default reading, the other lawful ones and the figures that belong to it."""

    id: str
    zh: str
    en: str
    default: str
    options: tuple[str, ...]
    basis: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """A step of the life-cycle: command, states in which it may follow, what the matter must have, articles."""

    id: str
    command: str
    states: tuple[str, ...]  # state keys, or ("open",) or ("any",)
    needs: str
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A duty without a number (P-19): a setting named like its id gives minutes, after which there is an alert."""

    id: str
    zh: str
    en: str
    articles: tuple[str, ...]
    waits: str  # the state whose waiting is measured; empty: kept for people


@dataclass(frozen=True, slots=True)
class Common:
    """What all packs share: policies, breach catalogue, names, special procedures."""

    policies: Mapping[str, Policy]
    breaches: Mapping[str, Breach]
    terms: Mapping[str, Mapping[str, str]]
    procedures: tuple[str, ...]
    statutory_procedures: frozenset[str]
    procedure_article: str
    transitions: tuple[Transition, ...]
    unnumbered: tuple[Unnumbered, ...]
    contradictions: Mapping[str, Mapping[str, str]]  # code -> article per pack
    figures: str = ""  # one to ten as Chinese articles are counted; empty: no pack cites documents

    def contradiction_article(self, code: str, pack_id: str) -> str:
        """The article that makes these acts contradictory, "" when no regulation is known."""
        return self.contradictions[code].get(pack_id, "")


@dataclass(frozen=True, slots=True)
class HiddenReporter:
    """Whose reporter is hidden, by matter and by kind of request, from all but these roles and who registered it.

    `complaints`: also who complains in the course of a case about how it is handled.
    """

    matters: frozenset[str]
    kinds: frozenset[str]
    seen_by: frozenset[str]
    article: str
    complaints: bool = False

    def covers(self, matter: object, kind: object) -> bool:
        """Whether a case of this matter and kind of request is a report."""
        return matter in self.matters or kind in self.kinds


@dataclass(frozen=True, slots=True)
class RestrictedMatters:
    """Matters of which only people with these roles, and who took them down, may know at all."""

    matters: frozenset[str]
    seen_by: frozenset[str]
    article: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One regulation. A rule that the text does not have is None or empty, never a default."""

    id: str
    version: str
    zh: str
    en: str
    issuer_zh: str
    source_status: str
    in_force_from: date
    article: str
    matters: Mapping[str, Matter]
    common: Common
    terms: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, Setting]
    supervision: tuple[Supervision, ...]
    first_responder_rule: str
    first_responder_article: str
    support_staff_article: str  # empty: the text does not exclude support staff
    handover_enough: bool
    handover_article: str
    tracker: bool
    signature_channels: frozenset[str]
    signature_article: str
    receipt_channels: frozenset[str]
    receipt_fields: tuple[str, ...]
    receipt_article: str
    identity_article: str
    correction_limit: Limit | None
    correction_article: str
    correction_late_effect: str  # "first_receipt" | "breach_only" | "" (the pack has no rule on corrections)
    promise_compare: str  # "le" | "lt"
    promise_article: str
    refusal_filing_for: frozenset[str]
    refusal_limit: Limit | None
    refusal_article: str
    refusal_filing_article: str
    refusal_meeting_article: str
    feedback_limit: Limit | None
    opinion_required: bool
    opinion_article: str
    review_article: str  # empty: no audit and call-back after the reply
    dispatch_article: str  # empty: no dispatch desk between first contact and unit
    absence_article: str  # empty: no A/B posts
    message_card_article: str
    urgent_report_minutes: int | None
    urgent_report_article: str
    instruction_article: str
    accountability_threshold: frozenset[str]
    accountability_article: str
    forbidden_phrases: tuple[str, ...] = ()
    hidden_reporter: HiddenReporter | None = None
    restricted: RestrictedMatters | None = None
    veto_article: str = ""  # empty: no one-vote veto in appraisals
    veto_setting: str = ""  # names the setting that says which decision has this effect
    forbidden_phrases_article: str = ""
    documents: tuple[Document, ...] = ()
    in_force_until: date | None = None  # only where a later version follows: the day before it

    def matter(self, matter_id: str) -> Matter:
        """The matter type; raises `UnknownName` with those that exist."""
        try:
            return self.matters[matter_id]
        except KeyError:
            raise UnknownName("matter", str(matter_id), tuple(self.matters)) from None

    def term(self, key: str, lang: str) -> str:
        """A name of law in `lang` ("zh…" or "en"), the pack's own before the common one; the key if there is none."""
        entry = self.terms.get(key) or self.common.terms.get(key)
        if entry is None:
            return key
        return entry["zh" if lang.startswith("zh") else "en"]

    def cite(self, article: str) -> Words:
        """An article of this regulation as others can look it up: title and place, in Chinese and English."""
        return cite(self.documents, article)

    @property
    def has_extension(self) -> bool:
        """Whether any matter of this regulation may be extended (BZ: none)."""
        return any(matter.extension for matter in self.matters.values())


_REMEMBERED_MAX = 1_000


class Packs(Mapping[str, Pack]):
    """All regulations by id, each with its versions; as a mapping it gives the version that `on` chose."""

    __slots__ = ("_chosen", "_on", "_unknown", "_versions", "common")

    def __init__(self, packs: Mapping[str, Pack | Sequence[Pack]], common: Common) -> None:
        self._versions = {key: (one,) if isinstance(one, Pack) else check_versions(one) for key, one in packs.items()}
        self._chosen = {key: versions[-1] for key, versions in self._versions.items()}
        self._on: dict[tuple[str, ...], Packs] = {}
        self._unknown: dict[tuple[str, str], str] = {}
        self.common = common

    def __getitem__(self, key: str) -> Pack:
        return self._chosen[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._chosen)

    def __len__(self) -> int:
        return len(self._chosen)

    def pack(self, pack_id: str) -> Pack:
        """The pack; raises `UnknownName` with those that exist."""
        try:
            return self._chosen[pack_id]
        except KeyError:
            raise UnknownName("pack", str(pack_id), tuple(self._chosen)) from None

    def cite(self, article: str) -> Words:
        """An article's id as others can look it up, from the version chosen; unknown ones stay as they are."""
        found = self._chosen.get(article.partition("-")[0])
        return cite(found.documents if found else (), article)

    def versions(self, pack_id: str) -> tuple[Pack, ...]:
        """Every version of a regulation that this build knows, the oldest first; raises `UnknownName`."""
        self.pack(pack_id)
        return self._versions[pack_id]

    def in_force(self, pack_id: str, day: date) -> Pack:
        """The version of a regulation in force on a day, before the oldest that one; raises `UnknownName`."""
        self.pack(pack_id)
        versions = self._versions[pack_id]
        if len(versions) == 1:
            return versions[0]
        return versions[max(bisect_right(versions, day, key=_since) - 1, 0)]

    def on(self, day: date) -> Packs:
        """The regulations as in force on a day; the same object for days on which the same versions are."""
        chosen = {key: self.in_force(key, day) for key in self._versions}
        if chosen == self._chosen:
            return self
        key = tuple(pack.version for pack in chosen.values())
        known = self._on.get(key)
        if known is None:
            known = self._on[key] = copy(self)
            known._chosen = chosen
        return known

    def unknown_version(self, named: str, pack_id: str) -> str:
        """The version of this regulation in an act's `pack_version` that this build does not know, else ""."""
        key = (named, pack_id)
        if key not in self._unknown:
            if len(self._unknown) >= _REMEMBERED_MAX:  # acts from outside may name anything
                self._unknown.clear()
            known = {pack.version for pack in self._versions.get(pack_id, ())}
            foreign = (part for part in named.split("+") if part.startswith(pack_id + "-") and part not in known)
            self._unknown[key] = next(foreign, "") if known else ""
        return self._unknown[key]

    @property
    def version(self) -> str:
        """One text that names every pack's version, for acts and pages."""
        return "+".join(pack.version for pack in self._chosen.values())


def _since(pack: Pack) -> date:
    return pack.in_force_from


def check_versions(versions: Sequence[Pack]) -> tuple[Pack, ...]:
    """The versions of one regulation, oldest first; raises `Malformed` for two of one day or name, gap or overlap."""
    ordered = tuple(sorted(versions, key=_since))
    if not ordered:
        raise Malformed("pack", "has no version")
    where = f"pack {ordered[0].id}"
    if len({pack.id for pack in ordered}) != 1:
        raise Malformed(where, "has a version of another regulation")
    if len({pack.version for pack in ordered}) != len(ordered):
        raise Malformed(where, "names a version twice")
    for older, newer in pairwise(ordered):
        if older.in_force_from == newer.in_force_from:
            raise Malformed(where, f"has two versions in force from {newer.in_force_from}")
        until = older.in_force_until
        if until is not None and until != newer.in_force_from - timedelta(days=1):
            fault = "overlap" if until >= newer.in_force_from else "leave a gap"
            raise Malformed(where, f"has versions {older.version} and {newer.version} that {fault}")
    if ordered[-1].in_force_until is not None:
        raise Malformed(where, f"has nothing in force after {ordered[-1].in_force_until}")
    return ordered
