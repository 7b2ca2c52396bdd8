"""A year's calendar from a file that a person prepared: TOML or JSON, hostile until checked (docs/calendar.md).

Owns the reading and the line of each fault. Must not record anything: what was read fills the form.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from py_core.city.publication import Publication, read_publication
from py_core.errors import Malformed
from py_core.values import N_, NESTING_MAX, nests_too_deep

FILE_BYTES_MAX = 64 * 1024
_KEYS = ("layer", "place", "year", "source", "reason", "rest", "workdays")
_SPAN_KEYS = ("name_zh", "name_en", "from", "to")
_TEXT_MAX = 400
_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What a file says: the publication with its document number and reason."""

    publication: Publication
    source: str
    reason: str


class FileFault(Malformed):
    """A file that cannot be used; `line` is where, from 1, or None when it is the file as a whole."""

    def __init__(self, where: str, why: str, line: int | None = None) -> None:
        super().__init__(where, why)
        self.line = line


def read_calendar_file(text: str) -> CalendarFile:
    """Reads a calendar file; raises `FileFault` with the line of the first fault."""
    if len(text.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
        raise FileFault("file", N_("is larger than 64 KB"))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise FileFault("file", N_("is empty"))
    if "\ufffd" in text or "\x00" in text:
        raise FileFault("file", N_("is not a text in UTF-8"))
    # A dotted key nests as brackets do; no honest line has that many dots.
    if nests_too_deep(text) or any(line.count(".") > NESTING_MAX for line in text.split("\n")):
        raise FileFault("file", N_("is not a calendar: its brackets nest too deep"))
    is_json = text.lstrip().startswith("{")
    data = _json(text) if is_json else _toml(text)
    try:
        return _read(data)
    except Malformed as error:
        raise FileFault(error.where, error.why, _line_of(text, error.where)) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFault("file", N_("is not JSON"), error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise FileFault("file", N_("is not JSON")) from error


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        raise FileFault("file", N_("is not TOML"), int(found[1]) if found else text.count("\n") + 1) from error
    except (ValueError, RecursionError) as error:
        raise FileFault("file", N_("is not TOML")) from error


def _read(data: Any) -> CalendarFile:
    if not isinstance(data, Mapping):
        raise Malformed("file", N_("must be one table with year and rest"))
    for key in data:
        if key not in _KEYS:
            raise Malformed(str(key)[:40], N_("is not a word of this format"))
    spans = data.get("rest", [])
    for number, row in enumerate(spans if isinstance(spans, list) else [], 1):
        for key in row if isinstance(row, Mapping) else ():
            if key not in _SPAN_KEYS:
                raise Malformed(f"rest {number}", N_("has a word that is not of this format"))
    texts = {}
    for key in ("source", "reason"):
        value = data.get(key, "")
        if not isinstance(value, str) or len(value) > _TEXT_MAX:
            raise Malformed(key, N_("must be a text, not too long"))
        texts[key] = value
    publication = read_publication({"layer": "national", **data})
    return CalendarFile(publication, texts["source"], texts["reason"])


def _line_of(text: str, where: str) -> int | None:
    """The line of an entry named as `read_publication` names it: `year`, `rest 3`, `workdays 2`."""
    name, _, number = where.partition(" ")
    lines = text.split("\n")
    if name == "rest" and number:
        # The n-th span begins where its first word does, in both formats.
        header = re.compile(r"^\s*\[\[\s*rest\s*\]\]")
        starts = [at for at, line in enumerate(lines, 1) if header.match(line)]
        starts = starts or [
            at
            for at, line in enumerate(lines, 1)
            for _ in re.findall(r"[{,]\s*\"?from\"?\s*[=:]|^\s*\"from\"\s*:", line)
        ]
        return starts[int(number) - 1] if len(starts) >= int(number) else None
    key = re.compile(rf"^[\s{{,]*\"?{re.escape(name)}\"?\s*[=:]")
    found = next((at for at, line in enumerate(lines, 1) if key.match(line)), None)
    if found is None or name != "workdays" or not number:
        return found
    left = int(number)
    for at, line in enumerate(lines[found - 1 :], found):
        left -= len(re.findall(r"\d{4}-\d{2}-\d{2}|\"[^\"]*\"(?!\s*:)", line.split("=", 1)[-1]))
        if left <= 0:
            return at
    return found


def as_toml(publication: Publication, source: str, reason: str) -> str:
    """The publication as such a file, to be kept or sent to another city."""
    lines = [f'layer = "{publication.layer}"', f"year = {publication.year}"]
    if publication.place:
        lines.append(f"place = {_quoted(publication.place)}")
    lines += [f"source = {_quoted(source)}", f"reason = {_quoted(reason)}"]
    lines.append(f"workdays = [{', '.join(day.isoformat() for day in publication.workdays)}]")
    for span in publication.rest:
        lines += ["", "[[rest]]", f"name_zh = {_quoted(span.name_zh)}", f"name_en = {_quoted(span.name_en)}"]
        lines += [f"from = {_day(span.first)}", f"to = {_day(span.last)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _day(day: date) -> str:
    return day.isoformat()
