"""The slips that the public receives (F-01 … F-04): their fields, and the refusal to print an incomplete one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from py_core.cases.state import Fact
from py_core.desk import case_view
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.receipt_code import check_code
from py_core.desk.turn import OpenCase, Turn
from py_core.values import local
from py_core.views import language
from py_core.views.language import N_
from py_core.views.qr import qr_svg

# A receipt shown later than this after it was issued is a reprint and says so.
ORIGINAL_FOR = timedelta(minutes=30)
PAPERS = ("a4", "80mm")
ON_SITE = ("walk_in", "visit")

Slip = dict[str, Any]


def show_slip(turn: Turn, case_id: str, form: str) -> Response:
    """A slip ready to print, or a page that names what is missing."""
    opened = turn.open(case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    maker = MAKERS.get(form)
    if maker is None or opened.case.registered is None:
        return problem(turn, 404, "unknown_page")
    title, article, build = maker
    slip = build(turn, opened)
    missing = [row["label"] for row in slip["rows"] if row.get("needed") and not any(row["lines"])]
    missing += slip.get("missing", [])
    if missing:
        return _refused(turn, opened, turn.say(title), article, missing, slip)
    paper = (turn.request.query.get("paper") or [""])[-1]
    paper = paper if paper in PAPERS else PAPERS[0]
    slip |= {"form": form, "title": turn.say(title), "number": opened.number, "unit": _issuing_unit(turn, opened)}
    base = f"/cases/{case_id}/slips/{form}?paper="
    labels = {"a4": N_("A4 sheet"), "80mm": N_("80 mm receipt")}
    return page(
        turn,
        "slip.html",
        f"{turn.say(title)} {opened.number}",
        f"slip-{form}-{paper}",
        {
            "case_id": case_id,
            "case_title": case_view.title_of(turn, opened),
            "papers": [
                {"href": base + name, "label": turn.say(labels[name]), "current": name == paper} for name in PAPERS
            ],
            "paper_size": paper,
            "slip": slip,
        },
        where="cases",
    )


def available(turn: Turn, opened: OpenCase) -> list[dict[str, str]]:
    """The slips of a case for its page: which can be printed, which were issued and when."""
    rows = []
    for form, (title, _, _) in MAKERS.items():
        if not _fits(turn, opened, form):
            continue
        issued = opened.case.last("receipt_issued") if form == "F-02" else None
        rows.append(
            {
                "form": form,
                "name": turn.say(title),
                "href": "" if form == "F-02" and issued is None else f"/cases/{opened.id}/slips/{form}",
                "note": turn.say(N_("issued %(when)s"), when=language.moment_text(turn.lang, issued.at))
                if issued
                else turn.say(N_("not issued"))
                if form == "F-02"
                else "",
            }
        )
    return rows


def _fits(turn: Turn, opened: OpenCase, form: str) -> bool:
    """Whether a slip has anything to do with this case: how it came, and what its rules ask for."""
    case = opened.case
    pack = turn.packs.get(case.pack)
    on_site = case.value("channel") in ON_SITE
    if form == "F-02":
        return bool(case.all("receipt_issued")) or (pack is not None and case.value("channel") in pack.receipt_channels)
    if form == "F-04":
        return bool(case.all("correction_notified"))
    return on_site


def _refused(turn: Turn, opened: OpenCase, title: str, article: str, missing: list[str], slip: Slip) -> Response:
    texts = {
        "title": turn.say(N_("%(slip)s cannot be printed"), slip=title),
        "why": turn.say(N_("It lacks what it must contain: %(fields)s."), fields=", ".join(missing)),
        "article": article,
        "todo": slip.get("todo") or turn.say(N_("Record what is missing; then the slip can be printed.")),
        "href": slip.get("href") or f"/cases/{opened.id}",
        "link": slip.get("link") or turn.say(N_("Back to the case")),
        "code": "",
    }
    return page(turn, "problem.html", texts["title"], "slip-refused", {"problem": texts}, status=409, where="cases")


def _row(turn: Turn, label: str, *lines: str | None, needed: bool = False, strong: bool = False) -> dict[str, Any]:
    return {"label": turn.say(label), "lines": [line for line in lines if line], "needed": needed, "strong": strong}


def _base(turn: Turn, opened: OpenCase) -> Slip:
    unit = turn.directory.units.get(str(opened.case.value("unit")))
    foot = [turn.say(N_("Complaints: %(phone)s"), phone=unit.complaint_phone)] if unit else []
    return {
        "copy": "", "rows": [], "list": [], "list_title": "", "list_second": "", "notes": [], "signatures": [],
        "qr": None, "foot": foot,
    }  # fmt: skip


def _issuing_unit(turn: Turn, opened: OpenCase) -> str:
    city = turn.directory.city_en if turn.lang == language.EN else turn.directory.city_zh
    return f"{city} · {case_view.unit_name(turn, opened.case.value('unit'))}"


def papers(opened: OpenCase) -> list[dict[str, str]]:
    """The papers that were received so far, with their copies."""
    rows = list(opened.case.value("materials") or ())
    for kind in ("materials_received", "materials_completed"):
        for fact in opened.case.all(kind):
            rows.extend(row for row in fact.data.get("materials", ()) if row not in rows)
    return [{"name": name, "second": str(copies)} for name, copies in rows]


def _matter(turn: Turn, opened: OpenCase) -> list[str]:
    """What is asked for, and the subject where it says more than that."""
    return list(dict.fromkeys((case_view.matter_name(turn, opened), opened.case.value("title") or "")))


def _first_responder(turn: Turn, opened: OpenCase) -> tuple[str, str, str]:
    user = case_view.first_responder(turn, opened)
    person = turn.directory.people.get(user)
    return (person.name, person.title, person.phone) if person else (user, "", "")


def _registration(turn: Turn, opened: OpenCase) -> Slip:
    case, registered = opened.case, opened.case.registered
    assert registered is not None
    name, title, phone = _first_responder(turn, opened)
    taken = case.last("accepted") or case.last("handover_accepted")
    slip = _base(turn, opened)
    slip["rows"] = [
        _row(turn, N_("Time of reception"), language.moment_text(turn.lang, registered.at), needed=True),
        _row(turn, N_("Name of the service object"), case.value("claimant_name"), needed=True),
        _row(turn, N_("Contact"), case.value("claimant_phone"), case.value("claimant_address"), needed=True),
        _row(
            turn,
            N_("Matter"),
            *_matter(turn, opened),
            case.value("text"),
            needed=True,
        ),
        _row(turn, N_("First responder"), " ".join(part for part in (name, title, phone) if part), needed=True),
        _row(turn, N_("Handler"), case_view.person_name(turn, taken.user) if taken else name),
    ]
    slip["list"] = papers(opened)
    slip["list_title"], slip["list_second"] = turn.say(N_("Papers received")), turn.say(N_("Copies"))
    signature = case.last("signature_recorded") or registered
    if signature.data.get("signed"):
        slip["notes"] = [turn.say(N_("The service object confirms this registration by signature (JY-3.2.7)."))]
        slip["signatures"] = [turn.say(N_("Signature of the service object")), turn.say(N_("Date"))]
    elif reason := signature.data.get("unsigned_reason"):
        slip["notes"] = [turn.say(N_("Not signed. Reason: %(reason)s"), reason=reason)]
    return slip


def _receipt(turn: Turn, opened: OpenCase) -> Slip:
    case = opened.case
    issued = case.last("receipt_issued")
    slip = _base(turn, opened)
    name, _, _ = _first_responder(turn, opened)
    if issued is None:
        slip["missing"] = [turn.say(N_("the act of issuing it"))]
        slip["todo"] = turn.say(N_("Issue the receipt first: its number, date and phones are then kept in the case."))
        slip["href"], slip["link"] = f"/cases/{opened.id}/do/issue_receipt", turn.say(N_("Issue the receipt"))
        return slip
    data: Mapping[str, Any] = issued.data
    promised = data.get("promised")
    slip["rows"] = [
        _row(turn, N_("Matter"), *_matter(turn, opened), needed=True),
        _row(turn, N_("Received from"), case.value("claimant_name")),
        _row(turn, N_("Received at"), language.moment_text(turn.lang, issued.at)),
        _row(turn, N_("First responder"), name, needed=True),
        _row(turn, N_("Phone of the first responder"), data.get("first_responder_phone"), needed=True),
        _row(
            turn, N_("Promised date of completion or reply"),
            language.day_text(turn.lang, promised) if promised else None, needed=True, strong=True,
        ),
        _row(turn, N_("Phone for supervision and complaints"), data.get("complaint_phone"), needed=True),
    ]  # fmt: skip
    slip["list"] = papers(opened)
    slip["list_title"], slip["list_second"] = turn.say(N_("Papers received")), turn.say(N_("Copies"))
    slip["copy"] = _copy_mark(turn, issued)
    code = check_code(opened.id, opened.number)
    link = f"{turn.directory.public_url}/public/status?{urlencode({'n': opened.number, 'c': code})}"
    slip["qr"] = qr_svg(link, turn.say(N_("QR code that leads to the state of the case")))
    slip["foot"] = [
        turn.say(N_("Scan to see where your case is and until when.")),
        turn.say(N_("Number %(number)s, check code %(code)s"), number=opened.number, code=code),
        turn.say(N_("Issued under JY-3.2.7. Please keep this receipt.")),
    ]
    return slip


def _copy_mark(turn: Turn, issued: Fact) -> str:
    now = turn.surroundings.now
    if now - issued.at <= ORIGINAL_FOR:
        return ""
    return turn.say(N_("Copy, printed again at %(when)s"), when=language.moment_text(turn.lang, now))


def _identity(turn: Turn, opened: OpenCase) -> Slip:
    name, title, phone = _first_responder(turn, opened)
    slip = _base(turn, opened)
    slip["rows"] = [
        _row(turn, N_("First responder"), name, needed=True, strong=True),
        _row(turn, N_("Duty"), title, needed=True),
        _row(turn, N_("Phone"), phone, needed=True, strong=True),
    ]
    slip["notes"] = [turn.say(N_("You asked me first: I answer for your matter until somebody has taken it over."))]
    return slip


def _one_time_notice(turn: Turn, opened: OpenCase) -> Slip:
    case = opened.case
    slip = _base(turn, opened)
    told = case.last("correction_notified")
    items = list(told.data.get("items", ())) if told else []
    offer = turn.directory.offers.get(case.value("offer") or "")
    promise = case.value("promise")
    limit = ""
    if promise:
        period = promise["period"]
        limit = f"{period.n} {case_view.term(turn, opened, f'unit.{period.unit}')}"
    received = case.first("materials_received")
    notice = next((clock for clock in opened.assessment.clocks if clock.name == "correction_notice"), None)
    slip["rows"] = [
        _row(turn, N_("To"), case.value("claimant_name"), needed=True),
        _row(turn, N_("Matter"), case_view.matter_name(turn, opened), needed=True),
        _row(turn, N_("Legal basis"), offer.basis if offer else ""),
        _row(turn, N_("All papers needed"), *(offer.materials if offer else ())),
        _row(turn, N_("Limit once the papers are complete"), limit),
        _row(turn, N_("Fee"), offer.fee if offer else ""),
        _row(
            turn,
            N_("Papers first received"),
            language.day_text(turn.lang, local(received.at).date()) if received else "",
        ),
        _row(
            turn, N_("Notice given"), language.day_text(turn.lang, local(told.at).date()) if told else "", needed=True
        ),
        _row(turn, N_("Last day for this notice"), language.day_text(turn.lang, notice.due) if notice else ""),
    ]
    slip["list"] = [{"name": str(item), "second": ""} for item in items]
    slip["list_title"] = turn.say(N_("Everything that has to be corrected or added"))
    if not items:
        slip["missing"] = [turn.say(N_("what has to be corrected or added"))]
    slip["notes"] = [
        turn.say(N_("This is the complete list. The limit starts on the day on which everything is here (JY-3.3.5)."))
    ]
    slip["signatures"] = [turn.say(N_("Handler")), turn.say(N_("Received by")), turn.say(N_("Date"))]
    return slip


MAKERS: Mapping[str, tuple[str, str, Callable[[Turn, OpenCase], Slip]]] = {
    "F-01": (N_("Registration of reception"), "JY-3.2.7", _registration),
    "F-02": (N_("Receipt"), "JY-3.2.7", _receipt),
    "F-03": (N_("Identity slip of the first responder"), "WH-SW-3", _identity),
    "F-04": (N_("One-time notice"), "JY-3.3.5", _one_time_notice),
}
