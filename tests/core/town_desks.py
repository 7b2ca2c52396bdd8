"""Several officers of the demonstration city at their devices, and what each of them typed to begin with."""

from __future__ import annotations

import re
from datetime import timedelta

from day_office import CITY
from fakes import NOW, Desk, FakeStore
from html_forms import filled

LETTER = {
    "offer": "matter", "matter": "matter:WH:letter", "channel": "letter", "claimant_name": "孙七",
    "claimant_phone": "13812345678", "title": "来信", "text": "请求核实。",
}  # fmt: skip
UNPAID = {
    "offer": "matter", "matter": "matter:BZ:rights", "claimant_name": "孙七", "complete": "yes",
    "claimant_phone": "13812345678", "title": "劳动报酬", "text": "用人单位未付报酬。",
}  # fmt: skip
ALLOWANCE = {
    "offer": "offer:disability-allowance", "claimant_name": "周梦洁", "claimant_phone": "13800001234",
    "channel": "walk_in", "signed": "yes", "complete": "no",
}  # fmt: skip


def alerts(desk: Desk) -> tuple[list[tuple[str, str]], int]:
    html = desk.get("/today/alerts").html
    rows = re.findall(r'data-key="([^"]+)" data-light="(\w+)"', html)
    found = re.search(r'data-next-ms="(\d+)"', html)
    assert found
    return rows, int(found.group(1))


class Town:
    """Officers of the demonstration city at devices of their own, with the network between every two steps."""

    def __init__(self, *people: str) -> None:
        self.record = FakeStore(CITY)
        self.desks = {who: Desk(who, store=FakeStore(CITY), code=f"K{n}") for n, who in enumerate(people)}
        self.case = ""

    def take(self, who: str, path: str, /, **typed: str) -> None:
        desk = self.desks[who]
        response = desk.post(path.format(self.case), **filled(desk.get(path.format(self.case)).html, typed))
        assert response.status == 303, response.html
        self.case = response.acts[0].case_id
        for each in self.desks.values():
            self.record.hear(each.store, NOW)
        for each in self.desks.values():
            each.store.acts = {case: list(acts) for case, acts in self.record.acts.items()}

    def page(self, who: str) -> str:
        return self.desks[who].get(f"/cases/{self.case}").html

    def sees(self, who: str, scope: str = "") -> bool:
        html = self.desks[who].get("/today", **({"scope": scope} if scope else {})).html
        return f'href="/cases/{self.case}"' in html

    def is_alerted(self, who: str) -> bool:
        later = Desk(who, store=self.desks[who].store, now=NOW + timedelta(days=30))
        return any(key.startswith(self.case) for key, _ in alerts(later)[0])
