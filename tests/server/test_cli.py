"""The command line says what it does, and what is wrong, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli import _progress, main, publish_address
from server.demo.data import directory_document
from server.outside import SystemClock, SystemEntropy
from server.parts import assemble
from server.settings import Settings


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for command in ("serve", "demo", "assess"):
        assert command in told


def test_the_last_line_of_progress_ends_before_the_next_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for done in range(1, 4):
        _progress(done, 3)
    assert capsys.readouterr().out.endswith("3 of 3 acts\n")


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


def test_receipts_lead_to_the_serving_address_until_another_is_published(tmp_path: Path) -> None:
    parts = assemble(Settings(tmp_path), SystemClock(), SystemEntropy())
    try:
        parts.city.publish(directory_document())
        for wished, own, expected in (
            (None, "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            (None, "http://127.0.0.1:8001", "http://127.0.0.1:8001"),
            ("https://city.example", "http://127.0.0.1:8001", "https://city.example"),
            (None, "http://127.0.0.1:8001", "https://city.example"),
        ):
            publish_address(parts.city, wished, own)
            assert parts.city.current().directory.public_url == expected
        version = parts.city.current().version
        publish_address(parts.city, None, "http://127.0.0.1:8001")
        assert parts.city.current().version == version, "nothing new is published when nothing changes"
    finally:
        parts.close()
