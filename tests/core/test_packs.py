"""The regulations as data: complete, cited, named in both languages; a fifth one needs no code."""

from __future__ import annotations

import copy
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from law import CASE_ID, act, at

from py_core.calendars import national
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.events import CHANNELS, CLAIMANTS, EVENTS, PROCEDURES, REQUEST_KINDS
from py_core.cases.state import fold
from py_core.errors import Malformed, Refused
from py_core.packs import Packs, load_packs, read_pack
from py_core.packs.articles import STATUSES, base_article, citations, load_articles, rules_of
from py_core.packs.registers import load_forms, load_indicators, load_ladders
from py_core.rules.engine import assess

PACKS = load_packs()
CATALOGUE = Path(__file__).parents[3] / "shared" / "domain" / "regulations.md"
SOURCES = CATALOGUE.parent / "sources"


def source(pack_id: str) -> dict[str, Any]:
    return tomllib.loads(files("py_core.packs").joinpath(pack_id, "pack.toml").read_text(encoding="utf-8"))


def test_four_regulations_with_their_matters() -> None:
    assert {pack.id: len(pack.matters) for pack in PACKS.values()} == {"WH": 15, "BZ": 9, "HL": 3, "JY": 4}


def test_every_citation_is_an_article_of_the_register() -> None:
    articles = load_articles()
    own = {citation for citation in citations() if citation.partition("-")[0] in PACKS}
    assert {citation for citation in own if base_article(citation) not in articles} == set()


def test_every_article_has_words_by_which_others_can_look_it_up() -> None:
    used = {*load_articles(), *(found for found in citations() if found.partition("-")[0] in PACKS)}
    for article in used:
        zh, en = PACKS.cite(article)
        assert zh.startswith("《"), article
        assert article not in zh + en
        assert not re.search(r"[A-Z]{2}-[A-Z0-9]", zh + en), zh + en
        assert not re.search(r"[\u4e00-\u9fff]", en), en
    assert PACKS.cite("WH-SW-4(二)")[0] == "《武汉市科技局首问负责制度》第四条第（二）项"
    assert PACKS.cite("BZ-CN-6")[0] == "《滨州市科协作风效能建设工作制度·服务承诺制》第6条"
    assert PACKS.cite("BZ-0")[0] == "《滨州市科协作风效能建设工作制度》前言"
    assert PACKS.cite("HL-10") == (
        "《12345政务服务便民热线工作规则》第十条", "Working Rules of the 12345 Government Service Hotline, article 10",
    )  # fmt: skip
    assert PACKS.cite("JY-3.2.7")[0].endswith("实施意见》（澄政办发〔2012〕17号）第三部分第（二）项第7点")
    assert PACKS.cite("HL-8(一)")[1].endswith("article 8, item (1)")
    assert PACKS.cite("XX-3(一)") == ("XX-3（一）", "XX-3(一)")  # of no regulation here


def test_titles_are_those_of_the_documents() -> None:
    if not SOURCES.exists():  # they are given to the project, not part of it
        return
    told = re.sub(r"\s", "", "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.txt")))
    for pack in PACKS.values():
        for document in pack.documents:
            for part in document.title[0].split("·"):
                assert part in told, part
            assert document.number[0] in told


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda row: row.update(counted=[["条", "article {1}"]]), "number"),
        (lambda row: row.update(counted=[["第{n}条", "article"]]), "number"),
        (lambda row: row.update(en=""), "both languages"),
        (lambda row: row.pop("prefix"), "prefix"),
    ],
)
def test_a_document_that_cannot_be_cited_is_refused(change: Any, text: str) -> None:
    data = source("HL")
    change(data["document"][0])
    with pytest.raises(Malformed) as caught:
        read_pack(data, PACKS.common)
    assert text in str(caught.value)


def test_every_encoded_article_is_cited_by_its_pack_or_says_how() -> None:
    for article in load_articles().values():
        assert article.status in STATUSES
        assert article.how
    cited = {base_article(citation) for citation in citations()}
    limits = {matter.article for pack in PACKS.values() for matter in pack.matters.values()}
    assert limits <= cited


def test_the_register_has_exactly_the_articles_of_the_catalogue() -> None:
    assert {pack: sum(article.pack == pack for article in load_articles().values()) for pack in PACKS} == {
        "WH": 25, "BZ": 50, "HL": 10, "JY": 29,
    }  # fmt: skip
    if CATALOGUE.exists():  # the counts above stand for it elsewhere
        text = CATALOGUE.read_text(encoding="utf-8")
        chapter = text[text.index("## 1. Article by article") : text.index("### 1.5 The soft")]
        assert set(re.findall(r"^\*\*([A-Z]{2}-[^\s*]+)", chapter, re.M)) == set(load_articles())


def test_rules_of_an_article_are_found() -> None:
    places = [rule.place for rule in rules_of("WH-XS-6")]
    assert any("matter[letter]" in place for place in places)
    assert any("extension" in place for place in places)
    assert any("transition" in place for place in places)


@pytest.mark.parametrize("pack_id", list(PACKS))
def test_every_name_that_a_page_may_need_is_there_in_both_languages(pack_id: str) -> None:
    pack = PACKS[pack_id]
    keys = [f"channel.{name}" for name in CHANNELS] + [f"claimant.{name}" for name in CLAIMANTS]
    keys += [f"request_kind.{name}" for name in REQUEST_KINDS] + [f"procedure.{name}" for name in PROCEDURES]
    keys += [f"duty.{matter.duty}" for matter in pack.matters.values()]
    keys += [f"role.{role}" for breach in PACKS.common.breaches.values() for role in breach.liable]
    keys += [
        f"role.{role}" for matter in pack.matters.values() if matter.extension for role in matter.extension.approvers
    ]
    keys += [
        f"{spec.term}.{choice}"
        for specs in EVENTS.values()
        for spec in specs
        if spec.kind == "choice" and spec.term not in ("staff", "completion_event")
        for choice in spec.choices
    ]
    for key in keys:
        assert pack.term(key, "zh") != key, key
        assert pack.term(key, "en") != key, key


