"""Contents go after their period, everywhere and for ever; hashes, receipts, times and figures stay; holds hold."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from laptop import Laptop, StandingClock, case_id, registered
from pictures import jpeg, naming, send
from sqlalchemy import select

from py_core import wire
from py_core.desk.keeping import documents
from py_core.desk.ports import LateDecision
from py_core.desk.receipt_code import check_code
from py_core.errors import Malformed
from py_core.visits import visit_id
from server import attachments, audit, erasing, late_work, record
from server.cli import main
from server.desk_answers import answer_desk, desk_request
from server.erased_list import ErasedList
from server.erasing import ErasingRefused, due, erase_again, erase_due
from server.own_device import NotRecorded
from server.parts import Parts
from server.search import SimilarCases
from server.tables import attachment_chunks, changes, quarantine
from server.verification import verify

OLD, YOUNG, VISIT = case_id(1), case_id(2), visit_id("a visit of long ago"[:16].encode().hex())
# Words of the old case; every one must be nowhere afterwards.
CANARIES = ("路灯金丝雀", "张金雀", "13912345678", "河西金丝路", "回访金丝", "金雀照")
NUMBER = "K7Q-000017"


def give_roles(parts: Parts, **roles: list[str]) -> None:
    document = parts.city.current().document
    people = [{**row, "roles": roles.get(row["id"], row["roles"])} for row in document["people"]]
    parts.city.publish({**document, "people": people})


def steps(word: str, number: str, **fields: Any) -> list[dict[str, Any]]:
    """A request of the hotline from its registration to the call-back."""
    told = {
        "title": f"路灯{word}",
        "text": f"河西{word}的灯坏了",
        "place": f"河西{word[:2]}路",
        "claimant_name": f"张{word[0]}雀",
    }
    return [
        registered(
            **told, claimant_phone="13912345678" if word == "金丝雀" else "13800000000", number=number, **fields
        ),
        {"type": "delivered", "to": "shihe"},
        {"type": "accepted", "by": "shihe"},
        {"type": "completed", "text": f"灯修好了，张{word[0]}雀知道"},
        {"type": "replied", "text": f"回访{word[:2]}：不知道何时再坏", "opinion": "satisfied"},
        {"type": "fed_back", "text": "已修好"},
        {"type": "review_passed"},
        {"type": "called_back", "result": "satisfied", "consistent": True, "quality": "good"},
    ]


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    give_roles(parts, lin=["officer", "dispatch_desk"], qian=["reconciler", "supervision_office"])
    return Laptop(parts, "lin")


def finish(laptop: Laptop, case: str, *events: dict[str, Any]) -> None:
    verdicts, _ = laptop.sync(*(laptop.act(case, event) for event in events))
    assert {each.verdict for each in verdicts} == {"accepted"}, [each.reason for each in verdicts]


@pytest.fixture
def old(parts: Parts, lin: Laptop, clock: StandingClock) -> Parts:
    """A record with a case that ended more than ten years ago, with a photograph, and one that ended yesterday."""
    photo = jpeg()
    picture = naming(hashlib.sha256(photo).hexdigest(), len(photo))
    picture["attachments"][0]["name"] = "金雀照.jpg"
    first, *others = steps("金丝雀", NUMBER)
    finish(lin, OLD, first, picture, *others)
    send(parts, data=photo)
    parts.checkpoints.current()
    clock.pass_time(days=3653)
    finish(lin, YOUNG, *steps("麻雀鸣", "K7Q-000018"))
    clock.pass_time(days=2)
    return parts


def page(parts: Parts, user: str, path: str, form: dict[str, list[str]] | None = None, **query: str) -> Any:
    method = "GET" if form is None else "POST"
    asked = {name: [value] for name, value in query.items()}
    return answer_desk(parts, desk_request(method, path, asked, form or {}, "zh-CN", ""), user)


def hold(parts: Parts, until: str = "2099-01-01", user: str = "qian", case: str = OLD) -> Any:
    form = {"do": ["place"], "until": [until], "reason": ["法院调取"], "key": ["0"]}
    return page(parts, user, f"/centre/keeping/{case}", form)


def everything(parts: Parts) -> bytes:
    """Every byte of the record's folder, and everything that its tables show."""
    found = b"".join(path.read_bytes() for path in sorted(parts.settings.data.rglob("*")) if path.is_file())
    with parts.database.reading_committed() as connection:
        for table in changes.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                found += b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row if v is not None)
    return found


