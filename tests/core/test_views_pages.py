"""Every page renders in both languages, strictly, without inline styles or scripts, also from precompiled templates."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fakes import NOW, Desk, FakeStore, appeal_form, service_form
from jinja2 import DictLoader, ModuleLoader, UndefinedError
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context
from markupsafe import Markup

from py_core.desk import frame, problem_page
from py_core.desk.ports import Response, SyncStatus
from py_core.desk.problems import PROBLEMS
from py_core.desk.receipt_code import check_code
from py_core.views.environment import make_environment, templates_to_compile
from py_core.views.masking import mask_identity, mask_name, mask_phone

SERVICE, APPEAL, NOTICE = (f"{n:032x}" for n in (1, 2, 3))
PATHS = (
    "/", "/today", "/today?scope=unit", "/register", "/cases", f"/cases/{SERVICE}", f"/cases/{APPEAL}",
    f"/cases/{SERVICE}/do/issue_decision", f"/cases/{SERVICE}/do/note", f"/cases/{SERVICE}/do/start_procedure",
    f"/cases/{SERVICE}/do/hand_over", f"/cases/{SERVICE}/do/accept", f"/cases/{SERVICE}/slips/F-01",
    f"/cases/{SERVICE}/slips/F-02", f"/cases/{SERVICE}/slips/F-03", f"/cases/{NOTICE}/slips/F-04", "/sync", "/centre",
    "/centre/cases", "/centre/reconciliation", f"/centre/reconciliation/{SERVICE}", "/public/status", "/nowhere",
)  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def record() -> FakeStore:
    store = FakeStore()
    desk = Desk("lin", store=store, where="server", now=NOW - timedelta(days=30))
    desk.post("/register", **service_form(SERVICE))
    desk.post("/register", **appeal_form(APPEAL))
    desk.post("/register", **service_form(NOTICE, complete="no", outcome="notice", missing="用地证明"))
    store.status = SyncStatus(True, 0, NOW)
    return store


class Page(HTMLParser):
    """Collects what a strict page must not have."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.bad: list[str] = []
        self.targets: list[str] = []
        self.headings: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if values.get("id") else []
        self.bad += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and values.get("src") != "/assets/page.js"):
            self.bad.append(tag)
        for name in ("for", "aria-describedby", "aria-labelledby"):
            self.targets += (values.get(name) or "").split()
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(tag)


def check(response: Response, lang: str) -> None:
    if response.location:
        return
    html = response.html
    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert f'<html lang="{lang}"' in html
    page = Page(html)
    assert page.bad == []
    assert len(page.ids) == len(set(page.ids)), sorted(name for name in page.ids if page.ids.count(name) > 1)
    assert set(page.targets) <= set(page.ids), set(page.targets) - set(page.ids)
    assert page.headings.count("h1") == 1
    assert ('id="sync-light"' in html) == ('class="sw-who"' in html)  # whoever only asks by a receipt syncs nothing
    assert "None" not in re.sub(r"<[^>]*>", " ", html)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_renders(record: FakeStore, path: str, lang: str) -> None:
    desk = Desk("chen" if "centre" in path else "lin", store=record, where="server", lang=lang)
    where, _, query = path.partition("?")
    check(desk.get(where, **dict(pair.split("=") for pair in query.split("&") if pair)), lang)


def test_the_english_interface_has_no_chinese_of_its_own(record: FakeStore) -> None:
    desk = Desk("lin", store=record, where="server", lang="en")
    for path in ("/register", "/sync", "/nowhere"):
        text = re.sub(r"<[^>]*>", " ", desk.get(path).html)
        for known in (
            "林晓梅",
            "中文",
            "申请表",
            "身份证复印件",
            "用地证明",
            "工地临时用水",
            "夜间施工噪声",
            "临时用水许可",
        ):
            text = text.replace(known, "")
        assert CHINESE.findall(text) == []


def test_the_public_status_page_of_a_case(record: FakeStore) -> None:
    public = Desk("nobody", store=record, where="server", lang="en")
    check(public.get("/public/status", n="K7Q-000001", c=check_code(SERVICE, "K7Q-000001")), "en")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("code", [*PROBLEMS, "something_new"])
def test_problem_pages_say_what_why_and_what_to_do(code: str, lang: str) -> None:
    response = problem_page(500, code, lang=lang, reference="R-1", path="/today")
    page = Page(response.html)
    assert (response.status, page.bad, page.headings) == (500, [], ["h1", "h2"])
    assert "R-1" in response.html
    assert bool(CHINESE.search(re.sub(r"<[^>]*>|中文", "", response.html))) == (lang == "zh-CN")


def test_a_signed_out_person_is_told_to_sign_in() -> None:
    response = Desk("nobody").get("/today")
    assert response.status == 401
    assert "/sign-in" in response.html


