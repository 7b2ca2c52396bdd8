"""What is proven, from the officer's press to a fresh process: a number seen and a form printed without network stand in
the auditor's trail; the evidence of the case holds outside the record and names the place of a tampering; an erasure
reaches a real device, and the evidence says what was erased.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from e2e.cases_in_record import record_city_act, record_past_case
from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.pictures import look
from e2e.test_restored_record import shouwen
from e2e.test_scope import at_the_record, held_cases
from e2e.working_days import FANG, LIN
from py_core.reporters import reporter_id
from server.parts import Parts

PHONE, REPORTER, YEARS_AGO = "13800005678", "举报人金某", 3


def at_the_centre(laptop: Callable[..., Laptop], city: City, user: str) -> Officer:
    """Somebody of the centre at the server's own pages."""
    officer = Officer(laptop(user).open(), city, user)
    officer.page.route("**/assets/page.js", lambda route: route.abort())
    officer.sign_in()
    return officer


def checked(file: Path, *checkpoints: Path) -> subprocess.CompletedProcess[str]:
    """A fresh process that has nothing of the record."""
    kept = [word for path in checkpoints for word in ("--checkpoint", str(path))]
    command = [str(SHOUWEN), "verify-evidence", str(file), *kept]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=file.parent)


def test_seen_and_printed_without_network_then_proven_outside_the_record(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], tmp_path: Path, shots: Path
) -> None:
    city = prepared_city(LIN)
    lin = Officer(laptop(LIN).open(), city, LIN)
    lin.unlock()
    page = lin.page
    city.stop()
    case = lin.register_appeal("群众", "顾明华", "路口积水", "下雨就积水，老人无法出行")
    assert PHONE not in page.locator("main").inner_text()
    page.locator(f"a[href^='{case}/do/reveal_field']").first.click()
    page.check("input[name=purpose][value=contact]")
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(re.escape(case) + r"\?"))
    expect(page.locator("[aria-labelledby=people-title]")).to_contain_text(PHONE)
    page.screenshot(path=shots / "reveal-offline.png", full_page=True)
    page.locator("[aria-labelledby=documents-title] a[href*='/slips/']").first.click()
    page.evaluate("window.print = () => { window.printedNow = true; }")
    page.locator("main form button[type=submit]").click()
    expect(page).to_have_url(re.compile("done=print"))
    lin.open(case)
    expect(page.locator(".sw-timeline")).to_contain_text("查看完整号码")
    expect(page.locator(".sw-timeline")).to_contain_text("打印")

    # A report: as long as it waits, who took it down reads who made it; the case beside it never says so.
    report = lin.register_appeal("群众", REPORTER, "反映夜间施工", "已向物业反映三次", request_kind="report")
    report_id = report.rpartition("/")[2]
    expect(page.locator("[aria-labelledby=people-title]")).to_contain_text(REPORTER)
    expect(page.locator("main")).to_contain_text("发送后即从本设备移除")
    assert {report_id, reporter_id(report_id)} <= held_cases(page)

    # The network returns: the auditor reads both, without what was seen.
    city.start()
    lin.expect_all_in_record()
    _reporter_has_left(lin, report_id, shots)
    auditor = at_the_centre(laptop, city, "yanjing")
    auditor.page.goto(city.url + "/centre/audit")
    trail = auditor.page.locator("main")
    for words in ("查看了完整号码", "打印了办件文书"):
        expect(trail).to_contain_text(words)
    assert PHONE not in trail.inner_text()

    # The centre exports the evidence with its purpose; a witness has kept the checkpoint.
    centre = at_the_centre(laptop, city, "qianwen")
    centre.page.goto(city.url + case)
    centre.page.locator(f"a[href='{case}/evidence']").click()
    centre.page.click("main form button[type=submit]")
    expect(centre.page.locator("#purpose-error")).to_be_visible()
    centre.page.fill("#purpose", "行政复议")
    with centre.page.expect_download() as given:
        centre.page.click("main form button[type=submit]")
    evidence = tmp_path / "outside" / "evidence.jsonl"
    evidence.parent.mkdir()
    given.value.save_as(evidence)
    auditor.page.reload()
    expect(trail).to_contain_text("行政复议")
    witnessed = evidence.parent / "checkpoint"
    witnessed.write_text(shouwen("checkpoint", "--from", city.url), encoding="utf-8")
    city.stop()
    shutil.rmtree(city.data)
    good = checked(evidence, witnessed)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "本件之外没有遗漏" in good.stdout
    assert "的本市规则（一条不缺）重新计算" in good.stdout

    # One character of one act in the file: refused, and it says where.
    lines = evidence.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if '"t":"act"' in line)
    row = json.loads(lines[at])
    raw = row["raw"]
    row["raw"] = raw[:-8] + ("A" if raw[-8] != "A" else "B") + raw[-7:]
    lines[at] = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    evidence.write_text("".join(lines), encoding="utf-8")
    bad = checked(evidence, witnessed)
    assert bad.returncode == 1
    assert f"line {at + 1}" in bad.stderr


