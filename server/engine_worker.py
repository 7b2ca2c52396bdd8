"""The process in which the engine runs: reads jobs from standard input, answers on standard output, dies gladly.

Started by `server.engine` with limits of memory and of processor time for each job: what goes beyond ends the process,
however busy the machine is. Must not open files or the network.
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from server import trial

SECONDS_PER_CHANGE = 0.002  # an honest one takes a quarter of it; a long case may take longer than a short one


def main() -> None:
    """Works until standard input ends; the arguments are the address space in bytes and a job's processor seconds."""
    limit, seconds = int(sys.argv[1]), float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (job := read_job(source)) is not None:
        changes = len(job["known"]) + len(job.get("new", ())) + len(job.get("aside", ())) + len(job.get("texts", ()))
        signal.setitimer(signal.ITIMER_PROF, seconds + SECONDS_PER_CHANGE * changes)  # SIGPROF ends the process
        answer = _answer(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        write_job(sink, answer)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    known = [bytes.fromhex(raw) for raw in job["known"]]
    try:
        if job["do"] == "try":
            trial.try_changes(known, [bytes.fromhex(raw) for raw in job["new"]])
            return {"ok": True}
        if job["do"] == "synchronise":
            said = job["message"]
            aside = [bytes.fromhex(raw) for raw in job["aside"]]
            reply, brought = trial.synchronise(known, aside, None if said is None else bytes.fromhex(said))
            told = None if reply is None else reply.hex()
            return {"ok": True, "reply": told, "brought": [raw.hex() for raw in brought]}
        made = trial.append_texts(known, bytes.fromhex(job["actor"]), job["texts"])
        return {"ok": True, "made": [raw.hex() for raw in made]}
    except trial.NotTaken as error:
        return {"ok": False, "code": error.code}
    except BaseException:  # a panic of the engine is no Exception
        return {"ok": False, "code": "engine_panicked", "worn": True}


def read_job(source: BinaryIO) -> dict[str, Any] | None:
    """The next job, None at the end of the stream."""
    head = source.read(4)
    if len(head) < 4:
        return None
    data: dict[str, Any] = json.loads(source.read(struct.unpack(">I", head)[0]))
    return data


def write_job(sink: BinaryIO, job: dict[str, Any]) -> None:
    """Sends a job or an answer."""
    data = json.dumps(job).encode()
    sink.write(struct.pack(">I", len(data)) + data)
    sink.flush()


if __name__ == "__main__":
    main()
