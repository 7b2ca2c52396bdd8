"""A form filled in for paper: labels, values, body, number, code, and what is missing that the text demands.

Chinese is the official text; the English interface gets the English beside it. Knows no case page and no route.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from py_core.cases.state import Fact
from py_core.city.offers import PublicationRecorded
from py_core.desk import case_view, secrecy
from py_core.desk.receipt_code import check_code
from py_core.desk.slips_sources import record_at, resolve
from py_core.desk.slips_subject import Sheet
from py_core.desk.turn import OpenCase
from py_core.packs.prints import Note, Print, PrintField, Words
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_
from py_core.views.qr import qr_svg
from py_core.views.signature import signature_svg

# Who prints a sheet again later than this after it was printed first gets a copy that says so.
ORIGINAL_FOR = timedelta(minutes=30)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PLACE = re.compile(r"\{(\w+)\}")
_HYPHEN = re.compile(r"(?<=[0-9A-Z])-(?=[0-9A-Z])")


@dataclass(frozen=True, slots=True)
class Missing:
    """A demanded entry that is not recorded: its name, who demands it, and the step or register where it belongs."""

    label: Words
    article: str
    record_at: str


def sheet_number(opened: OpenCase, form: str, fact: Fact | None) -> str:
    """The number of a form: the case's own, with form and four signs of the issuing act's hash for later acts.

    No counter is needed and two devices cannot give out the same one: the case's number is the device's, and two
    acts of one case have different hashes.
    """
    if fact is None or fact.type in ("registered", "receipt_issued"):
        return opened.number
    digest = hashlib.sha256(b"shouwen-form-1" + form.encode() + fact.act.encode()).digest()
    value = int.from_bytes(digest[:3], "big")
    return f"{opened.number}-{form[2:]}-" + "".join(_ALPHABET[value >> shift & 31] for shift in (15, 10, 5, 0))


def fill(plan: Print, sheet: Sheet) -> tuple[dict[str, Any], tuple[Missing, ...]]:
    """The sheet as the template draws it, and what is missing that the text demands."""
    zh, both = sheet.in_language(language.ZH), sheet.turn.lang == language.EN
    en = sheet.in_language(language.EN) if both else zh
    values = {field.key: resolve(zh, field.source) for field in plan.fields}
    english = {field.key: resolve(en, field.source) for field in plan.fields} if both else {}
    missing = tuple(
        Missing(field.label, article, record_at(field.source, plan.command))
        for field in plan.fields
        if not values[field.key] and (article := demanded(field, sheet.pack_id))
    )
    number = sheet_number(sheet.opened, plan.form.id, sheet.fact) if sheet.opened else _directory_number(sheet)
    to = resolve(zh, plan.to) if plan.to else ()
    to_en = resolve(en, plan.to) if plan.to and both else ()
    drawn = [field for field in plan.fields if values[field.key]]
    document = plan.layout == "document"
    view = {
        "form": plan.form.id,
        "layout": plan.layout,
        "title": _title(plan, values, english, both),
        "number": number,
        "numbered": _say(sheet, lambda s: _numbered(s, number), both) if not plan.bare else {"zh": "", "en": ""},
        "unit": _say(sheet, _unit, both),
        "to": {"zh": to, "en": tuple(name[:1].upper() + name[1:] for name in to_en) if to_en != to else ()},
        "copy": _copy_mark(plan, sheet, both),
        "rows": []
        if document
        else [_entry(field, values, english, both) for field in drawn if not (field.is_list or field.column)],
        "columns": [_entry(field, values, english, both) for field in drawn if field.column],
        "lists": [] if document else [_entry(field, values, english, both) for field in drawn if field.is_list],
        "both": both,
        "body": _body(plan, values, english, sheet.opened.number if sheet.opened else number, both),
        "notes": [_words(note.words, both) for note in plan.notes if _said(note, sheet)],
        "notes_first": plan.notes_first,
        "signatures": _signatures(plan, sheet, both),
        # What is known is printed; only what is not is left to be filled in by hand.
        "blanks": [_words(text, both) for text in plan.blanks if all(text != field.label for field in drawn)],
        "ruled": [_words(text, both) for text in plan.ruled],
        "ruled_rows": plan.ruled_rows,
        "seal": _say(sheet, lambda s: s.turn.say(N_("(seal)")) if plan.seal else "", both),
        "date": _say(sheet, lambda s: _date(plan, s), both),
        "foot": _foot(plan, sheet, both),
        "qr": _qr(plan, sheet),
    }
    return view, missing


def _signatures(plan: Print, sheet: Sheet, both: bool) -> list[dict[str, Any]]:
    """The lines to sign on. A form that takes the signature from the case shows that one, and no line where it stands.

    What was signed elsewhere, or will not be signed for a reason, has its entry in the table: an empty line beside it
    would leave open which of the two holds (JY-3.2.7).
    """
    lines: list[dict[str, Any]] = [
        {"words": _words(text, both), "drawn": None, "said": None} for text in plan.signatures
    ]
    if sheet.opened is None or not any(field.source == "signature" for field in plan.fields):
        return lines
    case = sheet.opened.case
    fact = case.last("signature_recorded") or case.registered
    recorded = case.last("signature_recorded")
    strokes = recorded.data.get("strokes") if recorded else secrecy.claimant(sheet.turn, sheet.opened, "strokes")
    if fact is None or not (strokes or fact.data.get("signed") or fact.data.get("unsigned_reason")):
        return lines
    if not strokes:
        return []
    lines[0]["drawn"] = signature_svg(strokes, sheet.turn.say(N_("Drawn signature")))
    if len(lines) > 1:
        lines[1]["said"] = _say(sheet, lambda s: s.day(fact.day), both)
    return lines


def demanded(field: PrintField, pack_id: str) -> str:
    """The article that demands an entry here; for sheets of no one regulation any of them counts."""
    if pack_id:
        return field.demanded_by.get(pack_id, "")
    return next(iter(field.demanded_by.values()), "")


def _words(words: Words, both: bool) -> dict[str, str]:
    return {"zh": words[0], "en": words[1] if both else ""}


def _said(note: Note, sheet: Sheet) -> bool:
    return not note.state or (sheet.as_issued is not None and sheet.as_issued.state == note.state)


def _say(sheet: Sheet, make: Any, both: bool) -> dict[str, str]:
    zh = make(sheet.in_language(language.ZH))
    en = make(sheet.in_language(language.EN)) if both else ""
    return {"zh": zh, "en": en if en != zh else ""}


def _entry(
    field: PrintField, values: Mapping[str, tuple[str, ...]], english: Mapping[str, tuple[str, ...]], both: bool
) -> dict[str, Any]:
    zh, en = values[field.key], english.get(field.key, ())
    return {
        "label": _words(field.label, both),
        "zh": zh,
        # Names and what was typed are the same in both: only the lines that differ stand there again, each below its own.
        "en": en if field.is_list or field.column else _below(zh, en),
        "strong": field.strong,
    }


def _below(zh: tuple[str, ...], en: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """What stands in English below each line of an entry: nothing where it is the same.

    A line that only one of the languages has leaves no pairs: then the English stands below the last line.
    """
    if len(en) == len(zh):
        return tuple(() if other == line else (other,) for line, other in zip(zh, en, strict=True))
    return (*((),) * (len(zh) - 1), tuple(line for line in en if line not in zh))


def _title(
    plan: Print, values: Mapping[str, tuple[str, ...]], english: Mapping[str, tuple[str, ...]], both: bool
) -> dict[str, str]:
    zh, en = plan.title
    return {"zh": _filled(zh, values, "", "") or zh, "en": (_filled(en, english, "", "") or en) if both else ""}


def _body(
    plan: Print,
    values: Mapping[str, tuple[str, ...]],
    english: Mapping[str, tuple[str, ...]],
    number: str,
    both: bool,
) -> list[dict[str, str]]:
    paragraphs = []
    for zh, en in plan.body:
        text = _filled(zh, values, number, "；")
        if text is None:
            continue
        other = (_filled(en, english, number, "; ") or "") if both else ""
        paragraphs.append({"zh": text, "en": other if other != text else ""})
    return paragraphs


def _filled(text: str, values: Mapping[str, tuple[str, ...]], number: str, joint: str) -> str | None:
    """The paragraph with its places filled in; None when one of them has nothing to say."""
    names = _PLACE.findall(text)
    if any(name != "number" and not values.get(name) for name in names):
        return None
    # No number is to be broken at its hyphen.
    values = {name: tuple(_whole(line) for line in values.get(name, ())) for name in names}
    alone = text == f"{{{names[0]}}}" if names else False
    return _PLACE.sub(
        lambda found: _whole(number) if found[1] == "number" else ("\n" if alone else joint).join(values[found[1]]),
        text,
    )


def _whole(text: str) -> str:
    return _HYPHEN.sub("-\u2060", text)


def _numbered(sheet: Sheet, number: str) -> str:
    """The number above a sheet: of the case, of this document in it, or the version of the city's entry."""
    if sheet.opened is None:
        return _directory_number(sheet)
    own = N_("Document number %(number)s") if number != sheet.opened.number else N_("Case number %(number)s")
    return sheet.turn.say(own, number=number)


