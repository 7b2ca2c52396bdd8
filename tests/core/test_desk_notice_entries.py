"""A one-time notice says the whole of what its article demands, also of a matter that no published service describes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import DIRECTORY, Desk, FakeStore, service_form
from paper_words import paper
from slip_cases import record
from test_desk_register_matters import KEY, OF_ITS_OWN, PACKS, form_of

from py_core.desk import notice_entries
from py_core.packs.demanded import demanding_article

LACKING = [(pack, matter) for pack, matter in OF_ITS_OWN if PACKS[pack].matters[matter].correction]
SAID = {"basis": "《科普法》第十六条", "needed": "请示原件\n实施方案", "procedure": "初审后会签"}
TYPED = {notice_entries.typed_name(name): text for name, text in SAID.items()}
NOTICE = {"complete": "no", "outcome": "notice", "missing": "实施方案未盖章"}


def registering(matter: tuple[str, str], **changes: str) -> Desk:
    desk = Desk()
    answer = desk.post("/register", **form_of(*matter, complete="no", outcome="register", **changes))
    assert answer.status == 303, answer.html
    return desk


@pytest.mark.parametrize(("pack", "matter"), LACKING)
def test_registering_with_a_notice_asks_for_what_the_notice_has_to_say(pack: str, matter: str) -> None:
    desk = Desk()
    refused = desk.post("/register", **form_of(pack, matter, **NOTICE))
    assert (refused.status, refused.acts) == (422, ())
    for name in ("basis", "needed", "procedure"):
        assert f'href="#notice_{name}"' in refused.html
    assert ">办理依据：请填写。<" in refused.html, "the summary says which of several fields it means"
    for name in ("scope", "conditions", "fee"):
        assert f'href="#notice_{name}"' not in refused.html, "not demanded by this regulation"
    taken = desk.post("/register", **form_of(pack, matter, **NOTICE, **TYPED))
    assert (taken.status, taken.location) == (303, f"/cases/{KEY}/slips/F-04?paper=a4&done=notice")
    text = paper(desk.get(f"/cases/{KEY}/slips/F-04").html)
    for said in ("《科普法》第十六条", "请示原件", "实施方案", "初审后会签", "实施方案未盖章"):
        assert said in text


def test_the_choice_says_which_entries_its_notice_has() -> None:
    html = Desk().get("/register").html
    assert 'value="matter:BZ:review" data-papers data-notice="basis needed procedure"' in html
    assert html.count("data-notice=") == len(LACKING), "what a published service says is not asked again"


def test_the_style_sheet_hides_every_entry_that_the_chosen_matter_does_not_ask_for() -> None:
    """The browser shows and hides them without a program: the style sheet names each."""
    styles = (Path(__file__).parents[2] / "web/styles/_forms.scss").read_text(encoding="utf-8")
    named = re.search(r"@each \$entry in ([a-z, ]+) \{", styles)
    assert named is not None
    assert named[1].split(", ") == [field.name for field in notice_entries.ENTRIES]
    html = Desk().get("/register").html
    assert set(re.findall(r'sw-only-notice" data-entry="([a-z]+)"', html)) == {*SAID}


@pytest.mark.parametrize("matter", LACKING)
def test_the_step_asks_for_the_same_where_it_is_written(matter: tuple[str, str]) -> None:
    desk = registering(matter)
    path = f"/cases/{KEY}/do/notify_correction"
    shown = desk.get(path).html
    assert [name for name in SAID if f'name="{name}"' in shown] == [*SAID]
    assert not [name for name in ("scope", "conditions", "fee") if f'name="{name}"' in shown]
    english = desk.get(path, lang="en").html
    why = "BZ-YC-1</span>. No published service says it for this matter, so the notice has to."
    assert english.count(why) == len(SAID)
    assert f"{why} One item per line." in english
    refused = desk.post(path, key="1", items="实施方案未盖章", form_of_notice="written")
    assert (refused.status, refused.acts) == (422, ())
    assert [name for name in SAID if f'href="#{name}"' in refused.html] == [*SAID]
    taken = desk.post(path, key="1", items="实施方案未盖章", form_of_notice="written", **SAID)
    assert taken.location.startswith(f"/cases/{KEY}/slips/F-04")
    assert "初审后会签" in paper(desk.get(f"/cases/{KEY}/slips/F-04").html)
    desk.post(f"/cases/{KEY}/do/receive_materials", key="2", complete="no", materials="实施方案")
    again = desk.get(path).html
    assert "《科普法》第十六条</textarea>" in again, "a further notice begins with what the last one said"


def test_a_notice_by_word_of_mouth_can_be_asked_for_in_writing_later() -> None:
    """The sheet is printed from the same act (BZ-YC-2), so that act says everything."""
    desk = registering(LACKING[0])
    path = f"/cases/{KEY}/do/notify_correction"
    assert desk.post(path, key="1", items="实施方案未盖章", form_of_notice="oral").status == 422
    taken = desk.post(path, key="1", items="实施方案未盖章", form_of_notice="oral", **SAID)
    assert taken.location.partition("?")[0] == f"/cases/{KEY}"
    assert "初审后会签" in paper(desk.get(f"/cases/{KEY}/slips/F-04").html)


def test_a_notice_of_an_earlier_version_says_by_which_step_it_is_completed() -> None:
    desk = registering(LACKING[0])
    record(desk.store, KEY, desk.now.isoformat(), "notify_correction", {"items": ["实施方案未盖章"], "form": "written"})
    refused = desk.get(f"/cases/{KEY}/slips/F-04")
    assert refused.status == 409
    assert refused.html.count(f'href="/cases/{KEY}/do/notify_correction"') == 3


def test_an_entry_that_the_published_service_lacks_is_asked_for_alone() -> None:
    offer = replace(next(each for each in DIRECTORY.offers.values() if each.pack == "JY"), fee="")
    said = dict.fromkeys(("basis", "scope", "conditions", "procedure"), "x")
    complete = replace(offer, **said, materials=("申请表",), fee="不收费")
    assert notice_entries.asked("WH", complete) == {}
    assert notice_entries.asked("WH", replace(complete, fee="")) == {"fee": "WH-YC-1"}
    assert notice_entries.asked("BZ", replace(complete, fee="")) == {}
    assert notice_entries.asked("JY", None) == {}
    assert [*notice_entries.asked("WH", None)] == [field.name for field in notice_entries.ENTRIES]


def test_a_service_gets_its_notice_without_being_asked_what_is_published() -> None:
    desk = Desk(store=FakeStore())
    desk.post("/register", **service_form(complete="no", outcome="register"))
    shown = desk.get(f"/cases/{'0' * 31}1/do/notify_correction").html
    assert 'name="basis"' not in shown
    assert 'name="items"' in shown


def test_an_opinion_is_demanded_only_where_the_text_has_it_signed() -> None:
    assert demanding_article("JY", "approve_extension", "opinion") == "JY-3.3.6"
    assert demanding_article("HL", "approve_extension", "opinion") == ""