def test_procedures_of_the_vocabulary_are_those_of_the_law() -> None:
    assert tuple(PACKS.common.procedures) == PROCEDURES
    assert PACKS.common.statutory_procedures < set(PROCEDURES)


def test_all_policies_and_breaches_are_there() -> None:
    assert set(PACKS.common.policies) == {f"P-{number:02}" for number in range(1, 21)}
    assert set(PACKS.common.breaches) == {f"B-{number:02}" for number in range(1, 24)}
    for breach in PACKS.common.breaches.values():
        assert set(breach.sources) == set(PACKS)


def test_forms_ladders_indicators_and_unnumbered_duties_are_complete() -> None:
    assert list(load_forms()) == [f"F-{number:02}" for number in range(1, 53)]
    assert [duty.id for duty in PACKS.common.unnumbered] == [f"U{number:02}" for number in range(1, 28)]
    assert list(load_indicators()) == [f"K{number:02}" for number in range(1, 30)]
    assert [ladder.article for ladder in load_ladders()] == ["BZ-ZJ-3", "BZ-GW-5", "BZ-KP-2"]
    for ladder in load_ladders():
        assert [level.level for level in ladder.levels] == list(range(1, len(ladder.levels) + 1))
        assert all(len(level.measures_zh) == len(level.measures_en) for level in ladder.levels)


def test_the_receipt_demands_what_the_gate_demands() -> None:
    keys = {field.key for field in load_forms()["F-02"].mandatory}
    assert keys == {"first_responder", *PACKS["JY"].receipt_fields}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda data: data["matter"][0]["limit"].pop("article") and data["matter"][0].pop("article"),
            "without its article",
        ),
        (lambda data: data["matter"].append(dict(data["matter"][0])), "names a matter twice"),
        (lambda data: data["matter"][0].pop("limit"), "exactly one limit"),
        (lambda data: data["matter"][0].update(clock="sundial"), "clock"),
        (lambda data: data["matter"][0].update(overdue_breaches=["B-99"]), "unknown breach"),
        (lambda data: data["matter"][0]["extension"].update(kind="forever"), "extension.kind"),
        (lambda data: data["matter"][0].update(start=[]), "start and stop"),
        (lambda data: data["matter"][0].update(surprise=1), "surprise"),
        (lambda data: data.update(surprise={}), "unknown tables"),
        (lambda data: data.pop("promise"), "promise"),
        (lambda data: data["terms"].update({"role.x": {"zh": "甲"}}), "English"),
    ],
)
def test_a_broken_pack_is_refused(change: Any, text: str) -> None:
    data = source("HL")
    change(data)
    with pytest.raises((Malformed, KeyError)) as caught:
        read_pack(data, PACKS.common)
    assert text in str(caught.value)


def invented() -> dict[str, Any]:
    """A fifth regulation made only of data: a town's rule with calendar weeks, filing and corrections."""
    data = copy.deepcopy(source("BZ"))
    data["pack"] |= {"id": "ZZ", "version": "ZZ-1", "article": "ZZ-1"}
    data["matter"] = [
        {
            "id": "tree", "zh": "砍树申请", "en": "Permit to fell a tree", "article": "ZZ-2", "duty": "complete",
            "clock": "main", "limit": {"n": 2, "unit": "week", "article": "ZZ-2"},
            "start": ["materials_received", "registered"], "start_article": "ZZ-2",
            "stop": ["decision_issued"], "stop_article": "ZZ-3", "correction": True, "procedures": True,
            "extension": {"kind": "added", "cap": {"n": 1, "unit": "week"}, "approvers": ["leader"], "article": "ZZ-4"},
        }
    ]  # fmt: skip
    data["correction"] = {"limit": {"n": 2, "unit": "workday"}, "late_effect": "first_receipt", "article": "ZZ-5"}
    return data


def test_a_fifth_regulation_needs_no_code() -> None:
    packs = Packs({**PACKS, "ZZ": read_pack(invented(), PACKS.common)}, PACKS.common)

    def do(case: Any, moment: str, name: str, **fields: Any) -> Any:
        return decide(case, Command(name, fields), Context(at(moment), packs, national(), roles=ALL_ROLES))

    events = do(None, "2026-03-02 10:00", "register", pack="ZZ", matter="tree", channel="walk_in", claimant="person",
                materials_complete=True, accept_by="warden")  # fmt: skip
    acts = [act(1, "2026-03-02 10:00", *events)]
    case = fold(CASE_ID, acts)
    found = assess(case, packs, national(), at("2026-03-03 10:00"), {})
    assert (found.due.isoformat() if found.due else None, found.state) == ("2026-03-16", "handling")
    with pytest.raises(Refused) as caught:
        do(case, "2026-03-10 10:00", "request_extension", reason="storm", until="2026-03-24")
    assert (caught.value.code, caught.value.article) == ("over_cap", "ZZ-4")
    asked = do(case, "2026-03-10 10:00", "request_extension", reason="storm", until="2026-03-23")
    acts.append(act(2, "2026-03-10 10:00", *asked, after=(acts[0].hash,)))
    assert assess(fold(CASE_ID, acts), packs, national(), at("2026-03-10 11:00"), {}).state == "extension_pending"