def _unit(sheet: Sheet) -> str:
    return case_view.official_name(sheet.turn, sheet.unit.id if sheet.unit else None)


def _date(plan: Print, sheet: Sheet) -> str:
    return sheet.day(_dated(plan, sheet))


def _dated(plan: Print, sheet: Sheet) -> date:
    """The day under the seal: of the act, of the newest publication of this version of a service, else of the printing."""
    if sheet.fact is not None and plan.dated == "act":
        return sheet.fact.day
    if sheet.offer is not None and plan.dated == "publication":
        found = [fact.event for fact in sheet.turn.rules.publications]
        days = [
            event.published_on
            for event in found
            if isinstance(event, PublicationRecorded)
            and (event.offer, event.version) == (sheet.offer.id, sheet.offer.version)
        ]
        if days:
            return max(days)
    return local(sheet.turn.surroundings.now).date()


def _copy_mark(plan: Print, sheet: Sheet, both: bool) -> dict[str, str]:
    now = sheet.turn.surroundings.now
    if plan.original or sheet.opened is None or sheet.fact is None:
        return {"zh": "", "en": ""}
    first = next(iter(_prints(sheet.opened, plan.form.id, sheet.fact)), None)
    if first is None or now - first <= ORIGINAL_FOR:
        return {"zh": "", "en": ""}
    return _say(
        sheet,
        lambda s: s.turn.say(N_("Copy, printed again at %(when)s"), when=s.moment(now)),
        both,
    )


