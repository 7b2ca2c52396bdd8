"""Papers of the city: cards, registers and promises, of posts instead of cases."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from fakes import Desk, FakeStore
from html_forms import filled
from paper_words import close, of_city, told
from slip_cases import CITY, city_with

from py_core.directory import Holders, Person, Post


def test_the_card_tells_the_duty_not_the_title() -> None:
    text = told(*city_with("F-03"), "F-03")
    assert "职责 综合受理岗" in text
    assert "便民服务中心窗口" not in text
    desk, case_id = city_with("F-03")
    law = Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin")
    desk.store._directory = replace(CITY, posts={**CITY.posts, "law": law})
    assert "综合执法岗" not in told(desk, case_id, "F-03")  # hers only as the stand-in
    desk.store._directory = replace(CITY, posts={"law": law})
    assert "职责 综合执法岗" in told(desk, case_id, "F-03")


def test_the_register_of_posts_is_one_table_filed_with_its_office() -> None:
    desk, _ = city_with("F-01")
    posts = {
        "counter": CITY.posts["counter"],
        "law": Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin", (Holders("zhou", "lin", date(2025, 3, 1)),)),
    }
    desk.store._directory = replace(CITY, posts=posts)
    text = of_city("F-22", "xingqiao", desk)
    assert "科协办公室：" in text
    assert "综合受理岗 林晓梅 周建国 启用名册前已任职" in text
    assert "综合执法岗 周建国 林晓梅 2025年3月1日" in text
    assert text.count("综合执法岗") == 1


@pytest.mark.parametrize("without", ["counter", "law"])
def test_a_post_without_an_english_name_keeps_its_line(without: str) -> None:
    desk, _ = city_with("F-01")
    posts = {"counter": CITY.posts["counter"], "law": Post("law", "xingqiao", "综合执法岗", "Law", "zhou", "lin")}
    posts[without] = replace(posts[without], en="")
    desk.store._directory = replace(CITY, posts=posts)
    lines = desk.get("/slips/F-22/xingqiao", "en").html.split('class="sw-slip__columns"')[1].split("<tr>")[2:]
    told = {"counter": ("综合受理岗 General counter", "林晓梅"), "law": ("综合执法岗 Law", "周建国")}
    told[without] = (told[without][0].split(" ")[0], told[without][1])
    for line, (name, a) in zip(lines, told.values(), strict=True):
        cells = [close(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in re.findall(r"<td>(.*?)</td>", line)]
        assert cells[:2] == [name, a]


def test_cards_and_records_to_fill_in_have_room_for_it() -> None:
    card = of_city("F-25", "xingqiao")
    assert card.index("请留下姓名") < card.index("预计返回时间") < card.index("来访时间")
    html = city_with("F-01")[0].get("/slips/F-25/xingqiao").html
    assert html.count('class="sw-slip__blank"') == 5
    over = of_city("F-23", "lin")
    assert "离岗时间（起止）" in over
    assert "其他交代事项" in over
    desk_card = of_city("F-29", "lin")
    for noise in ("第3版", "依据", "F-29 ·"):
        assert noise not in desk_card


def test_a_published_promise_is_dated_by_its_publication() -> None:
    he = Person("he", "何力", "centre", "管理员", "0510-86000012", ("admin",))
    store = FakeStore(replace(CITY, people={**CITY.people, "he": he}))
    admin, officer = Desk("he", store=store, where="server"), Desk("lin", store=store)
    assert "2025年12月24日" in of_city("F-26", "temp-water", officer)  # of the printing, before it is published
    page = "/centre/offers/temp-water"
    told = {
        **filled(admin.get(page).html, {}), "what": "publication", "version": "2", "channel": "notice_board",
        "place": "便民服务中心东墙", "published_on": "2025-12-20", "note": "",
    }  # fmt: skip
    assert admin.post(page, **told).status == 303
    assert "2025年12月20日" in of_city("F-26", "temp-water", officer)
    newer = replace(CITY.offers["temp-water"], version=3)
    store._directory = replace(CITY, people={**CITY.people, "he": he}, offers={**CITY.offers, "temp-water": newer})
    text = of_city("F-26", "temp-water", officer)
    assert "2025年12月24日" in text
    assert "2025年12月20日" not in text  # of the version before
