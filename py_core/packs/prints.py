"""How the forms are printed, as data: which fields from where, for whom, on which paper. Must not look at a case.

Loaded when asked for: opening a case page needs it, deciding does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed
from py_core.packs.registers import Form, load_forms

LAYOUTS = ("document", "record", "card")
PAPERS = ("a4", "80mm")
SUBJECTS = ("case", "offer", "person", "unit")
Words = tuple[str, str]  # Chinese, English


@dataclass(frozen=True, slots=True)
class PrintField:
    """One entry of a sheet; `demanded_by` has the article per regulation that demands it."""

    key: str
    source: str
    label: Words
    demanded_by: Mapping[str, str]
    is_list: bool = False
    column: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence under the entries; with a state only where the case stood there when the form was issued."""

    words: Words
    state: str = ""


@dataclass(frozen=True, slots=True)
class Print:
    """How one form is made: see the head of prints.toml for what each entry means."""

    form: Form
    layout: str
    papers: tuple[str, ...]
    public: bool
    subject: str
    events: tuple[str, ...]
    command: str
    after: tuple[str, ...]
    when: str
    original: bool
    dated: str
    seal: bool
    to: str
    qr: str
    title: Words
    fields: tuple[PrintField, ...]
    body: tuple[Words, ...]
    notes: tuple[Note, ...]
    notes_first: bool
    signatures: tuple[Words, ...]
    blanks: tuple[Words, ...]
    ruled: tuple[Words, ...]
    ruled_rows: int
    bare: bool


@cache
def load_prints() -> Mapping[str, Print]:
    """Every printable form by id; raises `Malformed` for one that leaves out a field which the text demands."""
    rows = tomllib.loads(files("py_core.packs").joinpath("prints.toml").read_text(encoding="utf-8"))["print"]
    forms = load_forms()
    found: dict[str, Print] = {}
    for row in rows:
        form = forms.get(row["form"])
        if form is None or form.id in found:
            raise Malformed(f"print {row['form']}", "is unknown or named twice")
        found[form.id] = _print(form, row)
    return found


def _print(form: Form, row: Mapping[str, Any]) -> Print:
    where = f"print {form.id}"
    subject = row.get("subject", "case")
    if row["layout"] not in LAYOUTS or not set(row["papers"]) <= set(PAPERS) or subject not in SUBJECTS:
        raise Malformed(where, "has an unknown layout, paper or subject")
    fields = tuple(_field(form, entry) for entry in row["fields"])
    left_out = {field.key for field in form.mandatory} - {field.key for field in fields}
    if left_out:
        raise Malformed(where, f"leaves out what the text demands: {', '.join(sorted(left_out))}")
    return Print(
        form=form,
        layout=row["layout"],
        papers=tuple(row["papers"]),
        public=row["receiver"] == "public",
        subject=subject,
        events=tuple(row.get("events", ())),
        command=row.get("command", ""),
        after=tuple(row.get("after", ())),
        when=row.get("when", ""),
        original=row.get("original", False),
        dated=row.get("dated", "act"),
        seal=row.get("seal", row["layout"] == "document"),
        to=row.get("to", ""),
        qr=row.get("qr", "case" if row["receiver"] == "public" and subject == "case" else ""),
        title=_words(row.get("title", (form.zh, form.en)), where),
        fields=fields,
        body=tuple(_words(words, where) for words in row.get("body", ())),
        notes=tuple(Note(_words(note[:2], where), *note[2:]) for note in row.get("notes", ())),
        notes_first=row.get("notes_first", False),
        signatures=tuple(_words(words, where) for words in row.get("signatures", ())),
        blanks=tuple(_words(words, where) for words in row.get("blanks", ())),
        ruled=tuple(_words(words, where) for words in row.get("ruled", ())),
        ruled_rows=row.get("ruled_rows", 0),
        bare=row.get("bare", False),
    )


def _field(form: Form, row: Mapping[str, Any]) -> PrintField:
    known = next((field for field in form.mandatory if field.key == row["key"]), None)
    if known is None and not ("zh" in row and "en" in row):
        raise Malformed(f"print {form.id}.{row['key']}", "has no label")
    by = row.get("by", form.sources if known else {})
    if by and known is None:
        raise Malformed(f"print {form.id}.{row['key']}", "is demanded, but not by forms.toml")
    label = (row["zh"], row["en"]) if known is None else (row.get("zh", known.zh), row.get("en", known.en))
    return PrintField(
        row["key"], row["from"], label, dict(by),
        is_list=row.get("list", False), column=row.get("column", False), strong=row.get("strong", False),
    )  # fmt: skip


def _words(words: Any, where: str) -> Words:
    if len(words) != 2 or not all(isinstance(text, str) and text for text in words):
        raise Malformed(where, "has words without both languages")
    return words[0], words[1]
