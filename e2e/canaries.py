"""Canary words for every form: what is typed into each of its fields, and how files are searched for them afterwards.

The days of `working_days` type them in memory (`tests/core/test_canaries.py` finds the field that no step reaches) and
on real devices, whose profiles are searched after the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

CANARY = "金丝雀七四二九"
PHONE, RESIDENT, CREDIT = "13974290742", "360426199101017425", "91320281MA7429074H"
NEEDLES = (CANARY, PHONE, RESIDENT, CREDIT)
# Names that something else has to know again (a firm's, a unit's) stay as a day types them.
KNOWN_NAMES = frozenset({("register", "claimant_name"), ("visit.plan", "enterprise")})
# Named here, the case would leave everybody's devices; the code of another firm would make another firm of it.
LEFT_EMPTY = frozenset({("register", "against"), ("visit.plan", "code")})

# What no day types: `test_canary` does, form by form.
BESIDE = frozenset({
    ("confirm_deemed_consent", "consequences"), ("confirm_deemed_consent", "note"), ("decline_proposal", "reason"),
    ("open_accountability", "about"), ("record_veto", "cause"), ("record_veto", "decision_ref"),
    ("withdraw_veto", "reason"), ("refuse_assist", "note"), ("reveal_field", "words"), ("see_due_change", "note"),
    ("register", "against"), ("visit.plan", "code"), ("visit.plan", "enterprise"), ("visit.sign", "unsigned_reason"),
    ("visit.see_phone", "words"), ("cases", "q"),
    *(("notify_correction", name) for name in ("basis", "scope", "conditions", "needed", "procedure", "fee")),
})  # fmt: skip

# The fields of the page's forms that take words: name, what stands there, whether another choice must show them first.
# `html_forms.words_of` finds the same in memory.
WORDS = """() => {
  for (const more of document.querySelectorAll('main form details')) more.open = true;
  const optional = document.querySelector('#optional');
  if (optional && !optional.checked) optional.click();
  const words = 'main form :is(textarea, input:not([type]), input:is([type=text], [type=search], [type=tel]))';
  return [...document.querySelectorAll(words)].filter(field => field.name && field.inputMode !== 'numeric')
    .map(field => [field.name, field.value, field.closest('[class*=sw-only-], .sw-choice__more') !== null]);
}"""

Words = Iterable[tuple[str, str, bool]]
"""As `WORDS` finds them."""


def with_canaries(do: str, words: Words, typed: Mapping[str, str]) -> dict[str, str]:
    """What is typed into a form: a canary in every field that takes words and is shown, the given words behind it."""
    person = typed.get("claimant", "person") == "person"
    filled = dict(typed)
    for name, stands, sometimes in words:
        given = typed.get(name) or stands
        known = (do, name) in KNOWN_NAMES and not (name == "claimant_name" and person)
        if (do, name) in LEFT_EMPTY or (known and given) or (stands and name in ("claimant_name", "claimant_id")):
            continue
        if sometimes and name not in typed:
            continue
        own_form = {
            "claimant_phone": PHONE, "phone": PHONE, "complainer_phone": PHONE, "code": CREDIT, "claimant_id": RESIDENT if person else CREDIT,
            "steps": f"{given}\n{CANARY}，3".strip(),
            "complainer_name": f"王{CANARY}",  # no words of the complaint may say the same name
        }  # fmt: skip
        filled[name] = own_form.get(name) or CANARY + given
    return filled


def has_canary(text: str) -> bool:
    """Whether what was typed into a field will be looked for."""
    return any(needle in text for needle in NEEDLES)


def spellings(text: str) -> list[bytes]:
    """A text as files may hold it: in both encodings of browsers, and as addresses spell it."""
    return [text.encode("utf-8"), text.encode("utf-16-le"), text.encode("utf-16-be"), quote(text).encode()]


def files_with(folder: Path, *texts: str) -> list[tuple[Path, str]]:
    """The files in which one of the texts stands readable, with that text."""
    looked_for = [(text, spelling) for text in texts for spelling in spellings(text)]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            found += [(path, text) for text, spelling in looked_for if spelling in held]
    return found
