"""The command line says what it does, and what is wrong, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli import main


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for command in ("serve", "demo", "assess"):
        assert command in told


def test_no_or_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["dance"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_data_folder_that_is_a_file_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert main(["serve", "--data", str(tmp_path / "file")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("shouwen: ")
    assert told.count("\n") == 1