def test_today_orders_by_light_and_explains(record: FakeStore) -> None:
    desk = Desk("lin", store=record, where="server")
    desk.post("/register", **service_form("9" * 32, title="刚刚登记的"))
    html = desk.get("/today").html
    assert html.index("超期") < html.index("刚刚登记的")
    assert "B-01" in html
    assert "期限如何计算" in html


def test_today_is_empty_for_somebody_without_duties() -> None:
    assert "没有待办事项" in Desk("wang").get("/today").html


def test_the_language_link_keeps_the_page_and_its_filter(record: FakeStore) -> None:
    html = Desk("lin", store=record, where="server").get("/cases", light="green", done="act").html
    assert 'href="/cases?light=green&amp;lang=en"' in html


def test_the_csrf_token_is_in_every_form_that_posts(record: FakeStore) -> None:
    desk = Desk("lin", store=record, where="server")
    for path in ("/register", f"/cases/{SERVICE}/do/note"):
        html = desk.get(path).html
        assert html.count('method="post"') == html.count('name="csrf"')


def test_a_name_that_a_page_forgot_is_an_error() -> None:
    environment = make_environment(DictLoader({"page.html": "{{ person.name }} {% if missing %}x{% endif %}"}))
    with pytest.raises(UndefinedError):
        environment.get_template("page.html").render(person={"name": "x"}, lang="en")


def test_an_entry_of_a_dict_wins_over_its_method() -> None:
    environment = make_environment(DictLoader({"page.html": "{{ row.items }} {{ row.copy }}"}))
    assert environment.get_template("page.html").render(row={"items": 3, "copy": ""}, lang="en") == "3 "


class Shade(StrEnum):
    DARK = "<dark>"


VALUES = ("<b>&\"'</b>", "a & b", "'", '"', ">", "路灯不亮", "", Markup("<b>ok</b>"), Shade.DARK, 7, None, ["<i>"])


def test_pages_are_what_jinja_makes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quicker writing and calling of `py_core.views.runtime` against Jinja's own, of everything that templates do."""
    source = """
    {% macro cell(value, more="") %}<td title="{{ value }}">{{ value }}{{ more }}{{ caller() if caller is defined }}</td>{% endmacro %}
    {% set held %}{{ values[0] }}{% endset %}{{ held }}{{ values[0] ~ held }}
    {% for value in values %}{{ cell(value) }}{% call cell(value, more=loop.index) %}{{ value }}{% endcall %}
    {% trans n=loop.index, value=value %}{{ n }} of {{ value }}{% pluralize %}{{ n }} times {{ value }} 100%{% endtrans %}
    {{ _("a %% <b>") }}{{ _("%(what)s <i>", what=value) }}{{ gap() }}{{ plain(value) }}{{ whole.format(value) }}{% endfor %}
    {% autoescape false %}{{ values[0] }}{% endautoescape %}{{ "<x>" | unbroken }}{{ values[1] | upper }}"""
    values = {"values": VALUES, "plain": lambda value: f"<{value}>", "whole": Markup("<u>{}</u>")}
    shown = {}
    for name, environment in (("ours", make_environment()), ("jinja", make_environment())):
        if name == "jinja":
            monkeypatch.setattr(environment, "context_class", Context)
            monkeypatch.setattr(environment, "code_generator_class", CodeGenerator)
        shown[name] = [environment.from_string(source).render(lang=lang, **values) for lang in ("en", "zh-CN")]
    assert shown["ours"] == shown["jinja"]
    assert "a % <b>" in shown["ours"][0], "messages may hold marks of their own"


def test_pages_render_from_precompiled_templates(record: FakeStore, tmp_path: Path) -> None:
    names = set(templates_to_compile())
    make_environment().compile_templates(tmp_path, zip=None, filter_func=names.__contains__, ignore_errors=False)
    desk = Desk("lin", store=record, where="server")
    paths = ("/today", "/register", f"/cases/{SERVICE}", f"/cases/{SERVICE}/do/note", f"/cases/{SERVICE}/slips/F-02")
    normal = [desk.get(path).html for path in paths]
    frame.use_environment(make_environment(ModuleLoader(tmp_path)))
    try:
        keys = re.compile(r"[0-9a-f]{32}")
        compiled = [desk.get(path).html for path in paths]
        assert [keys.sub("", html) for html in compiled] == [keys.sub("", html) for html in normal]
    finally:
        frame.use_environment(make_environment())


def test_masks_show_enough_and_no_more() -> None:
    assert mask_phone("13812345678") == "138******78"
    assert mask_phone("86860000") == "******00"
    assert mask_identity("360426199101010071") == "36**************71"
    assert mask_name("赵六") == "赵*"
    assert mask_identity("123") == "***"


def test_the_link_after_a_sentence_stands_off_in_english_only() -> None:
    part = make_environment().get_template("parts/year_warning.html")
    warning = {"year": 2027, "provisional": 0, "href": "/centre/calendar"}
    assert "yet. <a" in part.render(lang="en", warning=warning)
    assert "。<a" in part.render(lang="zh-CN", warning=warning)
