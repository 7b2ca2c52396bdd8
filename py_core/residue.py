"""What stays of an act when the content of its document is erased: what happened, when, by whose hand, in which units.

Names, numbers, addresses, words, drawings and titles go; types, times, choices, counts and ids stay, so that every
due date, breach and statistic comes out as before. Texts on whose presence a rule depends become a dash, people who
are only told apart become numbers. Pure. Must not decide what may be erased (see `retention`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from py_core.cases.acts import Act, canonical_json
from py_core.cases.fields import FieldSpec, missing, read_value
from py_core.documents import EVENT_FIELDS
from py_core.errors import Malformed

DASH = "—"
_WHOLE = frozenset({"bool", "choice", "date", "moment", "int", "period", "limit"})
# Ids of the directory, of law and of the record: kept as far as they have the form of an id.
_IDS = frozenset(
    {
        "pack", "matter", "offer", "unit", "number", "visit", "to", "by", "lead", "assists", "handler", "who", "id",
        "by_role", "trigger", "proposal", "code", "acts", "decision", "form", "clock", "cause", "subject", "officers",
        "case", "content", "rule", "against", "hashes", "residue", "beside",
    }
)  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:()#/+-]{0,79}")
_ONLY_DIGITS = re.compile(r"[0-9 +-]{7,20}")  # a number of a person, whatever the field says
# Of these not even the presence says anything that a rule looks at. (event type, field); "" for every type.
_GONE = frozenset(
    {
        ("", "title"), ("registered", "text"), ("", "place"), ("", "claimant_name"), ("", "claimant_phone"),
        ("", "claimant_id"), ("", "claimant_address"), ("", "strokes"), ("", "complainer_name"),
        ("", "complainer_phone"), ("field_revealed", "words"), ("", "phone"),
        ("", "contact"), ("", "met"), ("", "address"), ("visit_planned", "code"), ("registered", "materials"),
        ("materials_received", "materials"), ("materials_completed", "materials"), ("due_recomputed", "cause_text"),
    }
)  # fmt: skip
_SPOKEN = frozenset({"text", "explanation", "reason"})  # looked through for phrases that a regulation forbids


@dataclass(slots=True)
class Residues:
    """Makes the residues of one document's acts, in their order: the same name gets the same number throughout."""

    phrases: Sequence[str] = ()  # the regulation's own words, which are kept where somebody spoke them
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, act: Act) -> str:
        """The canonical text of what stays of an act."""
        return replace(act, events=tuple(self._event(event) for event in act.events)).text()

    def _event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        event_type = str(event.get("type"))
        kept: dict[str, Any] = {"type": event["type"]}
        if isinstance(event.get("at"), str):
            kept["at"] = event["at"]
        for spec in EVENT_FIELDS.get(event_type, ()):
            value = event.get(spec.name)
            gone = ("", spec.name) in _GONE or (event_type, spec.name) in _GONE
            if missing(value) or gone:
                continue
            try:
                read_value(spec, value)
            except Malformed:
                continue  # the timeline listed it as unreadable
            kept[spec.name] = self._field(spec, value)
        return kept

    def _field(self, spec: FieldSpec, value: Any) -> Any:
        if spec.kind in _WHOLE:
            return value
        if spec.kind == "steps":
            return [{"unit": self._id(row["unit"]), "n": row["n"]} for row in value]
        if spec.kind == "materials":
            return [{**row, "name": self._numbered("paper", row["name"])} for row in value]
        if spec.kind == "attachments":
            return [{**{key: row[key] for key in ("sha256", "bytes", "type")}, "name": DASH} for row in value]
        if spec.kind == "texts":
            return [self._id(item) if spec.name in _IDS else DASH for item in value]
        if spec.name in _IDS:
            return self._id(value)
        if spec.name == "claimant_ref":
            return self._numbered("claimant", value)
        said = [phrase for phrase in self.phrases if phrase in value] if spec.name in _SPOKEN else []
        return DASH.join(said) or DASH

    def _id(self, name: str) -> str:
        """An id as it is; whatever else was written there (an outside body, a name) as a number."""
        keeps = _ID.fullmatch(name) and not _ONLY_DIGITS.fullmatch(name)
        return name if keeps else self._numbered("name", name)

    def _numbered(self, kind: str, name: str) -> str:
        return f"{DASH}{self._numbers.setdefault((kind, name), len(self._numbers) + 1)}"


@dataclass(frozen=True, slots=True)
class Remains:
    """A row of the log without its bytes, as the act that erased it binds it."""

    hash: str
    actor: str
    seq: int
    start_op: int
    deps: tuple[str, ...]
    user: str
    device: str
    device_seq: int
    residue: str


def hashes_digest(hashes: Iterable[str]) -> str:
    """SHA-256 (hex) over the hashes of a document's acts in the order of the log."""
    return hashlib.sha256(b"".join(bytes.fromhex(each) for each in hashes)).hexdigest()


def remains_digest(rows: Iterable[Remains]) -> str:
    """SHA-256 (hex) over everything that stays, so that it can be changed as little as what it came from."""
    said = [
        [row.hash, row.actor, row.seq, row.start_op, list(row.deps), row.user, row.device, row.device_seq, row.residue]
        for row in rows
    ]
    return hashlib.sha256(canonical_json(said).encode()).hexdigest()