def left_of(parts: Parts) -> list[str]:
    there = everything(parts)
    return [word for word in CANARIES if word.encode() in there]


def faults(parts: Parts) -> list[str]:
    return [fault.code for fault in verify(parts.database, parts.engine).faults]


def test_the_words_go_and_the_hashes_stay(old: Parts) -> None:
    assert left_of(old) == list(CANARIES)
    assert [each.record.id for each in due(old, "he")] == [OLD]
    with old.database.reading() as connection:
        was = connection.execute(select(changes).where(changes.c.case_id == OLD).order_by(changes.c.log_index)).all()
    done = erase_due(old, "he")
    assert (done.documents, done.acts, done.contents, done.waiting) == (1, 9, 1, 0)
    assert left_of(old) == []
    with old.database.reading() as connection:
        now = connection.execute(select(changes).where(changes.c.case_id == OLD).order_by(changes.c.log_index)).all()
        assert connection.execute(select(attachment_chunks)).all() == []
        trail = audit.entries(connection, 1)[0]
    kept = [(row.hash, row.signature, row.received_at_ms, row.deps, row.device, row.user) for row in was]
    assert [(r.hash, r.signature, r.received_at_ms, r.deps, r.device, r.user) for r in now[:-1]] == kept
    assert (trail.what, trail.user, trail.about) == ("content_erased", "he", OLD)
    assert faults(old) == []
    assert [OLD in words for words in verify(old.database, old.engine).erased] == [True]
    assert (due(old, "he"), erase_due(old, "he").documents) == ([], 0)
    assert page(old, "lin", f"/cases/{YOUNG}").status == 200


def test_only_who_may_orders_it(old: Parts) -> None:
    for user in ("qian", "lin", "luo", "yan", "nobody"):
        with pytest.raises(ErasingRefused):
            erase_due(old, user)
    assert left_of(old) == list(CANARIES)


def test_figures_do_not_change(old: Parts) -> None:
    before = page(old, "he", "/centre").html, page(old, "qian", "/centre").html
    facts = {each.record.id: page(old, "qian", f"/cases/{each.record.id}").status for each in due(old, "he")}
    erase_due(old, "he")
    assert (page(old, "he", "/centre").html, page(old, "qian", "/centre").html) == before
    assert facts == {OLD: 200}


def test_what_is_left_is_shown_without_words_and_takes_no_more_work(old: Parts) -> None:
    erase_due(old, "he")
    shown = page(old, "qian", f"/cases/{OLD}")
    assert shown.status == 200
    assert "内容已于" in shown.html
    assert f"/cases/{OLD}/do/" not in shown.html
    assert "保存规则：其他办件" in re.sub(r"<[^>]+>|\s", "", shown.html), "the timeline names the rule in words"
    assert not [word for word in CANARIES if word in shown.html]
    assert f"/cases/{OLD}/slips/" not in shown.html, "no form is offered that would be full of dashes"
    printed = page(old, "qian", f"/cases/{OLD}/slips/F-31")
    assert (printed.status, "已按期清除" in printed.html) == (409, True)
    answer = page(old, "qian", f"/cases/{OLD}/do/note", {"text": ["补记"], "key": ["0"]})
    assert answer.status == 409
    assert page(old, "zhao", f"/cases/{OLD}").status == 404  # the unit has nothing of it any more


def test_the_receipts_code_says_so_in_words(old: Parts) -> None:
    asked = {"n": NUMBER, "c": check_code(OLD, NUMBER)}
    assert "已清除" not in page(old, "", "/public/status", **asked).html
    erase_due(old, "he")
    shown = page(old, "", "/public/status", **asked)
    assert (shown.status, "已清除" in shown.html) == (200, True)


