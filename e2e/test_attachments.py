"""A photograph and a drawn signature taken without network, over a closed browser and a line that breaks, to a second
device; nothing of the camera's hidden notes left, nothing readable on the disk."""

from __future__ import annotations

import base64
import re
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.cut_line import CutLine
from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer, draft_is_kept

CAMERA = b"CANARY-KAMERA-7731"
CUTS = 3

# A picture with so much noise that even made smaller it needs several chunks.
_NOISE = """([width, height]) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const pen = canvas.getContext('2d'), image = pen.createImageData(width, height);
  let seed = 7;
  for (let at = 0; at < image.data.length; at++) { seed = (seed * 1103515245 + 12345) >>> 0; image.data[at] = at % 4 === 3 ? 255 : seed >>> 24; }
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL('image/jpeg', 0.7).split(',')[1];
}"""


def gps_exif() -> bytes:
    """An EXIF segment with a camera's name and a position (31°55'12" N, 120°16'48" E)."""
    model = CAMERA + b"\0"
    ifd0 = struct.pack(">HHHLLHHLLL", 2, 0x0110, 2, len(model), 200, 0x8825, 4, 1, 38, 0)
    gps = struct.pack(">H", 4)
    gps += struct.pack(">HHL4s", 1, 2, 2, b"N\0\0\0") + struct.pack(">HHLL", 2, 5, 3, 100)
    gps += struct.pack(">HHL4s", 3, 2, 2, b"E\0\0\0") + struct.pack(">HHLL", 4, 5, 3, 124) + struct.pack(">L", 0)
    tiff = b"MM\x00\x2a\x00\x00\x00\x08" + ifd0
    tiff = tiff.ljust(38, b"\0") + gps
    tiff = tiff.ljust(100, b"\0") + struct.pack(">6L", 31, 1, 55, 1, 12, 1) + struct.pack(">6L", 120, 1, 16, 1, 48, 1)
    tiff = tiff.ljust(200, b"\0") + model
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def notes(jpeg: bytes) -> list[bytes]:
    """What software wrote about the picture: the APPn and COM segments before its pixels, but for the JFIF head and the
    colour profile that a browser's own encoder adds."""
    assert jpeg[:2] == b"\xff\xd8"
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:  # start of scan: only pixels follow
        assert jpeg[at] == 0xFF, at
        marker, length = jpeg[at + 1], struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        content = jpeg[at + 4 : at + 2 + length]
        at += 2 + length
        if marker not in (*range(0xE0, 0xF0), 0xFE):
            continue
        if not (
            (marker == 0xE0 and content.startswith(b"JFIF\0"))
            or (marker == 0xE2 and content.startswith(b"ICC_PROFILE\0"))
        ):
            found.append(content)
    return found


def taken_by_camera(page: Page, width: int = 2400, height: int = 1800) -> bytes:
    """A picture with everything that a camera writes into it."""
    plain = base64.b64decode(page.evaluate(_NOISE, [width, height]))
    taken = plain[:2] + gps_exif() + plain[2:]
    assert notes(taken)
    return taken


@pytest.fixture
def photograph(tmp_path: Path) -> Callable[[Page], Path]:
    def make(page: Page) -> Path:
        path = tmp_path / "现场 IMG_0001.JPG"
        path.write_bytes(taken_by_camera(page))
        return path

    return make