def _prints(opened: OpenCase, form: str, issued: Fact) -> Iterator[datetime]:
    """When a form was printed since the act that issued it, in the order of the case."""
    acts = iter(opened.acts)
    for recorded in acts:
        if recorded.hash == issued.act:
            break
    for recorded in acts:
        if any(event.get("type") == "form_printed" and event.get("form") == form for event in recorded.act.events):
            yield recorded.act.claimed_at


def _directory_number(sheet: Sheet) -> str:
    """Sheets about the directory bear the version of the promise or of the directory itself."""
    version = sheet.offer.version if sheet.offer is not None else sheet.turn.directory.version
    return sheet.turn.say(N_("version %(version)s"), version=version)


def _qr(plan: Print, sheet: Sheet) -> Any:
    base = f"{sheet.turn.directory.public_url}/public/status"
    if plan.qr == "case" and sheet.opened is not None:
        number = sheet.opened.number
        query = urlencode({"n": number, "c": check_code(sheet.opened.id, number)})
        return qr_svg(f"{base}?{query}", sheet.turn.say(N_("QR code that leads to the state of the case")))
    if plan.qr == "city":
        return qr_svg(base, sheet.turn.say(N_("QR code that leads to the city's public page")))
    return None


def _foot(plan: Print, sheet: Sheet, both: bool) -> list[dict[str, str]]:
    lines = []
    if plan.qr == "case" and sheet.opened is not None:
        number = sheet.opened.number
        code = check_code(sheet.opened.id, number)
        # Of a case that is over nothing is on its way and nothing is due any more.
        scan = (
            N_("Scan to see the progress and due date of your case.")
            if sheet.opened.assessment.open
            else N_("Scan to see your case.")
        )
        lines.append(_say(sheet, lambda s: s.turn.say(scan), both))
        lines.append(
            _say(
                sheet,
                lambda s: s.turn.say(N_("Case number %(number)s, check code %(code)s"), number=number, code=code),
                both,
            )
        )
    elif plan.qr == "city":
        lines.append(_say(sheet, lambda s: s.turn.say(N_("Scan to ask where your case is.")), both))
    article = plan.form.sources.get(sheet.pack_id) or next(iter(plan.form.sources.values()))
    if sheet.unit is not None and sheet.unit.complaint_phone and plan.public and plan.layout != "document":
        phone = sheet.unit.complaint_phone
        if plan.form.id not in ("F-02", "F-25", "F-26", "F-27", "F-29"):  # these have it as an entry
            lines.append(_say(sheet, lambda s: s.turn.say(N_("Complaints: %(phone)s"), phone=phone), both))
    if plan.bare:
        return lines
    made = N_("Made under the %(article)s.")
    lines.append(_say(sheet, lambda s: s.turn.say(made, article=s.turn.cite(article, s.pack)), both))
    return lines
