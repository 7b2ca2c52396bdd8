"""What `make screens` is asked for: help is only help, and a word that it does not know begins no run."""

from __future__ import annotations

import pytest

from e2e.screens import PARTS, asked_for


def test_help_is_shown_and_nothing_is_photographed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        asked_for(["--help"])
    assert end.value.code == 0
    assert "make screens" in capsys.readouterr().out


def test_names_and_parts_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PART", raising=False)
    monkeypatch.setenv("VIEW", "en dark")
    assert asked_for([]) == ((), list(PARTS))
    monkeypatch.setenv("PART", "steps papers")
    assert asked_for(["case", "do-"]) == (("case", "do-"), ["steps", "papers"])


@pytest.mark.parametrize(("variable", "word"), [("PART", "papers-"), ("VIEW", "english")])
def test_an_unknown_word_is_told(
    variable: str, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, word)
    with pytest.raises(SystemExit):
        asked_for([])
    assert f"{word} is none of" in capsys.readouterr().err
