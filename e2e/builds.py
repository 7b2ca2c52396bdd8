"""A second build of the browser part: the same program under another name, as the next version would arrive."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

BUILT = Path(__file__).parent.parent / "web" / "dist"


def this_build() -> str:
    """The name of the build in this copy."""
    return (BUILT / "build-id.txt").read_text()


def next_build(folder: Path) -> tuple[Path, str]:
    """A folder with the next build, and its name."""
    old = this_build()
    new = hashlib.sha256(old.encode()).hexdigest()[: len(old)]
    shutil.copytree(BUILT, folder)
    for name in ("sw.js", "worker.js", "shell.html", "assets/page.js", "build-id.txt"):
        file = folder / name
        file.write_text(file.read_text().replace(old, new))
        file.with_name(file.name + ".br").unlink(missing_ok=True)
    listed = json.loads((folder / "precache.json").read_text())
    listed["build"] = new
    for entry in listed["entries"]:
        content = (folder / entry["url"].lstrip("/")).read_bytes()
        entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (folder / "precache.json").write_text(json.dumps(listed))
    return folder, new
