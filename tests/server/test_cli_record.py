"""The commands about the record, as an administrator types them, on a record that a process serves meanwhile."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import Browser
from laptop import Laptop, case_id, registered
from sqlalchemy import delete, update

from server import audit
from server.cli import main
from server.database import Database
from server.engine import EngineOutside
from server.parts import Parts
from server.tables import changes, feed


@pytest.fixture
def where(parts: Parts) -> list[str]:
    lin = Laptop(parts, "lin")
    for n in range(3):
        assert lin.verdict(lin.act(case_id(n), registered())) == "accepted"
    url = parts.settings.database_url
    return ["--data", str(parts.settings.data), *(["--database-url", url] if url else [])]


def test_backup_verify_restore(
    where: list[str], browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = str(tmp_path / "backup"), str(tmp_path / "other")
    assert main(["backup", *where, folder]) == 0
    assert main(["verify", *where]) == 0
    assert main(["verify", *where, "--backup", folder]) == 0
    assert main(["restore", "--data", other, folder]) == 0
    assert main(["verify", "--data", other]) == 0
    assert capsys.readouterr().out.count("3 acts in 3 documents: all as it was written") == 4
    assert browser.get("/healthz").json()["log_size"] == 3
    assert main(["restore", "--data", other, folder]) == 1
    assert "empty" in capsys.readouterr().err


def test_a_fault_is_named_and_the_command_fails(
    where: list[str], parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    with parts.database.writing() as connection:
        connection.execute(update(changes).where(changes.c.log_index == 1).values(user="zhao"))
    assert main(["verify", *where]) == 1
    told = capsys.readouterr()
    assert "1 faults" in told.out
    assert f"other_columns: case {case_id(1)}, number 1" in told.err


def test_rebuild_mends_what_verify_names(where: list[str], parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    with parts.database.writing() as connection:
        connection.execute(delete(feed))
    assert main(["verify", *where]) == 1
    assert "shouwen rebuild" in capsys.readouterr().err
    assert main(["rebuild", *where]) == 0
    assert "3 documents: 3 lines added" in capsys.readouterr().out
    assert main(["verify", *where]) == 0


def test_where_there_is_no_record_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["backup", str(tmp_path / "b")], ["verify"], ["rebuild"]):
        assert main([command[0], "--data", str(tmp_path / "nothing"), *command[1:]]) == 1
        assert "no record" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def noted(parts: Parts) -> audit.Entry:
    """The newest row of the trail, which a command wrote."""
    with parts.database.reading() as connection:
        (row,) = audit.entries(connection, 1)
        assert audit.faults(connection) == []
    assert row.user == "", "nobody is signed in at a machine"
    assert row.detail["account"] == pwd.getpwuid(os.getuid()).pw_name, "but the machine knows who it is"
    return row


def test_other_software_that_is_let_in_or_shut_out_stands_in_the_trail(
    where: list[str],
    parts: Parts,
    browser: Browser,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It signs as a person's device: enrolled or withdrawn, wherever it was done, whatever the environment says."""
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert main(["tool-grant", *where, "statistics", "--user", "zhao", "--write"]) == 0
    device = capsys.readouterr().out.split()[1]
    row = noted(parts)
    assert (row.what, row.about) == ("tool_let_in", device)
    said = {key: row.detail[key] for key in ("command", "name", "stands_for", "may")}
    assert said == {"command": "tool-grant", "name": "statistics", "stands_for": "zhao", "may": "write"}
    assert main(["tool-revoke", *where, device]) == 0
    row = noted(parts)
    assert (row.what, row.about, row.detail["command"]) == ("tool_shut_out", device, "tool-revoke")
    assert main(["tool-revoke", *where, device]) == 0
    assert noted(parts).n == row.n, "it was shut out already"
    browser.sign_in("yan")
    shown = browser.get("/centre/audit").text
    for words in ("let other software in", "shut other software out", "the operator, by a command on the machine"):
        assert words in shown


def test_evidence_that_leaves_by_command_stands_in_the_trail(
    where: list[str], parts: Parts, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["evidence", *where, case_id(1), "--why", "asked for by the court"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"{")
    row = noted(parts)
    assert (row.what, row.about) == ("evidence_made", case_id(1))
    assert (row.detail["command"], row.detail["why"]) == ("evidence", "asked for by the court")
    assert main(["evidence", *where, case_id(9)]) == 1
    assert noted(parts).n == row.n, "there is no such case, so nothing left"


def test_backups_returns_and_new_keys_stand_in_the_trail(
    where: list[str], parts: Parts, tmp_path: Path, engine: EngineOutside
) -> None:
    assert main(["backup", *where, str(tmp_path / "nightly")]) == 0
    row = noted(parts)
    assert (row.what, row.detail["command"], row.detail["folder"]) == ("backup_taken", "backup", "nightly")
    other = tmp_path / "other"
    assert main(["restore", "--data", str(other), str(tmp_path / "nightly")]) == 0
    database = Database.open(other / "record.sqlite3", 5)
    with database.reading() as connection:
        back, taken = audit.entries(connection, 2)
    database.close()
    assert [(each.what, each.detail["command"]) for each in (taken, back)] == [
        ("backup_taken", "backup"),
        ("record_restored", "restore"),
    ]
    assert main(["restored", *where]) == 0
    assert (noted(parts).what, noted(parts).detail["command"]) == ("record_restored", "restored")
    assert main(["keys", "rotate", *where]) == 0
    assert (noted(parts).what, noted(parts).detail["command"]) == ("key_changed", "keys rotate")


def test_a_carried_file_that_a_command_takes_in_names_the_command(
    where: list[str], parts: Parts, tmp_path: Path
) -> None:
    lin = Laptop(parts, "lin", "another")
    file = tmp_path / "outbox.carry"
    file.write_bytes(lin.outbox(lin.act(case_id(7), registered())))
    assert main(["import-carried", *where, str(file)]) == 0
    row = noted(parts)
    assert (row.what, row.detail["command"], row.detail["device"]) == ("carried_file", "import-carried", lin.device)


def test_every_command_that_changes_or_gives_out_is_noted_or_told_why_not() -> None:
    """A new command has to say here which it is."""
    noted_by_itself = {
        "tool-grant",
        "tool-revoke",
        "evidence",
        "backup",
        "restore",
        "restored",
        "keys",
        "import-carried",
    }
    noted_under_a_name = {"erase"}  # by the account that orders it
    in_the_registry = {"serve"}  # a changed address is a version of the directory
    without_people = {"demo", "demo-code"}  # a city of invented people
    changes_nothing = {
        "verify",
        "rebuild",
        "checkpoint",
        "tools",
        "policy-impact",
        "assess",
        "packs",
        "verify-evidence",
    }
    known = noted_by_itself | noted_under_a_name | in_the_registry | without_people | changes_nothing
    told = subprocess.run([sys.executable, "-m", "server.cli", "--help"], capture_output=True, text=True, check=True)
    assert set(re.findall(r"(?m)^    ([a-z][a-z-]*)(?:\s|$)", told.stdout)) == known
