"""What travels until a browser is ready for offline use, against stock Pyodide with the same packages.

Ours is counted on the line itself, from the sign-in page to the passed self-test, with every header, in a city without
cases. Stock is counted for the smallest way to serve it: brotli for the engine, its own zip for the standard library,
wheels as wheels; no headers and none of our own code.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.figure import Figure
from bench.setting.counted import CountedLine
from bench.setting.filled import USER, fill
from bench.setting.prepared import SCREEN, prepare
from bench.setting.server import QuietCity
from bench.setting.stock import ENGINE, PACKAGES, PYODIDE, SITE
from e2e.harness import Laptop
from e2e.officer import Officer

GOAL_MB = 6.5
GOAL_SHARE = 0.75
_BROTLI = """
const fs = require('fs'), zlib = require('zlib');
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = zlib.constants;
const squeeze = bytes => zlib.brotliCompressSync(bytes, { params: { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24 } }).length;
console.log(process.argv.slice(1).map(name => fs.readFileSync(name)).reduce((sum, bytes) => sum + Math.min(bytes.length, squeeze(bytes)), 0));
"""


def figures() -> Iterator[Figure]:
    """Megabytes, and their share of the stock ones."""
    ours, stock = _ours() / 1e6, _stock() / 1e6
    yield Figure("install", f"{ours:.2f} MB", f"at most {GOAL_MB} MB", ours <= GOAL_MB)
    share = ours / stock
    yield Figure("install-share", f"{share:.2f} x of {stock:.2f} MB", f"at most {GOAL_SHARE} x", share <= GOAL_SHARE)


def _ours() -> int:
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        fill(data, 0)
        city = QuietCity(data)
        city.start()
        laptop = Laptop(playwright, Path(folder) / "profile", SCREEN)
        with CountedLine(city.port) as line:
            city.url = f"http://127.0.0.1:{line.port}"
            try:
                prepare(Officer(laptop.open(), city, USER))
                return line.received
            finally:
                laptop.close()
                city.stop()


def _stock() -> int:
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as folder:
        files = [PYODIDE / name for name in ENGINE]
        for package in PACKAGES:
            files.append(Path(folder) / f"{package}.whl")
            files[-1].write_bytes(_wheel(package))
        found = subprocess.run(["node", "-e", _BROTLI, *map(str, files)], check=True, capture_output=True, text=True)
        return int(found.stdout)


def _wheel(package: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for path in sorted((SITE / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".so", ".c"}:
                out.write(path, path.relative_to(SITE))
    return made.getvalue()
