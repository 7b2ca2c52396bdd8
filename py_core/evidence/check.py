"""Checks an evidence file: what in it is proven, by whose signature, and what is not. Without record or network.

The host brings `verifies` (signatures) and the checkpoints that it trusts. Raises `Malformed` for a file that has not
the agreed form; everything else is a finding. Must believe nothing in the file that no signature or hash covers.
"""

from __future__ import annotations

from collections.abc import Sequence

from py_core.evidence.check_acts import check_acts, check_erasure
from py_core.evidence.check_law import check_law
from py_core.evidence.check_left_out import check_left_out
from py_core.evidence.check_record import check_checkpoint, check_keys, check_known_keys, check_seal, check_trusted
from py_core.evidence.check_registry import check_actors, check_enrolments, check_registry, check_texts
from py_core.evidence.check_times import check_times
from py_core.evidence.findings import Findings
from py_core.evidence.ground import Ground, Verifies
from py_core.evidence.lines import EvidenceFile


class EvidenceCheck:
    """One check of one file."""

    def __init__(
        self, file: EvidenceFile, verifies: Verifies, trusted: Sequence[str] = (), known_keys: Sequence[bytes] = ()
    ) -> None:
        self._ground = Ground(file, verifies)
        self._trusted = trusted
        self._known_keys = known_keys

    def run(self) -> Findings:
        """Every finding; a file with one that is `wrong` must not be believed."""
        ground = self._ground
        check_keys(ground)
        check_known_keys(ground, self._known_keys)
        check_seal(ground)
        check_checkpoint(ground)
        check_trusted(ground, self._trusted)
        check_registry(ground)
        check_enrolments(ground)
        check_texts(ground)
        check_actors(ground)
        check_acts(ground)
        check_erasure(ground)
        check_left_out(ground)
        check_times(ground)
        check_law(ground)
        return ground.findings