def test_a_hold_keeps_it_until_it_ends_or_is_lifted(old: Parts, clock: StandingClock) -> None:
    assert hold(old, user="he").status == 403
    assert f'href="/centre/keeping/{OLD}"' in page(old, "qian", f"/cases/{OLD}").html
    assert f'href="/centre/keeping/{OLD}"' not in page(old, "lin", f"/cases/{OLD}").html
    assert hold(old, until="2020-01-01").status == 422
    until = (clock.time + timedelta(days=100)).date().isoformat()
    assert hold(old, until).status == 303
    assert (due(old, "he"), erase_due(old, "he").documents) == ([], 0)
    listed = page(old, "yan", "/centre/keeping").html
    assert (NUMBER in listed, "法院调取" in listed) == (True, False)  # the auditor sees that, not why
    assert "法院调取" in page(old, "qian", "/centre/keeping").html
    act = next(each for each in documents(erasing._view(old, "he")) if each.holds).holds[0].act
    lifting = {"do": ["lift"], "acts": [act], "reason": ["已结案"], "key": ["0"]}
    assert page(old, "qian", f"/centre/keeping/{OLD}", {**lifting, "acts": ["0" * 64]}).status == 422
    assert page(old, "qian", f"/centre/keeping/{OLD}", lifting).status == 303
    assert [each.record.id for each in due(old, "he")] == [OLD]
    assert hold(old, until).status == 303
    clock.pass_time(days=101)
    assert erase_due(old, "he").documents == 1
    assert left_of(old) == []
    assert hold(old).status == 422


def test_a_device_lets_it_go_and_what_it_did_too_late_waits_with_its_reason(old: Parts, lin: Laptop) -> None:
    zhao = Laptop(old, "zhao")
    for laptop in (zhao, lin):
        laptop.take(old.exchange.answer(laptop.user, laptop.frames(can="revoke lineage")))
    assert OLD in zhao.held
    late = zhao.act(OLD, {"type": "noted", "text": "迟到的话，张金雀"})
    before = lin.signed(OLD, lin.held[OLD][0])
    erase_due(old, "he")
    frames = old.exchange.answer("zhao", zhao.frames([late], can="revoke lineage"))
    said = [wire.read_message(frame) for frame in frames if isinstance(frame, wire.Json)]
    assert [(each.verdict, each.reason) for each in said if isinstance(each, wire.Verdict)] == [
        ("quarantined", "case_erased")
    ]
    assert [each.case for each in said if isinstance(each, wire.Revoke)] == [OLD]
    assert not [frame for frame in frames if isinstance(frame, wire.Pulled) and frame.case_id == OLD]
    assert lin.verdict(before) == "had"  # a device that lost the answer still gets its receipt
    with old.database.reading() as connection:
        (held,) = late_work.held(connection)
    assert "已期满清除" in page(old, "qian", f"/centre/quarantine/{held.id}").html
    with pytest.raises(NotRecorded):
        old.decisions.carry_out(LateDecision((held.id,), True, "nevertheless"), "qian")
    old.decisions.carry_out(LateDecision((held.id,), False, "理由金丝雀"), "qian")
    assert "迟到的话".encode() in everything(old)
    erase_due(old, "he")
    for words in ("迟到的话", "理由金丝雀"):
        assert words.encode() not in everything(old)
    with old.database.reading() as connection:
        assert late_work.held(connection, decided=True)[0].why == ""
    shown = page(old, "qian", f"/centre/quarantine/{held.id}").html
    assert "内容期满清除" in shown
    assert "理由" in shown, "said instead of it"
    assert faults(old) == []


def test_a_fresh_device_is_sent_none_of_it(old: Parts) -> None:
    erase_due(old, "he")
    fresh = Laptop(old, "zhao", "fresh")
    _, pulled = fresh.sync()
    assert {each.case_id for each in pulled} >= {YOUNG}
    assert OLD not in {each.case_id for each in pulled}
    frames = old.exchange.answer("zhao", fresh.frames(want=(OLD,)))
    assert [each for each in frames if isinstance(each, wire.Pulled) and each.case_id == OLD] == []


