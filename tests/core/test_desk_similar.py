"""What stands beside a form while it is typed: the claimant's cases, likely repetitions, likely units, each with its reason."""

from __future__ import annotations

from fakes import Desk, FakeStore, appeal_form, service_form

from py_core.desk import turn
from py_core.desk.likeness import alike, describe
from py_core.desk.similar_cases import READ_AT_ONCE
from py_core.desk.similar_cases import _known as kept


def key(n: int) -> str:
    return f"{n:032x}"


def desk_with_cases() -> Desk:
    desk = Desk(store=FakeStore())
    desk.post(
        "/register", **appeal_form(key(1), title="夜间施工噪声", text="北街工地夜里十一点还在打桩施工，吵得睡不着")
    )
    desk.post(
        "/register",
        **appeal_form(
            key(2), title="下水道堵塞", text="农贸市场东侧下水道堵塞三天污水漫到人行道", place="星桥农贸市场",
            claimant_name="李四", claimant_phone="13911112222", outcome="deliver", to_unit="shuiwu",
        ),
    )  # fmt: skip
    desk.post("/register", **service_form(key(3), claimant_name="李四", claimant_phone="139 1111 2222", claimant_id=""))
    return desk


def test_the_same_phone_shows_the_claimants_cases_open_and_past() -> None:
    html = (
        desk_with_cases()
        .post("/register/similar", key=key(9), claimant_phone="13911112222", offer="offer:temp-water")
        .html
    )
    assert "此服务对象在这里有 2 件办件" in html
    assert f"/cases/{key(2)}" in html
    assert f"/cases/{key(3)}" in html
    assert "电话相同" in html
    assert key(1) not in html


def test_the_same_id_number_counts_and_a_name_alone_does_not() -> None:
    desk = desk_with_cases()
    desk.post("/register", **service_form(key(4)))
    by_id = desk.post("/register/similar", key=key(9), claimant_id="360426199101010071").html
    assert "证件号或信用代码相同" in by_id
    assert key(4) in by_id
    assert key(2) not in desk.post("/register/similar", key=key(9), claimant_name="李四").html
    beginning = desk.post("/register/similar", key=key(9), claimant_name="李四", claimant_phone="139").html
    assert "姓名相同，电话开头相同" in beginning


def test_a_repeated_appeal_is_shown_with_the_words_in_common_and_its_unit() -> None:
    desk = desk_with_cases()
    asked = {
        "offer": "appeal:citizen",
        "title": "污水横流",
        "text": "市场东侧下水道堵塞，污水漫到人行道",
        "place": "星桥农贸市场",
    }
    html = desk.post("/register/similar", key=key(9), **asked).html
    assert "可能是重复诉求" in html
    assert "污水漫到人行道" in html
    assert "地点相同" in html
    assert "曾办理类似办件的单位" in html
    assert "水务局" in html
    assert key(1) not in html


def test_services_are_not_compared_by_words() -> None:
    desk = desk_with_cases()
    desk.post("/register", **service_form(key(4)))
    html = desk.post("/register/similar", key=key(9), offer="offer:temp-water", text="工地三个月临时用水").html
    assert key(4) not in html


def test_the_form_does_not_find_itself_and_says_nothing_while_little_is_typed() -> None:
    desk = desk_with_cases()
    assert key(1) not in desk.post("/register/similar", **appeal_form(key(1))).html
    assert desk.post("/register/similar", key=key(9), offer="appeal:citizen", title="下水").html.strip() == ""


def test_without_script_a_button_gives_the_whole_page_with_everything_typed() -> None:
    desk = desk_with_cases()
    response = desk.post("/register/similar", **appeal_form(key(9), look="page", claimant_phone="13911112222"))
    assert (response.status, response.acts) == (200, ())
    assert "<form" in response.html
    assert "隔壁工地夜里十一点还在施工" in response.html
    assert f"/cases/{key(2)}" in response.html
    nothing = desk.post("/register/similar", **service_form(key(9), look="page", claimant_id=""))
    assert "这里没有类似的办件" in nothing.html


def test_nothing_that_is_typed_is_recorded_by_looking() -> None:
    desk = desk_with_cases()
    before = {case_id: len(acts) for case_id, acts in desk.store.acts.items()}
    desk.post("/register/similar", **appeal_form(key(9)))
    assert {case_id: len(acts) for case_id, acts in desk.store.acts.items()} == before


def test_the_place_counts_as_place_and_not_as_words_too() -> None:
    known = [describe("a", "星桥农贸市场停电", "星桥农贸市场"), describe("b", "下水道堵塞污水外溢", "南门新村")]
    found = alike("星桥农贸市场下水道堵塞污水外溢", "星桥农贸市场", known, 5)
    assert [(like.case_id, like.same_place) for like in found] == [("b", False)]


def test_a_thousand_cases_are_read_in_portions_while_somebody_types() -> None:
    desk = Desk(store=FakeStore())
    words = [
        "下水道堵塞",
        "夜间施工噪声",
        "路灯不亮",
        "垃圾清运",
        "公交班次",
        "低保申请",
        "占道经营",
        "停水",
        "违章搭建",
    ]
    for n in range(1000):
        word = words[n % len(words)]
        text = f"{word}，{n} 号楼居民反映已经 {n % 30} 天没有人处理，希望尽快解决"
        desk.post("/register", **appeal_form(key(n + 1), title=word, text=text, claimant_phone=f"139{n:08d}"))
    asked = appeal_form(
        key(5000), title="下水道又堵了", text="七号楼下水道堵塞没有人处理", claimant_phone="13900000007"
    )
    looks = 1
    while "hx-trigger" in desk.post("/register/similar", **asked).html:
        looks += 1  # cases that were not read before are read in portions, so that no key waits for all
    assert looks == 1000 // READ_AT_ONCE
    html = desk.post("/register/similar", **asked).html
    assert "可能是重复诉求" in html
    assert "电话相同" in html


def test_a_locked_device_keeps_nothing_of_what_was_compared() -> None:
    desk = desk_with_cases()
    desk.post("/register/similar", **appeal_form(key(9)))
    assert kept
    turn.forget()
    assert not kept
