"""Checks of what a person types about somebody: phone, ID number, credit code.

Owns form and check digits only; whether a field is needed is the page's business.
"""

from __future__ import annotations

import re
from datetime import date

from py_core.views.language import N_

_MOBILE = re.compile(r"1[3-9]\d{9}")
_ABROAD = re.compile(r"\+(?!86)\d{7,15}")
_FIXED = re.compile(r"(0\d{2,3})?[2-9]\d{6,7}(-\d{1,6})?|400\d{7}|1\d{4}|12345")

PHONE_FAULT = N_("Enter a mobile number of 11 digits or a fixed line with its area code, such as 0510-86860000.")
ID_FAULT = N_("This is not a resident ID number: it has 18 characters, the last may be X.")
ID_CHECK_FAULT = N_("The check digit of this ID number does not fit. Compare it with the card.")
CREDIT_FAULT = N_("This is not a unified social credit code: it has 18 digits and capital letters.")
CREDIT_CHECK_FAULT = N_("The check character of this credit code does not fit. Compare it with the licence.")


def tidy(text: str) -> str:
    """Trims, and turns full-width digits, letters and hyphens (as a Chinese keyboard types them) into plain ones."""
    wide = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    return text.translate(wide | {0x3000: 0x20, 0x2014: 0x2D, 0x2013: 0x2D}).strip()


def read_phone(typed: str) -> tuple[str, str]:
    """The phone number without spaces, and the message id of its fault ("" when it is good)."""
    # \u8f6c is what people write between a number and its extension.
    text = re.sub(r"[\s()]", "", tidy(typed)).replace("\u8f6c", "-")
    if _ABROAD.fullmatch(text.replace("-", "")):
        return text.replace("-", ""), ""
    plain = re.sub(r"^(\+86|0086)-?", "", text)
    if _MOBILE.fullmatch(plain.replace("-", "")):
        return plain.replace("-", ""), ""
    area = re.fullmatch(r"(0\d{2,3})-(.+)", plain)
    if _FIXED.fullmatch(area.group(1) + area.group(2) if area else plain):
        return plain, ""
    return typed.strip(), PHONE_FAULT


def read_identity(typed: str, claimant: str) -> tuple[str, str]:
    """The compact ID number (person) or credit code (anybody else), and the message id of its fault."""
    from stdnum.cn import ric, uscc  # here: a device must start without waiting for them
    from stdnum.exceptions import InvalidChecksum, ValidationError

    text = tidy(typed)
    number, check_fault, form_fault = (
        (ric, ID_CHECK_FAULT, ID_FAULT) if claimant == "person" else (uscc, CREDIT_CHECK_FAULT, CREDIT_FAULT)
    )
    try:
        return number.validate(text), ""
    except InvalidChecksum:
        return typed.strip(), check_fault
    except ValidationError:
        return typed.strip(), form_fault


def birth_and_sex(identity: str) -> tuple[date, str] | None:
    """Date of birth and "female" or "male" as a resident ID number says; None for anything else. Never to be stored."""
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    try:
        number = ric.validate(identity)
    except ValidationError:
        return None
    return ric.get_birth_date(number), "male" if int(number[16]) % 2 else "female"
