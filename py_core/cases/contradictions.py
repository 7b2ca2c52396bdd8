"""What acts that had not seen each other make contradictory, what stands meanwhile, and what the centre may decide.

Deterministic: every replica with the same acts finds the same contradictions and the same interim reading.
Must not decide: a person does, by the event `contradiction_resolved`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from py_core.cases.acts import RecordedAct
from py_core.cases.events import EVENTS, read_fields, read_moment
from py_core.cases.history import is_linear, pasts
from py_core.errors import Malformed
from py_core.values import local

if TYPE_CHECKING:
    from py_core.cases.state import Case

BOTH = "both"
_TAKING = frozenset({"accepted", "handover_accepted"})
_CLOSING = frozenset(
    {
        "completed", "decision_issued", "certificate_issued", "forwarded_up", "reported_back", "replied",
        "complaint_answered", "refusal_notified", "referred_out",
    }
)  # fmt: skip
_MOVING = frozenset({"handed_over", "delivered", "return_requested", "lead_designated", "lead_requested"})
_WORKING = frozenset(
    {
        "materials_received", "materials_completed", "correction_notified", "procedure_started",
        "extension_requested", "extension_approved", "accepted", "handover_accepted",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """Two kinds of events that contradict each other when concurrent.

    `differs`: only when one of these fields (or the user, written "@user") is not the same on both sides.
    `both`: the centre may also find that there is no contradiction and let all stand.
    """

    code: str
    left: frozenset[str]
    right: frozenset[str]
    differs: tuple[str, ...] = ()
    both: bool = True


def _rule(code: str, left: Sequence[str], right: Sequence[str] = (), *differs: str, both: bool = True) -> Rule:
    return Rule(code, frozenset(left), frozenset(right or left), differs, both)


_JUDGING = frozenset({"correction_notified", "procedure_started", "extension_requested", "refusal_proposed"})
_WORK = _TAKING | _WORKING | _CLOSING | _JUDGING

# The first rule that fits a pair of events names the contradiction.
RULES: tuple[Rule, ...] = (
    _rule("two_first_responders", ["registered"]),
    _rule("double_acceptance", list(_TAKING), (), "by", "@user", both=False),
    _rule("double_reply", ["replied"]),
    _rule("refused_and_handled", ["refusal_notified"], list(_TAKING | _CLOSING - {"refusal_notified"}), both=False),
    _rule("referred_and_handled", ["referred_out"], list(_TAKING | _MOVING | _CLOSING - {"referred_out"}), both=False),
    _rule("double_closing", list(_CLOSING)),
    _rule("closed_after_redispatch", list(_CLOSING), list(_MOVING)),
    _rule("act_after_closing", list(_CLOSING), list(_WORKING)),
    _rule("double_extension", ["extension_requested"], (), "workdays", "until", "@user", both=False),
    _rule("extension_decided_twice", ["extension_approved", "extension_refused"], (), both=False),
    _rule("double_correction_notice", ["correction_notified"]),
    _rule("notice_crossed_papers", ["correction_notified"], ["materials_completed"]),
    _rule("scope_disagreement", ["scope_judged"], (), "outcome", both=False),
    _rule("double_lead", ["lead_designated"], (), "lead", "handler", both=False),
    _rule("double_handover", ["handed_over"], (), "to"),
    _rule("double_dispatch", ["delivered"], (), "to"),
    _rule("moved_while_taken", list(_MOVING - {"lead_requested"}), list(_TAKING)),
    _rule("refusal_decided_twice", ["refusal_decided"], (), "outcome", both=False),
    _rule("review_disagreement", ["review_passed", "review_returned"], (), "@type", both=False),
    _rule("callback_disagreement", ["called_back"], (), "result", "consistent", both=False),
    _rule("procedure_recorded_twice", ["procedure_started"], (), "=id", both=False),
    _rule("procedure_end_disagreement", ["procedure_finished"], (), "=id", both=False),
    _rule("double_receipt", ["receipt_issued"], (), "promised"),
    _rule("absent_but_acting", ["absence_recorded"], list(_WORK), "=@user"),
    # Somebody else than the person who was arranged to act went on working on a device without network.
    _rule("work_beside_acting", ["acting_arranged"], list(_WORK), "who/@user"),
    # The case was moved to others while its former officer judged it.
    _rule("work_after_transfer", list(_MOVING), list(_JUDGING), "@user"),
    _rule("double_acting", ["acting_arranged"], (), "who", both=False),
)
_CONTESTED = frozenset().union(*(rule.left | rule.right for rule in RULES))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`stands`: hash of the act that counts meanwhile (or by decision; "both"). `choices`: what may be decided.

    `resolved_by` is the hash of the act with the centre's decision, or None while it is open.
    """

    code: str
    acts: tuple[str, ...]
    article: str
    stands: str
    choices: tuple[str, ...]
    resolved_by: str | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.resolved_by is None


@dataclass(frozen=True, slots=True)
class _Entry:
    position: int  # of the act in the order
    event: int  # of the event in its act
    hash: str
    type: str
    data: Mapping[str, Any]
    when: tuple[Any, int]


@dataclass(frozen=True, slots=True)
class _Conflict:
    rule: Rule
    entries: tuple[_Entry, ...]  # by (time, order): the first stands meanwhile


