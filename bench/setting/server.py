"""Serves a filled record without the search index, whose encoder would work beside the measuring for minutes."""

from __future__ import annotations

import sys
from pathlib import Path

from e2e.harness import City
from server.outside import SystemClock, SystemEntropy
from server.parts import assemble
from server.serving import serve
from server.settings import Settings


class QuietCity(City):
    """A city's server process that does nothing that nobody asks for."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "bench.setting.server", str(self.data), str(self.port)]

    def memory_bytes(self) -> int:
        """The most memory that the process ever had."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(peak) * 1024


if __name__ == "__main__":
    settings = Settings(Path(sys.argv[1]), similar_cases=False)
    serve(assemble(settings, SystemClock(), SystemEntropy()), "127.0.0.1", int(sys.argv[2]))
