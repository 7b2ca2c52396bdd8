"""Single fields of events and forms: their kinds, their bounds, and how a value from outside is checked.

Must not know which events there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.cases.attached import Attachment, read_attachments
from py_core.cases.strokes import Strokes, read_strokes
from py_core.errors import Malformed
from py_core.periods import read_period
from py_core.values import LOCAL, N_, local

TEXT_MAX = 400
LONG_TEXT_MAX = 8000
LIST_MAX = 60
YEAR_MIN = 1990
YEAR_MAX = 2100
NUMBER_MAX = 10_000_000
UNITS_MAX = 3660
COPIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an event or command. `label` is a message id; choices are keys of terms `<term>.<choice>`."""

    name: str
    kind: str  # text long_text bool choice date moment int texts period limit steps materials attachments strokes
    required: bool = False
    choices: tuple[str, ...] = ()
    label: str = ""
    term: str = ""


def missing(value: Any) -> bool:
    """Whether a field counts as not filled in."""
    return value is None or value == "" or value == []


def read_field(spec: FieldSpec, value: Any) -> Any:
    """One field as the core uses it, None when it is not filled in; raises `Malformed`."""
    if missing(value):
        if spec.required:
            raise Malformed(spec.name, N_("is missing"))
        return None
    return read_value(spec, value)


def read_value(spec: FieldSpec, value: Any) -> Any:
    """A value that is filled in, as the core uses it; raises `Malformed`."""
    return _READERS[spec.kind](value, spec)


def read_moment(value: Any, where: str = "at") -> datetime:
    """An instant from ISO text (or a datetime), in local time; a time without offset is local."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise Malformed(where, N_("must be a date and time")) from error
    if not isinstance(value, datetime) or not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(where, N_("must be a date and time"))
    return value.replace(tzinfo=LOCAL) if value.tzinfo is None else local(value)


def read_date(value: Any, where: str = "date") -> date:
    """A date from ISO text (or a date)."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError as error:
            raise Malformed(where, N_("must be a date")) from error
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date) or not YEAR_MIN <= value.year <= YEAR_MAX:
        raise Malformed(where, N_("must be a date"))
    return value


def _text(value: Any, spec: FieldSpec) -> str:
    limit = LONG_TEXT_MAX if spec.kind == "long_text" else TEXT_MAX
    if not isinstance(value, str):
        raise Malformed(spec.name, N_("must be a text"))
    if len(value) > limit:
        raise Malformed(spec.name, N_("is too long"))
    return value


def _bool(value: Any, spec: FieldSpec) -> bool:
    if not isinstance(value, bool):
        raise Malformed(spec.name, N_("must be yes or no"))
    return value


def _choice(value: Any, spec: FieldSpec) -> str:
    if not isinstance(value, str) or value not in spec.choices:
        raise Malformed(spec.name, N_("must be one of the choices"))
    return value


def _int(value: Any, spec: FieldSpec) -> int:
    if type(value) is not int or not 0 <= value <= NUMBER_MAX:
        raise Malformed(spec.name, N_("must be a whole number"))
    return value


def _texts(value: Any, spec: FieldSpec) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of texts, not too long"))
    return tuple(_text(item, spec) for item in value)


def _period(value: Any, spec: FieldSpec) -> dict[str, Any]:
    period = read_period(value, spec.name)
    result: dict[str, Any] = {"period": period}
    if "extension" in value:
        extra = value["extension"]
        if type(extra) is not int or not 0 <= extra <= UNITS_MAX:
            raise Malformed(f"{spec.name}.extension", N_("must be a whole number"))
        result["extension"] = extra
    start = value.get("from", "received")
    if start not in ("received", "accepted"):
        raise Malformed(f"{spec.name}.from", N_("must be received or accepted"))
    result["from"] = start
    return result


def _limit(value: Any, spec: FieldSpec) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(spec.name, N_("must have n and unit, or until"))
    if "until" in value:
        return {"until": read_date(value["until"], f"{spec.name}.until")}
    return {"period": read_period(value, spec.name)}


def _steps(value: Any, spec: FieldSpec) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of steps"))
    steps = []
    for row in value:
        if not isinstance(row, Mapping) or not isinstance(row.get("unit"), str) or type(row.get("n")) is not int:
            raise Malformed(spec.name, N_("must have a unit and n for every step"))
        if not 0 < row["n"] <= UNITS_MAX:
            raise Malformed(spec.name, N_("must have a unit and n for every step"))
        steps.append((row["unit"], row["n"]))
    return tuple(steps)


def _materials(value: Any, spec: FieldSpec) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, (list, tuple)) or len(value) > LIST_MAX:
        raise Malformed(spec.name, N_("must be a list of papers, not too long"))
    papers = []
    for row in value:
        if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or len(row["name"]) > TEXT_MAX:
            raise Malformed(spec.name, N_("must have a name for every paper"))
        copies = row.get("copies", 1)
        if type(copies) is not int or not 0 <= copies <= COPIES_MAX:
            raise Malformed(spec.name, N_("must have a whole number of copies"))
        papers.append((row["name"], copies))
    return tuple(papers)


def _attachments(value: Any, spec: FieldSpec) -> tuple[Attachment, ...]:
    return read_attachments(value, spec.name)


def _strokes(value: Any, spec: FieldSpec) -> Strokes:
    return read_strokes(value, spec.name)


_READERS: Mapping[str, Callable[[Any, FieldSpec], Any]] = {
    "text": _text,
    "long_text": _text,
    "bool": _bool,
    "choice": _choice,
    "int": _int,
    "date": lambda value, spec: read_date(value, spec.name),
    "moment": lambda value, spec: read_moment(value, spec.name),
    "texts": _texts,
    "period": _period,
    "limit": _limit,
    "steps": _steps,
    "materials": _materials,
    "attachments": _attachments,
    "strokes": _strokes,
}
