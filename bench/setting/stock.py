"""Stock Pyodide with the application as anybody would load it: full standard library, wheels and sources as they are."""

from __future__ import annotations

import io
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import jinja2
from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent.parent
PYODIDE = ROOT / "node_modules" / "pyodide"
ENGINE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = ("jinja2", "markupsafe", "govuk_frontend_jinja", "segno", "stdnum", "tzdata")
SITE = Path(jinja2.__file__).parent.parent
_START_MS_MAX = 180_000

_WORKER = """
const begun = performance.now();
const { loadPyodide } = await import('/pyodide.mjs');
const python = await loadPyodide({ indexURL: '/', packages: [] });
const sources = await (await fetch('/application.zip')).arrayBuffer();
python.FS.mkdirTree('/application');
python.unpackArchive(sources, 'zip', { extractDir: '/application' });
python.runPython(`
import sys
sys.path.insert(0, '/application')
import host.browser
page = host.browser.problem('unknown_page', 404, 'zh-CN')
assert '<html' in page
`);
postMessage(performance.now() - begun);
"""
_START = """() => new Promise((resolve, reject) => {
    const worker = new Worker('/worker.js', { type: 'module' });
    worker.onmessage = event => { worker.terminate(); resolve(event.data); };
    worker.onerror = event => reject(new Error(event.message));
})"""


def sources() -> bytes:
    """The application and its packages as a compressed zip of `.py` files, templates and data."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for folder, base in [(SITE / name, SITE) for name in PACKAGES] + [
            (ROOT / "py_core", ROOT),
            (ROOT / "web" / "host", ROOT / "web"),
        ]:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".so", ".c", ".po"}:
                    out.write(path, path.relative_to(base))
    return made.getvalue()


class _Handler(SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".wasm": "application/wasm",
        ".mjs": "text/javascript",
    }

    def __init__(self, *arguments: Any, made: dict[str, tuple[str, bytes]], **more: Any) -> None:
        self.made = made
        super().__init__(*arguments, directory=str(PYODIDE), **more)

    def do_GET(self) -> None:
        if self.path not in self.made:
            super().do_GET()
            return
        kind, body = self.made[self.path]
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("cache-control", "max-age=3600")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""


class StockPyodide:
    """Serves the stock files on a port of its own while it is entered."""

    def __enter__(self) -> StockPyodide:
        made = {
            "/": ("text/html", b"<!DOCTYPE html><title>stock</title>"),
            "/worker.js": ("text/javascript", _WORKER.encode()),
            "/application.zip": ("application/zip", sources()),
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, made=made))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start_in(self, page: Page) -> float:
        """Milliseconds from the worker's first line to one rendered page."""
        page.set_default_timeout(_START_MS_MAX)
        page.goto(f"http://127.0.0.1:{self._server.server_port}/")
        return float(page.evaluate(_START))
