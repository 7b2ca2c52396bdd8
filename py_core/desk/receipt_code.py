"""The short code on a receipt with which its holder sees the case's public state.

The code is the first 40 bits of SHA-256("shouwen-check-1" ‖ case id (16 bytes) ‖ number), in Crockford's base 32
in two groups of four. Case ids are random and never printed, so a number alone does not open a case.
"""

from __future__ import annotations

import hashlib
import hmac

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS = 40


def check_code(case_id: str, number: str) -> str:
    """The check code of a case's number.

    >>> check_code("00" * 16, "K7Q-1")
    'J6KR-FJMN'
    """
    digest = hashlib.sha256(b"shouwen-check-1" + bytes.fromhex(case_id) + number.encode()).digest()
    value = int.from_bytes(digest[: _BITS // 8], "big")
    letters = "".join(_ALPHABET[value >> shift & 31] for shift in range(_BITS - 5, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"


def fits(case_id: str, number: str, typed: str) -> bool:
    """Whether a typed code is the case's; letters that look alike count as one (O is 0, I and L are 1)."""
    plain = typed.upper().translate(str.maketrans("OIL", "011", " -"))
    return hmac.compare_digest(plain.encode(), check_code(case_id, number).replace("-", "").encode())