def test_undecided_work_keeps_it(old: Parts) -> None:
    wu = Laptop(old, "wu")
    wu.held[OLD] = [record_raw(old)]
    assert wu.verdict(wu.act(OLD, {"type": "noted", "text": "fremd"})) == "foreign_scope"
    assert (erase_due(old, "he").waiting, left_of(old)) == (1, list(CANARIES))


def test_the_reason_of_a_decision_goes_with_what_it_is_about(old: Parts, clock: StandingClock) -> None:
    """Whoever decides writes in own words what the act says; so does who left the whole registration out."""
    wu, zhao = Laptop(old, "wu"), Laptop(old, "zhao")
    wu.held[OLD] = [record_raw(old)]
    acts = [wu.act(OLD, {"type": "noted", "text": "看过"}), zhao.act(case_id(9), {"type": "noted", "text": "x"})]
    assert [wu.verdict(acts[0]), zhao.verdict(acts[1])] == ["foreign_scope", "no_registration"]
    with old.database.reading() as connection:
        one, other = (each.id for each in late_work.held(connection))
    for item, decision in ((one, "take"), (other, "leave_out")):
        form = {"decision": [decision], "reason": ["理由金丝雀：张金雀家的灯"], "key": [f"{item}"]}
        assert page(old, "qian", f"/centre/quarantine/{item}", form).status == 303
    assert "理由金丝雀".encode() in everything(old)
    clock.pass_time(days=3653 + 2)
    assert erase_due(old, "he").left_out == 1
    assert "理由金丝雀".encode() not in everything(old)
    with old.database.reading() as connection:
        hashes = list(connection.scalars(select(quarantine.c.hash)))
        told = [each for user in ("wu", "zhao") for each in late_work.decided(connection, user, hashes)]
    assert [(each.by, each.left_out, each.why) for each in told] == [("qian", False, ""), ("qian", True, "")]
    assert faults(old) == []


def test_reasons_that_an_older_build_left_behind_go_with_the_next_job(old: Parts, clock: StandingClock) -> None:
    wu, zhao = Laptop(old, "wu"), Laptop(old, "zhao")
    wu.held[OLD] = [record_raw(old)]
    assert wu.verdict(wu.act(OLD, {"type": "noted", "text": "看过"})) == "foreign_scope"
    assert zhao.verdict(zhao.act(case_id(9), {"type": "noted", "text": "x"})) == "no_registration"
    with old.database.writing() as connection:
        items = [each.id for each in late_work.held(connection)]
        late_work.decide(connection, items, late_work.LEFT_OUT, "qian", "x", 1)
    clock.pass_time(days=3653)
    erase_due(old, "he")
    with old.database.writing() as connection:
        connection.execute(quarantine.update().values(why="理由金丝雀"))
    erase_due(old, "he")
    assert "理由金丝雀".encode() not in everything(old)


def record_raw(parts: Parts) -> bytes:
    with parts.database.reading() as connection:
        return record.entries_of_case(connection, OLD)[0].raw


