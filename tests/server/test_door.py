"""The door at /automerge, as the unmodified npm client sees it: read, follow, write through the gate, be shut out."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from browsing import serving
from laptop import Laptop, StandingClock, case_id, registered
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from py_core.cases.acts import Act
from py_core.change import GENESIS
from py_core.errors import Malformed
from server import record, repo_protocol
from server.parts import Parts
from server.repo_protocol import case_of_document, document_of_case
from server.tools import Tool, ToolRefused

_SECONDS = 30
_CLIENT = Path(__file__).parent / "door_client.mjs"


class Client:
    """One node process with the npm client."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(_CLIENT), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def hear(self, key: str) -> dict[str, Any]:
        """The next thing said that has this key; what else is said on the way is passed over."""
        while True:
            said = self._said.get(timeout=_SECONDS)
            if key in said:
                return said

    def do(self, what: str, case: str, **more: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, "id": document_of_case(case), **more}) + "\n")
        self._process.stdin.flush()
        return self.hear("did")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def address(parts: Parts) -> Iterator[str]:
    with serving(parts) as url:
        yield url.replace("http", "ws", 1) + "/automerge"


@pytest.fixture
def let_in(parts: Parts, address: str) -> Iterator[Callable[..., tuple[Client, Tool]]]:
    clients = []

    def enter(user: str = "lin", may_write: bool = False) -> tuple[Client, Tool]:
        token, tool = parts.tools.let_in("statistics", user, may_write, timedelta(days=1))
        clients.append(Client(f"{address}?token={token}"))
        return clients[-1], tool

    yield enter
    for client in clients:
        client.close()


def text(parts: Parts, tool: Tool, seq: int, *events: dict[str, Any]) -> str:
    at = parts.clock.now().replace(microsecond=0)
    person = {"user": tool.user, "device": tool.device.id, "device_seq": seq}
    return Act(
        kind=events[0]["type"],
        events=events,
        occurred_at=at,
        claimed_at=at,
        beacon=None,
        since_beacon_ms=None,
        pack_version="1",
        app_version="tool",
        **person,
    ).text()


def log_size(parts: Parts) -> int:
    with parts.database.reading() as connection:
        return record.log_size(connection)


def test_a_tool_reads_what_its_person_sees_and_follows_it(
    parts: Parts, let_in: Callable[..., tuple[Client, Tool]]
) -> None:
    lin = Laptop(parts, "lin")
    first = lin.act(case_id(1), registered())
    lin.sync(first)
    client, _ = let_in("zhao")
    read = client.do("read", case_id(1))
    assert len(read["acts"]) == 1
    assert json.loads(read["acts"][0])["events"][0]["title"] == "路灯不亮"
    lin.sync(lin.act(case_id(1), {"type": "noted", "text": "派人看过"}))
    assert client.hear("changed")["acts"] == 2
    assert "派人看过" in client.do("read", case_id(1))["acts"][1]


def test_what_the_person_does_not_see_is_not_there(parts: Parts, let_in: Callable[..., tuple[Client, Tool]]) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    client, _ = let_in("wu")
    assert "unavailable" in client.do("read", case_id(1))
    assert "unavailable" in client.do("read", case_id(2))


def test_a_tool_with_a_grant_writes_through_the_gate(parts: Parts, let_in: Callable[..., tuple[Client, Tool]]) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    client, tool = let_in("zhao", may_write=True)
    client.do("read", case_id(1))
    client.do("append", case_id(1), text=text(parts, tool, 1, {"type": "noted", "text": "工具写入"}))
    assert client.hear("told")["told"]["verdict"] == "accepted"
    _, pulled = lin.sync()
    assert [frame.log_index for frame in pulled if "工具写入".encode() in frame.raw] == [1]
    client.do("append", case_id(1), text=text(parts, tool, 2, {"type": "noted", "text": "再写"}))
    assert client.hear("told")["told"]["verdict"] == "accepted"


def test_a_tool_begins_a_case(parts: Parts, let_in: Callable[..., tuple[Client, Tool]]) -> None:
    client, tool = let_in("zhao", may_write=True)
    client.do("begin", case_id(5), bytes=GENESIS.hex())
    client.do("append", case_id(5), text=text(parts, tool, 1, registered()))
    assert client.hear("told")["told"]["verdict"] == "accepted"
    assert case_id(5) in parts.casebook.current()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "noted", "text": 5}, "unreadable_event"),
        (
            {"type": "contradiction_resolved", "code": "x", "acts": ["a"], "decision": "both", "reason": "x"},
            "not_authorised",
        ),
    ],
)
def test_what_the_gate_refuses_a_device_it_refuses_a_tool(
    parts: Parts, let_in: Callable[..., tuple[Client, Tool]], event: dict[str, Any], reason: str
) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    client, tool = let_in("zhao", may_write=True)
    client.do("read", case_id(1))
    client.do("append", case_id(1), text=text(parts, tool, 1, event))
    assert client.hear("told")["told"]["verdict"] == reason
    client.do("append", case_id(1), text="no act at all")
    assert client.hear("told")["told"]["verdict"] == "not_an_act"
    assert log_size(parts) == 1


