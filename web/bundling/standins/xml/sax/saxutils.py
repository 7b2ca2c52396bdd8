"""What segno asks of `xml.sax.saxutils`: the original brings URL requests, HTTP and mail with it (60 KB)."""

from __future__ import annotations

from collections.abc import Mapping


def escape(data: str, entities: Mapping[str, str] = {}) -> str:
    """The text with &, < and > as entities, then further ones as given."""
    data = data.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")
    for text, entity in entities.items():
        data = data.replace(text, entity)
    return data


def quoteattr(data: str, entities: Mapping[str, str] = {}) -> str:
    """The text as a quoted attribute value."""
    data = escape(data, {**entities, "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
    if '"' not in data:
        return f'"{data}"'
    if "'" not in data:
        return f"'{data}'"
    return '"' + data.replace('"', "&quot;") + '"'
