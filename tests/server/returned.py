"""A record that is as an older backup would have it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.erased_list import ErasedList
from server.erasing import erase_due
from server.parts import Parts

Restore = Callable[[Path], Parts]


def erase_and_undo(parts: Parts, user: str = "he") -> None:
    """What is due is written into the list of erasures, and the record keeps it all the same."""
    add = ErasedList.add

    def added_and_undone(*given: Any) -> None:
        add(*given)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ErasedList, "add", added_and_undone)
        with pytest.raises(KeyboardInterrupt):
            erase_due(parts, user)
