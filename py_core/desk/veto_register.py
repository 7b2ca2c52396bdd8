"""评先评优一票否决: who is excluded from the awards of which year, by which decision (BZ-KP-4). Shows; decides nothing."""

from __future__ import annotations

from typing import Any

from py_core.cases.state import Fact
from py_core.desk import case_view
from py_core.desk.centre import centre_menu
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn
from py_core.rules.vetoes import standing_vetoes
from py_core.views import language
from py_core.views.language import N_


def show_vetoes(turn: Turn) -> Response:
    """Every veto that stands in the whole record, the newest year first."""
    regulations = {pack.id for pack in turn.packs.values() if pack.veto_article}
    rows = [
        _row(turn, opened, fact)
        for opened in turn.open_all()
        if opened.glance.pack in regulations
        for fact in standing_vetoes(opened.case).values()
    ]
    rows.sort(key=lambda row: (-row["year"], row["subject"]))
    articles = sorted({pack.veto_article for pack in turn.packs.values() if pack.veto_article})
    title = turn.say(N_("Veto register"))
    content = {
        "rows": rows,
        "articles": turn.say(N_(", ")).join(articles),
        "subnavigation": centre_menu(turn, "vetoes"),
    }
    return page(turn, "vetoes.html", title, "vetoes", content, where="centre")


def _row(turn: Turn, opened: OpenCase, fact: Fact) -> dict[str, Any]:
    subject = str(fact.data["subject"])
    known = subject in turn.directory.people
    return {
        "year": fact.data["year"],
        "subject": case_view.person_name(turn, subject) if known else case_view.unit_name(turn, subject),
        "cause": fact.data["cause"],
        "decision": fact.data["decision_ref"],
        "case": opened.id,
        "number": opened.number,
        "who": case_view.person_name(turn, fact.user),
        "when": language.moment_text(turn.lang, fact.at),
    }
