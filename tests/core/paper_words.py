"""What stands on a paper, for tests: its words with their blanks as one, and the lines that are left to sign."""

from __future__ import annotations

import re
from html import unescape

from fakes import Desk
from slip_cases import Step, city_with

WHY = "因连日降雨，现场踏勘无法按期进行。"
FILED: list[Step] = [
    ("2025-12-25 09:00", "propose_refusal", {"reason": WHY}),
    ("2025-12-25 10:00", "report_refusal", {}),
]
AGREED: list[Step] = [
    ("2025-12-26 10:00", "decide_refusal", {"outcome": "agree"}),
    ("2025-12-29 09:00", "notify_refusal", {"reason": WHY, "form": "written"}),
]
UNBROKEN = re.compile(r'<span class="sw-unbroken">([^<]*)</span>')


def paper(html: str) -> str:
    """What stands on the sheet, as text."""
    sheet = html.split("<article")[1].split("</article>")[0]
    return unescape(re.sub(r"<[^>]*>", " ", UNBROKEN.sub(r"\1", sheet)))


def told(desk: Desk, case_id: str, form: str, lang: str = "zh-CN") -> str:
    """What stands on a form of a case, with its blanks as one."""
    response = desk.get(f"/cases/{case_id}/slips/{form}", lang)
    assert response.status == 200, response.html
    return close(paper(response.html))


def of_city(form: str, of: str, desk: Desk | None = None) -> str:
    response = (desk or city_with("F-01")[0]).get(f"/slips/{form}/{of}")
    assert response.status == 200
    return close(paper(response.html))


def desk_html(desk: Desk, case_id: str, form: str) -> str:
    return desk.get(f"/cases/{case_id}/slips/{form}").html


def close(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def lines_to_sign(desk: Desk, case_id: str, form: str) -> list[str]:
    """The lines of a form on which somebody signs, with what already stands there."""
    html = desk_html(desk, case_id, form)
    if 'class="sw-slip__sign"' not in html:
        return []
    part = html.split('class="sw-slip__sign"')[1].split("</div>")[0]
    return [
        close(unescape(re.sub(r"<[^>]*>", " ", UNBROKEN.sub(r"\1", line)))).strip() for line in part.split("<span>")[1:]
    ]


def copies(desk: Desk, case_id: str, form: str, kind: str) -> list[str]:
    """What stands on the copies of a form, one for each act of this kind, the oldest first."""
    held = desk.store.case(case_id)
    assert held is not None
    acts = [each.hash for each in held.acts if each.act.kind == kind]
    return [close(paper(desk.get(f"/cases/{case_id}/slips/{form}", act=act[:12]).html)) for act in acts]