@pytest.mark.parametrize("place", ["contents", "list", "tidy"])
def test_a_job_that_was_killed_is_run_again(old: Parts, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    where = {"contents": (attachments, "erase"), "list": (ErasedList, "add"), "tidy": (erasing, "tidy")}[place]
    with monkeypatch.context() as patched:
        patched.setattr(*where, kill)
        with pytest.raises(Killed):
            erase_due(old, "he")
    assert faults(old) == []
    assert page(old, "qian", f"/cases/{OLD}").status == 200
    assert erase_due(old, "he").documents == (0 if place == "tidy" else 1)
    assert (left_of(old), faults(old)) == ([], [])


@pytest.mark.parametrize("again", [False, True])
def test_a_document_that_cannot_be_erased_stops_neither_the_others_nor_the_start(
    old: Parts, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, again: bool
) -> None:
    clock.pass_time(days=3653)
    erase_rows = erasing._erase_rows

    def broken(*given: Any, **more: Any) -> int:
        done = erase_rows(*given, **more)
        if again or given[3].id == OLD:
            raise Malformed("change", "has no bytes")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(erasing, "_erase_rows", broken)
        done = erase_due(old, "he")
        assert (done.documents, done.failed) == ((0, 2) if again else (1, 1))
        started = erase_again(old)
        assert (started.documents, started.failed) == ((0, 2) if again else (0, 1))
    assert OLD in caplog.text
    assert (left_of(old), faults(old)) == (list(CANARIES), [])
    assert erase_again(old).documents == (2 if again else 1)
    assert (left_of(old), faults(old)) == ([], [])


def test_a_content_that_another_case_names_stays_there(old: Parts, lin: Laptop) -> None:
    photo = jpeg()
    named = naming(hashlib.sha256(photo).hexdigest(), len(photo))
    assert lin.verdict(lin.act(YOUNG, named)) == "accepted"
    assert erase_due(old, "he").contents == 0
    with old.database.reading() as connection:
        assert connection.execute(select(attachment_chunks)).all() != []
    assert faults(old) == []


def test_the_citys_own_period_counts(old: Parts, clock: StandingClock) -> None:
    form = {"value": ["12"], "reason": ["本市档案管理办法"], "confirmed": ["yes"], "key": ["1"]}
    assert page(old, "he", "/centre/rules/keeping/cases", {**form, "value": ["0"]}).status == 422
    assert page(old, "he", "/centre/rules/keeping/cases", form).status == 303
    assert due(old, "he") == []
    clock.pass_time(days=731)
    assert [each.record.id for each in due(old, "he")] == [OLD]


def test_a_visit_goes_after_its_period_as_well(parts: Parts, lin: Laptop, clock: StandingClock) -> None:
    planned = {
        "type": "visit_planned", "enterprise": "金丝雀灯具厂", "contact": "张金雀", "phone": "13912345678",
        "on": "2026-11-20", "officers": ["lin"], "unit": "shihe", "number": "K7Q-000030", "purpose": "路灯金丝雀",
    }  # fmt: skip
    finish(
        lin,
        VISIT,
        planned,
        {"type": "visit_started", "met": "张金雀"},
        {"type": "visit_finished", "summary": "河西金丝路"},
    )
    clock.pass_time(days=3654)
    assert [each.record.id for each in due(parts, "he")] == [VISIT]
    assert erase_due(parts, "he").documents == 1
    assert (left_of(parts), faults(parts)) == ([], [])
    assert "13912345678" not in page(parts, "qian", f"/visits/{VISIT}").html


def test_a_searched_word_is_in_no_file_of_the_index_any_more(tmp_path: Path) -> None:
    index = SimilarCases(tmp_path / "search.sqlite3", None)
    others = [(case_id(n), f"第{n}号楼漏水", "东街") for n in range(20, 40)]
    index.catch_up([(OLD, "路灯金丝雀 河西金丝路", "河西"), (YOUNG, "麻雀鸣叫 东街", "东街"), *others])
    assert index.search("金丝雀")[0].case_id == OLD
    assert index.forget([OLD, case_id(9)]) == 1
    assert OLD not in [each.case_id for each in index.search("金丝雀 河西")]
    assert index.search("麻雀")[0].case_id == YOUNG
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [word for word in ("金丝", "河西") if word.encode() in files]
    index.close()


def test_the_command_tells_erases_and_verifies(old: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    if old.settings.database_url is not None:
        where = ["--data", str(old.settings.data), "--database-url", old.settings.database_url]
    else:
        where = ["--data", str(old.settings.data)]
    # The command has the machine's own clock, by which nothing of this city is due yet.
    assert main(["erase", *where, "--by", "he"]) == 0
    assert "0 due; nothing was erased" in capsys.readouterr().out
    assert main(["erase", *where, "--by", "lin", "--due"]) == 1
    assert "right erase_content" in capsys.readouterr().err
    assert main(["erase", *where, "--by", "he", "--due"]) == 0
    assert "0 erased" in capsys.readouterr().out
    erase_due(old, "he")
    assert main(["verify", *where]) == 0
    assert "content erased under rule “cases”" in capsys.readouterr().out
