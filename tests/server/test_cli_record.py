"""The commands about the record, as an administrator types them, on a record that a process serves meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import Browser
from laptop import Laptop, case_id, registered
from sqlalchemy import delete, update

from server.cli import main
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
