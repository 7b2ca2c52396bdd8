"""What breaks under the app: a download cut in mid-file, the engine itself, a disk that is nearly full."""

from __future__ import annotations

import fcntl
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from e2e.harness import City, Laptop
from e2e.officer import PASSPHRASE, PREPARE_MS_MAX, Officer
from e2e.pictures import look

STORED = "indexeddb,cache_storage,service_workers,local_storage"
# What a broken WebAssembly engine throws at the next call, for every call of this worker from now on.
BREAK_THE_ENGINE = "JSON.parse = () => { throw new WebAssembly.RuntimeError('unreachable'); }; true"


def test_a_download_cut_in_mid_file_goes_on_with_that_file_only(city: City, laptop: Callable[..., Laptop]) -> None:
    machine = laptop("linxiao")
    page = machine.open()
    asked: Counter[str] = Counter()
    cut: list[str] = []

    def deliver(route: Route) -> None:
        name = re.sub(r"-[0-9a-f]{12}", "", route.request.url.rsplit("/", 1)[1])
        asked[name] += 1
        if name == "application.zip" and not cut:
            cut.append(name)
            whole = route.fetch()
            route.fulfill(status=200, body=whole.body()[: len(whole.body()) // 2], content_type="application/zip")
            return
        route.continue_()

    machine.context.route(re.compile(r"/assets/[\w.]+-[0-9a-f]{12}\.(zip|wasm)$"), deliver)
    lin = Officer(page, city, "linxiao")
    lin.sign_in()
    strip = page.locator("[data-part=prepare]")
    expect(strip).to_contain_text("已下载的部分保留", timeout=PREPARE_MS_MAX)
    strip.locator("button").click()
    lin.prepare_for_offline()
    assert cut == ["application.zip"]
    assert asked["application.zip"] == 2
    assert asked["pyodide.wasm"] == asked["automerge.wasm"] == 1, asked


@contextmanager
def files_held(profile: Path) -> Iterator[None]:
    """Holds the locks of the browser's databases, as a program may that looks into them."""
    held = [path.open("r+b") for path in profile.glob("**/IndexedDB/*.leveldb/LOCK")]
    assert held, "the browser keeps its databases in another way now"
    for each in held:
        fcntl.lockf(each, fcntl.LOCK_EX)
    try:
        yield
    finally:
        for each in held:
            each.close()


def worker_session(page: Page) -> tuple[object, str]:
    """The debugger's way into the worker that all tabs share."""
    session = page.context.new_cdp_session(page)
    targets = session.send("Target.getTargets")["targetInfos"]
    [worker] = [each for each in targets if each["type"] == "shared_worker"]
    attached = session.send("Target.attachToTarget", {"targetId": worker["targetId"], "flatten": False})
    return session, attached["sessionId"]


def test_an_engine_that_broke_down_is_started_again_and_says_so(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock()
    city.stop()
    case = lin.register_appeal("群众", "韩国强", "出故障之前登记", "内容")
    page = lin.page
    session, worker = worker_session(page)
    message = f'{{"id":1,"method":"Runtime.evaluate","params":{{"expression":"{BREAK_THE_ENGINE}"}}}}'
    session.send("Target.sendMessageToTarget", {"sessionId": worker, "message": message})  # type: ignore[attr-defined]

    # The next thing that somebody does meets the fault; the app starts anew by itself and says what is safe.
    page.locator(".sw-nav a[href='/today']").click()
    # The program's own word for it is folded away, and nothing else is told beside it.
    strip = page.locator("[data-part=restarted]")
    expect(strip).to_contain_text("已重新启动")
    expect(page.locator("[data-part=problem]")).to_have_count(0)
    expect(strip.locator("details code")).to_have_text("RuntimeError")
    expect(strip.locator("details code")).to_be_hidden()
    look(page, "device-restarted")
    page.fill("#passphrase", PASSPHRASE)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#lock")).to_be_visible()
    lin.open(case)
    assert set(lin.ticks()) == {"device"}
    lin.register_appeal("群众", "韩国强", "恢复之后登记", "内容")
    city.start()
    lin.expect_all_in_record()

    # Another program holds the browser's files when it starts: nothing can be opened, nothing is taken for lost or made
    # anew, and once they are free everything is there.
    machine.close()
    with files_held(machine.profile):
        page = machine.open()
        page.goto(city.url + case)
        main = page.locator("main")
        expect(main).to_contain_text("暂时打不开")
        expect(main).to_contain_text("不要清除浏览器数据")
        expect(main.locator("details code")).to_have_text("UnknownError")
        expect(page.locator("[data-part=door], #unlock, #new-passphrase, main a[href='/sign-in']")).to_have_count(0)
        look(page, "device-held")
    page.click("#reload")
    lin = Officer(page, city, "linxiao")
    lin.unlock(case)
    expect(page.locator("main")).to_contain_text("出故障之前登记")

    # The browser clears what it keeps, as it may when space runs out: whoever comes back hears what that means.
    storage = page.context.new_cdp_session(page)
    storage.send("Storage.clearDataForOrigin", {"origin": city.url, "storageTypes": STORED})
    page.goto(city.url + "/today")
    expect(page.locator("[data-part=cleared]")).to_contain_text("只显示一个勾的已经丢失", timeout=PREPARE_MS_MAX)
    expect(page.locator("[data-part=prepare] input").first).to_be_visible()
    look(page, "device-cleared")


# Chromium says of itself that 10 GB are always left; other browsers tell what there is.
TELLING = """
StorageManager.prototype.estimate = async () => ({ usage: 80e6, quota: localStorage.getItem('quota') ?? 10e9 });
"""


def test_a_disk_that_is_nearly_full_is_told_before_anything_is_lost(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = Officer(machine.open(), city, "linxiao")
    machine.context.add_init_script(TELLING)
    lin.unlock("/sync")
    page = lin.page
    expect(page.locator("#storage-setting")).to_contain_text("80 MB / 10 GB")
    expect(page.locator("#storage-setting")).to_contain_text(
        "把发件箱存成文件"
    )  # nobody promised this browser's storage
    expect(page.locator("[data-part=storage]")).to_have_count(0)
    page.evaluate("localStorage.setItem('quota', '100000000')")
    lin.open("/today")
    expect(page.locator("[data-part=storage]")).to_contain_text("快满了")
    expect(page.locator("[data-part=storage]")).to_contain_text("把发件箱存成文件")
    look(page, "device-nearly-full")
    page.evaluate("localStorage.removeItem('quota')")
    lin.open("/sync")
    expect(page.locator("#storage-setting")).to_contain_text("80 MB / 10 GB")
    expect(page.locator("[data-part=storage]")).to_have_count(0)
