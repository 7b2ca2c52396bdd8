"""By what an enterprise is known: its credit code, or its name as long as nobody has entered the code."""

from __future__ import annotations

import hashlib
import unicodedata

from py_core.visits.events import is_credit_code

_NAME_MARK = "n-"
_NAME_DIGITS = 16


def enterprise_key(name: str, code: str = "") -> str:
    """The credit code; without a good one a digest of the name however it is spaced, so that no address holds a name.

    "" when there is neither.
    """
    if is_credit_code(code):
        return code
    plain = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    if not plain:
        return ""
    return _NAME_MARK + hashlib.sha256(b"shouwen-enterprise-1" + plain.encode()).hexdigest()[:_NAME_DIGITS]


def code_in(key: str) -> str:
    """The credit code of a key; "" for one that rests on the name."""
    return "" if key.startswith(_NAME_MARK) else key
