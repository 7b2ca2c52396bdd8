"""The gate's way to the engine: the same two questions, asked in this process or in one that may die.

A worker that hangs, dies or panicked is replaced; the changes that did it are refused. Must never let an engine's
fault reach the server process.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from server import trial
from server.trial import NotTaken


class CaseEngine(Protocol):
    """What the gate and the server's own device need from an engine."""

    def try_changes(self, known: Sequence[bytes], new: Sequence[bytes]) -> None:
        """Raises `NotTaken` unless the engine takes the new changes on top of the known ones."""
        ...

    def append_texts(self, known: Sequence[bytes], actor: bytes, texts: Sequence[str]) -> list[bytes]:
        """The changes that append the texts, in order."""
        ...

    def synchronise(
        self, known: Sequence[bytes], aside: Sequence[bytes], message: bytes | None
    ) -> tuple[bytes | None, list[bytes]]:
        """Answers a peer's sync message about a case as `trial.synchronise` does: the reply, and what it brought."""
        ...

    def close(self) -> None:
        """Ends what was started."""
        ...


class EngineInside:
    """The engine in this process, for a simulation from one seed; a hang or a bomb would be this process's own."""

    def try_changes(self, known: Sequence[bytes], new: Sequence[bytes]) -> None:
        try:
            trial.try_changes(known, new)
        except (Exception, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a panic of the engine is no Exception
            raise NotTaken("engine_panicked") from error

    def append_texts(self, known: Sequence[bytes], actor: bytes, texts: Sequence[str]) -> list[bytes]:
        return trial.append_texts(known, actor, texts)

    def synchronise(
        self, known: Sequence[bytes], aside: Sequence[bytes], message: bytes | None
    ) -> tuple[bytes | None, list[bytes]]:
        return trial.synchronise(known, aside, message)

    def close(self) -> None:
        """Nothing to end."""


class EngineOutside:
    """The engine in a process of its own with limits of memory and time.

    `cpu_seconds_max` is a job's processor time, which counts however busy the machine is; `seconds_max` is how long
    it may take in all, for a worker that waits instead of working.
    """

    def __init__(self, seconds_max: float, memory_bytes_max: int, cpu_seconds_max: float = 1.0) -> None:
        self._seconds_max = seconds_max
        self._memory_bytes_max = memory_bytes_max
        self._cpu_seconds_max = cpu_seconds_max
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def try_changes(self, known: Sequence[bytes], new: Sequence[bytes]) -> None:
        self._ask({"do": "try", "known": [raw.hex() for raw in known], "new": [raw.hex() for raw in new]})

    def append_texts(self, known: Sequence[bytes], actor: bytes, texts: Sequence[str]) -> list[bytes]:
        answer = self._ask(
            {"do": "append", "known": [raw.hex() for raw in known], "actor": actor.hex(), "texts": list(texts)}
        )
        return [bytes.fromhex(raw) for raw in answer["made"]]

    def synchronise(
        self, known: Sequence[bytes], aside: Sequence[bytes], message: bytes | None
    ) -> tuple[bytes | None, list[bytes]]:
        said = None if message is None else message.hex()
        job = {"do": "synchronise", "known": [raw.hex() for raw in known], "aside": [raw.hex() for raw in aside]}
        answer = self._ask({**job, "message": said})
        reply = answer["reply"]
        return (None if reply is None else bytes.fromhex(reply)), [bytes.fromhex(raw) for raw in answer["brought"]]

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            fresh = self._process is None
            try:
                answer = self._exchange(job)
            except NotTaken as error:
                self._end()
                if fresh or error.code != "engine_died":
                    raise
                answer = self._exchange_once_more(job)  # it may have died of something else since the last job
            if answer.get("worn"):
                self._end()
        if not answer["ok"]:
            raise NotTaken(answer["code"])
        return answer

    def _exchange_once_more(self, job: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._exchange(job)
        except NotTaken:
            self._end()
            raise

    def _exchange(self, job: dict[str, Any]) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        data = json.dumps(job).encode()
        deadline = time.monotonic() + self._seconds_max
        try:
            _write(process.stdin.fileno(), struct.pack(">I", len(data)) + data, deadline)
            (size,) = struct.unpack(">I", _read(process.stdout.fileno(), 4, deadline))
            answer: dict[str, Any] = json.loads(_read(process.stdout.fileno(), size, deadline))
        except TimeoutError as error:
            raise NotTaken("engine_timeout") from error
        except (OSError, EOFError, ValueError) as error:
            raise NotTaken("engine_timeout" if _ended_by(process) == signal.SIGPROF else "engine_died") from error
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "server.engine_worker",
                str(self._memory_bytes_max),
                str(self._cpu_seconds_max),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a panic's message quotes what the change said
            start_new_session=True,  # Ctrl-C at the terminal is for the server, which then ends this one
        )
        assert process.stdin is not None
        assert process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _ended_by(process: subprocess.Popen[bytes]) -> int | None:
    """The signal that ended a process whose pipes have closed."""
    try:
        return -process.wait(1.0)
    except subprocess.TimeoutExpired:
        return None


def _write(descriptor: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _wait(descriptor, selectors.EVENT_WRITE, deadline)
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        _wait(descriptor, selectors.EVENT_READ, deadline)
        piece = os.read(descriptor, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _wait(descriptor: int, what: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, what)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
