"""The browser's stand-ins for corners of the standard library say what the originals say."""

from __future__ import annotations

import importlib.util
import pydoc
from pathlib import Path
from types import ModuleType
from xml.sax import saxutils

from hypothesis import given
from hypothesis import strategies as st

_FOLDER = Path(__file__).parents[2] / "web/bundling/standins"
_MARKUP = st.text(alphabet=st.sampled_from("a<>&\"'\n\r\t 路"))


def standin(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("standin", _FOLDER / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_SAXUTILS, _PYDOC = standin("xml/sax/saxutils.py"), standin("pydoc.py")


@given(_MARKUP)
def test_markup_is_escaped_and_quoted_alike(text: str) -> None:
    assert _SAXUTILS.escape(text) == saxutils.escape(text)
    assert _SAXUTILS.escape(text, {"a": "&a;"}) == saxutils.escape(text, {"a": "&a;"})
    assert _SAXUTILS.quoteattr(text) == saxutils.quoteattr(text)
    assert _SAXUTILS.quoteattr(text, {"路": "&lu;"}) == saxutils.quoteattr(text, {"路": "&lu;"})


@given(st.text(alphabet=st.sampled_from("ab \n")))
def test_docstrings_are_split_alike(text: str) -> None:
    assert _PYDOC.splitdoc(text) == pydoc.splitdoc(text)


def test_docstrings_are_found_alike() -> None:
    for thing in (pydoc, saxutils, standin, importlib.util, dict.fromkeys):
        assert _PYDOC.getdoc(thing) == pydoc.getdoc(thing) or not thing.__doc__