def test_without_a_grant_nothing_is_written(parts: Parts, let_in: Callable[..., tuple[Client, Tool]]) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    client, tool = let_in("zhao")
    client.do("read", case_id(1))
    client.do("append", case_id(1), text=text(parts, tool, 1, {"type": "noted", "text": "不许"}))
    assert client.hear("told")["told"]["verdict"] == "read_only"
    assert log_size(parts) == 1


def refused(address: str, **headers: str) -> int:
    with connect(address, additional_headers=headers) as socket:
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(timeout=_SECONDS)
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code


def test_nobody_comes_in_without_a_token_that_holds(parts: Parts, address: str) -> None:
    assert refused(address) == 4401
    assert refused(address + "?token=" + "0" * 64) == 4401
    token, tool = parts.tools.let_in("statistics", "lin", False, timedelta(days=1))
    parts.tools.shut_out(tool.device.id)
    assert refused(address, Authorization=f"Bearer {token}") == 4401


def test_a_tool_that_is_shut_out_loses_its_connection(parts: Parts, address: str) -> None:
    token, tool = parts.tools.let_in("statistics", "lin", False, timedelta(days=1))
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(cbor2.dumps({"type": "join", "senderId": "me", "supportedProtocolVersions": ["1"]}))
        assert cbor2.loads(socket.recv(timeout=_SECONDS))["type"] == "peer"
        parts.tools.shut_out(tool.device.id)
        parts.bell.ring()
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(timeout=_SECONDS)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4401


def test_a_tool_is_let_in_for_a_time_and_for_somebody(parts: Parts, clock: StandingClock) -> None:
    with pytest.raises(ToolRefused, match="366 days"):
        parts.tools.let_in("statistics", "lin", False, timedelta(days=400))
    with pytest.raises(ToolRefused, match="nobody"):
        parts.tools.let_in("statistics", "nemo", False, timedelta(days=1))
    with pytest.raises(ToolRefused, match="no tool"):
        parts.tools.shut_out("server")
    token, _ = parts.tools.let_in("statistics", "lin", False, timedelta(days=1))
    assert parts.tools.find(token) is not None
    clock.pass_time(days=2)
    assert parts.tools.find(token) is None


BAD: dict[str, bytes] = {
    "no CBOR": b"\xff\xff",
    "no map": cbor2.dumps([1]),
    "no type": cbor2.dumps({"senderId": "me"}),
    "sync before the join": cbor2.dumps(
        {"type": "sync", "senderId": "me", "documentId": document_of_case("0" * 32), "data": b""}
    ),
    "another version": cbor2.dumps({"type": "join", "senderId": "me", "supportedProtocolVersions": ["9"]}),
    "deep": b"\x81" * 100_000 + b"\x00",
    "a huge promise": b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    "a sender of a mile": cbor2.dumps({"type": "join", "senderId": "x" * 1000}),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_messages_end_the_connection_with_a_reason(parts: Parts, address: str, name: str) -> None:
    token, _ = parts.tools.let_in("statistics", "lin", True, timedelta(days=1))
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(BAD[name])
        assert cbor2.loads(socket.recv(timeout=_SECONDS))["type"] == "error"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=_SECONDS)


@pytest.mark.parametrize("data", [b"", b"\x42", b"\x42\xff\xff\xff\xff\xff", b"\x43" + bytes(100), bytes(5000)])
def test_a_bad_sync_message_is_the_engines_process_own_affair(parts: Parts, address: str, data: bytes) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    token, _ = parts.tools.let_in("statistics", "lin", True, timedelta(days=1))
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(cbor2.dumps({"type": "join", "senderId": "me", "supportedProtocolVersions": ["1"]}))
        socket.recv(timeout=_SECONDS)
        message = {
            "type": "sync",
            "senderId": "me",
            "targetId": "x",
            "documentId": document_of_case(case_id(1)),
            "data": data,
        }
        socket.send(cbor2.dumps(message))
        assert cbor2.loads(socket.recv(timeout=_SECONDS))["type"] in ("error", "sync")
    assert lin.verdict(lin.act(case_id(1), {"type": "noted", "text": "还在"})) == "accepted"


def test_ids_of_documents_are_the_case_ids() -> None:
    for case in ("0" * 32, "f" * 32, case_id(7), "00ff" * 8):
        assert case_of_document(document_of_case(case)) == case
    # As automerge-repo's own stringifyAutomergeUrl writes sixteen bytes 0…15.
    assert document_of_case(bytes(range(16)).hex()) == "1Bhh3pU9gLXZiNDL6PEa1Gs9fh"
    for wrong in ("", "0", "I", "1" * 60, document_of_case(case_id(1))[:-1] + "x", "圆"):
        with pytest.raises(Malformed):
            case_of_document(wrong)


def test_messages_of_other_kinds_are_let_pass() -> None:
    assert repo_protocol.read_message(cbor2.dumps({"type": "ephemeral", "senderId": "me"})) == repo_protocol.Other(
        "ephemeral"
    )