def sign(page: Page, pad: Locator) -> None:
    """Two strokes with the pointer."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for line in ([(0.1, 0.3), (0.3, 0.7), (0.45, 0.2)], [(0.55, 0.6), (0.7, 0.3), (0.9, 0.65)]):
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*points[0])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(x, y, steps=12)
        page.mouse.up()


def in_record(city: City) -> tuple[int, bytes]:
    """How many contents are whole in the record, and the bytes of all chunks."""
    with closing(sqlite3.connect(city.data / "record.sqlite3")) as database:
        [whole] = database.execute("SELECT count(*) FROM attachments").fetchone()
        chunks = database.execute("SELECT data FROM attachment_chunks ORDER BY sha256, at").fetchall()
    return whole, b"".join(chunk for (chunk,) in chunks)


def test_a_photograph_and_a_signature_come_through(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], photograph: Callable[[Page], Path], shots: Path
) -> None:
    city = prepared_city("linxiao", "zhaolei")
    machines = {name: laptop(name) for name in ("linxiao", "zhaolei")}
    lin, zhao = (Officer(machines[name].open(), city, name) for name in machines)
    for officer in (lin, zhao):
        officer.unlock()
    city.stop()
    page = lin.page

    # Registered on the spot: the person signs on the screen, without network.
    lin.open("/register")
    page.get_by_role("radio", name=re.compile("残疾人两项补贴")).check()
    page.locator("summary", has_text="在屏幕上签名").click()
    pad = page.locator("[data-sign-pad] canvas")
    sign(page, pad)
    expect(page.locator("input[name=strokes]")).to_have_value(re.compile(r'"strokes":\[\['))
    page.click("[data-sign-clear]")
    expect(page.locator("input[name=strokes]")).to_have_value("")
    sign(page, pad)
    page.screenshot(path=shots / "signing-1366.png")
    drawn = page.locator("input[name=strokes]").input_value()

    # A draft keeps the signature and the chosen photograph over a closed browser.
    page.locator("summary", has_text="照片和材料影像").click()
    page.set_input_files("#attachments", photograph(page))
    expect(page.locator("[data-files-list] li")).to_have_count(1)
    expect(page.locator("[data-files-list] img")).to_have_attribute("src", re.compile("^blob:"))
    chosen = page.locator("input[name=attachments]").input_value()
    assert "place" not in chosen
    page.fill("input[name=claimant_name]", "周春燕")
    draft_is_kept(page)
    expect(page.locator(".sw-files__news")).to_be_empty()
    machines["linxiao"].close()
    lin = Officer(machines["linxiao"].open(), city, "linxiao")
    lin.unlock("/register")
    page = lin.page
    expect(page.locator("input[name=strokes]")).to_have_value(drawn)
    expect(page.locator("input[name=attachments]")).to_have_value(chosen)
    expect(page.locator("[data-files-list] li")).to_have_count(1)

    page.fill("input[name=claimant_phone]", "13800001234")
    papers = page.locator(".sw-choice:has(input[name=offer]:checked) .sw-choice__more input[type=checkbox]")
    for paper in papers.all():
        paper.check()
    page.check("input[name=complete][value=yes]")
    page.check("input[name=signed][value=yes]")
    page.screenshot(path=shots / "register-attached-1366.png", full_page=True)
    page.click("#register-submit")
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}/slips/F-02"))
    found = re.search(r"/cases/[0-9a-f]{32}", page.url)
    assert found
    case = found.group()
    lin.open(case)
    expect(page.locator("svg.sw-signature")).to_be_visible()
    expect(page.locator(".sw-attached__item")).to_contain_text("仅在本机")
    expect(page.locator("img[data-thumb]")).to_have_attribute("src", re.compile("^blob:"))
    page.screenshot(path=shots / "case-attached-1366.png", full_page=True)
    lin.open(f"{case}/slips/F-01")
    expect(page.locator("svg.sw-signature")).to_be_visible()
    page.screenshot(path=shots / "F-01-signed.png", full_page=True)

    # A second one whose place is wanted: then it stands in the act, not in the picture.
    lin.open(f"{case}/do/attach")
    page.check("input[name=purpose][value=photo]")
    page.check("#attachments-place")
    second = photograph(page)
    second.write_bytes(second.read_bytes()[:-2] + b"\xff\xfe\x00\x04zz\xff\xd9")
    page.set_input_files("#attachments", second)
    expect(page.locator("[data-files-list] li")).to_contain_text("31.92000,120.28000")
    page.screenshot(path=shots / "attach-1366.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=shots / "attach-390.png", full_page=True)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(re.escape(case) + r"\?"))
    assert CAMERA not in b"".join(
        path.read_bytes() for path in machines["linxiao"].profile.rglob("*") if path.is_file() and not path.is_symlink()
    )

    # The line breaks in the middle of chunks, again and again; acts come first, contents go on where they stood.
    inner = City(city.data)  # on a port of its own; the browser keeps the address that it knows
    inner.start()
    line = CutLine(city.port, inner.port, CUTS, 40_000, asked=b"PATCH /attachments/")
    try:
        lin.expect_all_in_record()
        expect(page.locator(".sw-attached__item", has_text="仅在本机")).to_have_count(0, timeout=ARRIVAL_MS_MAX)
        assert line.made == CUTS
        whole, content = in_record(city)
        assert whole == 1, "both photographs show the same: kept once"
        assert notes(content) == []
        assert CAMERA not in content
        lin.open("/sync")
        expect(page.locator("#uploading")).to_have_count(0)

        # The second device shows the signature at once and fetches the photograph when somebody wants to see it.
        zhao.open(case)
        expect(zhao.page.locator("svg.sw-signature")).to_be_visible(timeout=ARRIVAL_MS_MAX)
        expect(zhao.page.locator(".sw-attached__item").first).to_contain_text("不在本机")
        zhao.page.locator("a[data-file]").first.click()
        expect(zhao.page.locator("dialog.sw-picture img")).to_be_visible()
        assert (
            zhao.page.locator("dialog.sw-picture img").evaluate(
                "image => image.decode().then(() => image.naturalWidth)"
            )
            == 1600
        )
        expect(zhao.page.locator("#sync-light")).to_have_class(re.compile("sw-sync--online"))
        zhao.page.screenshot(path=shots / "picture-1366.png")
        expect(zhao.page.locator("dialog.sw-picture img")).to_be_visible()
        zhao.page.keyboard.press("Escape")
        expect(zhao.page.locator("img[data-thumb]").first).to_have_attribute("src", re.compile("^blob:"))
        zhao.page.set_viewport_size({"width": 390, "height": 844})
        zhao.page.screenshot(path=shots / "case-attached-390.png", full_page=True)
    finally:
        inner.stop()  # first, so that connections that only wait end
        line.close()


def test_before_the_browser_is_prepared_the_server_keeps_them(
    city: City, laptop: Callable[..., Laptop], photograph: Callable[[Page], Path]
) -> None:
    officer = Officer(laptop("linxiao").open(), city, "linxiao")
    officer.sign_in()
    page = officer.page
    page.goto(city.url + "/register")
    page.get_by_role("radio", name=re.compile("群众")).check()
    page.fill("input[name=claimant_name]", "何秀兰")
    page.fill("input[name=claimant_phone]", "13800005678")
    page.fill("input[name=title]", "井盖破损")
    page.fill("textarea[name=text]", "小区门口井盖破损。")
    page.locator("summary", has_text="照片和材料影像").click()
    most = int(page.locator("[data-bytes-max]").get_attribute("data-bytes-max") or 0)
    refused = {
        "名单.xlsx": ("application/zip", b"PK", "既不是照片也不是PDF"),
        "坏的.jpg": ("image/jpeg", b"\xff\xd8\xff", "无法作为照片读取"),
        "很长.pdf": ("application/pdf", b"%PDF-".ljust(most + 1, b" "), f"最多{most // 1024**2} MB"),
    }
    for name, (kind, content, said) in refused.items():
        page.set_input_files("#attachments", {"name": name, "mimeType": kind, "buffer": content})
        expect(page.locator(".sw-files__news")).to_contain_text(said)
        expect(page.locator(".sw-files__news")).to_contain_text(name)
    expect(page.locator("[data-files-list] li")).to_have_count(0)
    page.set_input_files("#attachments", photograph(page))
    expect(page.locator("[data-files-list] li")).to_have_count(1)
    expect(page.locator("input[name=title]")).to_have_value("井盖破损")
    page.click("#register-submit")
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f]{32}"))
    thumb = page.locator("img.sw-attached__thumb")
    expect(thumb).to_be_visible()
    assert thumb.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1600
    whole, content = in_record(city)
    assert whole == 1
    assert CAMERA not in content
