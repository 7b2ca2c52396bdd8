"""The regulations as data (TOML), validated on load."""

from py_core.packs.load import load_packs, read_common, read_pack
from py_core.packs.model import Common, Limit, Matter, Pack, Packs, UnknownName, UnknownVersion

__all__ = [
    "Common", "Limit", "Matter", "Pack", "Packs", "UnknownName", "UnknownVersion", "load_packs", "read_common", "read_pack",
]  # fmt: skip