def contradictions(ordered_acts: Sequence[RecordedAct], case: Case | None = None) -> tuple[Contradiction, ...]:
    """Every contradiction in these acts (in `order`), open and resolved, with the article that makes it one."""
    pack_id = case.pack if case is not None else ""
    found = []
    decisions = _decisions(ordered_acts)
    for conflict in _conflicts(ordered_acts):
        hashes = tuple(dict.fromkeys(entry.hash for entry in conflict.entries))
        choices = hashes + ((BOTH,) if conflict.rule.both else ())
        decided = decisions.get((conflict.rule.code, frozenset(hashes)))
        if decided is not None and decided[0] not in choices:
            decided = None
        stands, resolved_by, reason = decided if decided else (hashes[0], None, "")
        article = _article(conflict.rule.code, pack_id)
        found.append(Contradiction(conflict.rule.code, hashes, article, stands, choices, resolved_by, reason))
    return tuple(found)


def set_aside(ordered_acts: Sequence[RecordedAct]) -> Mapping[tuple[str, int], str]:
    """The events (act hash, position) that do not stand, with "contradicted" or, once decided, "set_aside"."""
    if is_linear(ordered_acts):
        return {}
    decisions = _decisions(ordered_acts)
    aside: dict[tuple[str, int], str] = {}
    for conflict in _conflicts(ordered_acts):
        hashes = tuple(dict.fromkeys(entry.hash for entry in conflict.entries))
        decided = decisions.get((conflict.rule.code, frozenset(hashes)))
        stands, code = hashes[0], "contradicted"
        if decided is not None and (decided[0] in hashes or (decided[0] == BOTH and conflict.rule.both)):
            stands, code = decided[0], "set_aside"
        for entry in conflict.entries:
            if stands not in (BOTH, entry.hash):
                aside[entry.hash, entry.event] = code
    return aside


def _article(code: str, pack_id: str) -> str:
    # Imported here: the packs are data above the vocabulary, and only the citation is needed.
    from py_core.packs import load_packs

    return load_packs().common.contradiction_article(code, pack_id)


def _decisions(ordered: Sequence[RecordedAct]) -> dict[tuple[str, frozenset[str]], tuple[str, str, str]]:
    """(code, acts) → (decision, hash of the deciding act, reason); the first decision in the order counts."""
    found: dict[tuple[str, frozenset[str]], tuple[str, str, str]] = {}
    for recorded in ordered:
        for event in recorded.act.events:
            if event.get("type") != "contradiction_resolved":
                continue
            try:
                data = read_fields("contradiction_resolved", event)
            except Malformed:
                continue
            key = (data["code"], frozenset(data["acts"]))
            found.setdefault(key, (data["decision"], recorded.hash, data["reason"]))
    return found


def _conflicts(ordered: Sequence[RecordedAct]) -> Iterator[_Conflict]:
    if is_linear(ordered):
        return
    seen = pasts(ordered)
    entries = [entry for position, recorded in enumerate(ordered) for entry in _entries(position, recorded)]
    groups: dict[str, list[set[_Key]]] = {}
    by_key = {(entry.position, entry.event): entry for entry in entries}
    rules = {rule.code: rule for rule in RULES}
    before: dict[int, list[_Entry]] = {}
    for later in entries:
        for earlier in _unseen(before, seen[later.position], later.position):
            rule = _rule_for(earlier, later, ordered)
            if rule is None:
                continue
            pair = {(earlier.position, earlier.event), (later.position, later.event)}
            linked = [group for group in groups.setdefault(rule.code, []) if group & pair]
            groups[rule.code] = [group for group in groups[rule.code] if not group & pair]
            groups[rule.code].append(pair.union(*linked))
        before.setdefault(later.position, []).append(later)
    for code, members in groups.items():
        for member in members:
            ranked = sorted((by_key[key] for key in member), key=lambda entry: entry.when)
            yield _Conflict(rules[code], tuple(ranked))


_Key = tuple[int, int]


def _unseen(before: Mapping[int, Sequence[_Entry]], past: int, position: int) -> Iterator[_Entry]:
    """The earlier events that the act at this position had not seen; costs nothing where all was seen."""
    missing = ~past & ((1 << position) - 1)
    while missing:
        lowest = missing & -missing
        yield from before.get(lowest.bit_length() - 1, ())
        missing ^= lowest


def _entries(position: int, recorded: RecordedAct) -> Iterator[_Entry]:
    for index, event in enumerate(recorded.act.events):
        event_type = event.get("type")
        if not isinstance(event_type, str) or event_type not in _CONTESTED:
            continue
        try:
            data = read_fields(event_type, event)
            at = read_moment(event["at"]) if "at" in event else local(recorded.act.occurred_at)
        except (Malformed, OverflowError):
            continue
        yield _Entry(position, index, recorded.hash, event_type, data, (at, position))


def _rule_for(one: _Entry, other: _Entry, ordered: Sequence[RecordedAct]) -> Rule | None:
    for rule in RULES:
        fits = (one.type in rule.left and other.type in rule.right) or (
            other.type in rule.left and one.type in rule.right
        )
        if fits and _differ(rule, one, other, ordered):
            return rule
    return None


def _differ(rule: Rule, one: _Entry, other: _Entry, ordered: Sequence[RecordedAct]) -> bool:
    if not rule.differs:
        return True
    for name in rule.differs:
        if "/" in name:  # a field of the one against a field of the other
            mine, theirs = name.split("/")
            first, second = (one, other) if one.type in rule.left else (other, one)
            named = _field(mine, first, ordered)
            if named is not None and named != _field(theirs, second, ordered):
                return True
            continue
        same = name.startswith("=")
        equal = _field(name.lstrip("="), one, ordered) == _field(name.lstrip("="), other, ordered)
        if equal is same:
            return True
    return False


def _field(name: str, entry: _Entry, ordered: Sequence[RecordedAct]) -> Any:
    if name == "@user":
        return ordered[entry.position].act.user
    if name == "@type":
        return entry.type
    return entry.data.get(name)


assert EVENTS.keys() >= _CONTESTED