def _reporter_has_left(lin: Officer, case_id: str, shots: Path) -> None:
    """Once it is sent, no device says who made a report; the city record tells the desks and who took it down."""
    page = lin.page
    page.wait_for_function(UNTIL, arg=[reporter_id(case_id), False], timeout=ARRIVAL_MS_MAX)
    assert case_id in held_cases(page)
    lin.open(f"/cases/{case_id}")
    people = page.locator("[aria-labelledby=people-title]")
    expect(people).to_contain_text("已保密（HL-4(五)）")
    assert REPORTER not in page.locator("body").inner_text()
    people.locator(f"a[href='/centre/reporter/{case_id}']").click()
    expect(page.locator("main")).to_contain_text(REPORTER)
    assert PHONE not in page.locator("body").inner_text()
    page.get_by_text("有内容记录有误").click()
    page.screenshot(path=shots / "reporter.png", full_page=True)
    page.fill("#claimant_name", f"{REPORTER}某")
    page.fill("#reason", "名字听错了")
    page.click("form[id^=correct] button[type=submit]")
    expect(page.locator("main")).to_contain_text("名字听错了")
    expect(page.locator("main dl")).to_contain_text(f"{REPORTER}某")


def test_an_erasure_reaches_a_device_and_the_evidence_says_so(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    city = prepared_city(LIN)
    city.stop()
    with at_the_record(city) as parts:
        _keep_finished_cases_on_devices(parts)
        held_id, parted_id = (_finished_case(parts, words) for words in ("期满的旧件", "期满已移出的旧件"))
    held, parted = f"/cases/{held_id}", f"/cases/{parted_id}"
    city.start()
    lin = Officer(laptop(LIN).open(), city, LIN)
    lin.unlock()
    page = lin.page
    for case_id in (held_id, parted_id):
        page.wait_for_function(UNTIL, arg=[case_id, True], timeout=ARRIVAL_MS_MAX)
    # The device parts with both; one comes back, of the other it keeps where it is.
    lin.open("/sync")
    page.click("#make-room")
    for case_id in (held_id, parted_id):
        page.wait_for_function(UNTIL, arg=[case_id, False], timeout=ARRIVAL_MS_MAX)
    lin.open(held)
    page.click("#recall")
    page.wait_for_function(UNTIL, arg=[held_id, True], timeout=ARRIVAL_MS_MAX)
    city.stop()
    lin.open(held)
    expect(page.locator("h1")).to_contain_text("期满的旧件")
    lin.open(parted)
    expect(page.locator("h1")).to_contain_text("期满已移出的旧件")
    expect(page.locator("#recall")).to_be_visible()
    before = tmp_path / "before.jsonl"
    before.write_text(shouwen("evidence", "--data", str(city.data), held_id), encoding="utf-8")
    due = shouwen("erase", "--data", str(city.data), "--by", "heli")
    assert held_id in due
    assert parted_id in due
    shouwen("erase", "--data", str(city.data), "--by", "heli", "--due")

    # At its next contact the device lets go of the one and of its line about the other; the pages say why.
    city.start()
    page.wait_for_function(UNTIL, arg=[held_id, False], timeout=ARRIVAL_MS_MAX)
    assert {held_id, parted_id}.isdisjoint(held_cases(page))
    for case in (held, parted):
        lin.open(case)
        expect(page.locator("main")).to_contain_text("保存期满")
        expect(page.locator("#recall")).to_have_count(0)
        assert "旧件" not in page.locator("body").inner_text()
    look(page, "erased-at-the-device")
    lin.open("/cases")
    assert "旧件" not in page.locator("body").inner_text()

    # The centre sees that it was erased, and is offered no form that would be full of dashes.
    centre = at_the_centre(laptop, city, "qianwen")
    centre.page.goto(city.url + held)
    main = centre.page.locator("main")
    expect(main).to_contain_text("内容已于")
    expect(main.locator("a[href*='/slips/']")).to_have_count(0)
    look(centre.page, "erased-at-the-centre")
    city.stop()
    after = tmp_path / "after.jsonl"
    after.write_text(shouwen("evidence", "--data", str(city.data), held_id), encoding="utf-8")
    for file in (before, after):
        said = checked(file)
        assert said.returncode == 0, said.stdout + said.stderr
        assert ("清除" in said.stdout) == (file == after)
    assert "期满的旧件" not in after.read_text(encoding="utf-8")


def _keep_finished_cases_on_devices(parts: Parts) -> None:
    """The city keeps finished cases on its devices as long as it may, so that they leave when this journey says so, and
    in the record no longer than a year."""
    days = {"keep_own_days": 1825, "keep_foreign_days": 1825, "keep_least_days": 7}
    for pack, setting, value in (("devices", "device_age", days), ("keeping", "cases", 1)):
        event = {"type": "setting_filled", "pack": pack, "setting": setting, "value": value, "reason": "本市政策"}
        record_city_act(parts, event, "heli")


def _finished_case(parts: Parts, title: str) -> str:
    return record_past_case(
        parts,
        YEARS_AGO,
        ("deliver", {"to": "xingqiao"}, FANG),
        ("accept", {"by": "xingqiao"}, LIN),
        ("reply", {"text": "已疏通", "opinion": "satisfied"}, LIN),
        ("feed_back", {"text": "已办"}, LIN),
        ("pass_review", {}, FANG),
        ("call_back", {"result": "satisfied", "consistent": True, "quality": "good"}, FANG),
        title=title,
    )


# Resolves when the device's own database has a row for the document, or none any more, whatever its pages say. (A
# predicate that gives a promise would count as true before it is settled.)
UNTIL = """([id, there]) => new Promise((resolve, reject) => {
  const look = () => {
    const opening = indexedDB.open('shouwen');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asking = opening.result.transaction('records').objectStore('records').getKey(id);
      asking.onsuccess = () => {
        opening.result.close();
        if ((asking.result !== undefined) === there) resolve(true);
        else setTimeout(look, 300);
      };
    };
  };
  look();
})"""
