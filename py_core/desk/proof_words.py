"""What is proven of one act here and now, in words a clerk understands; at the centre and on a device without network.

A device knows three things: what it signed itself, the record's receipts for that, and the signed head of the log that
it saw last and demands to be continued. Of other people's acts it has the record's word. The centre has the log and
its signed checkpoints.
"""

from __future__ import annotations

from py_core.cases.acts import RecordedAct
from py_core.desk.time_words import SERVER
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_

SIGNED = N_("this device’s signature; the city record has not signed for it yet")
NOTHING = N_("nothing yet: the city record has not signed for it")
RECEIPTED = N_(
    "the city record’s receipt: it took it as no. %(n)d; its place in the log will be checked at the next contact"
)
BOUND = N_(
    "the city record’s receipt (no. %(n)d) and the log of %(size)d acts that it signed on %(at)s: if anything in that log is changed or taken out, this device notices at its next contact"
)
TOLD = N_(
    "the city record’s word that it is no. %(n)d of its log; who signed it is proven by the evidence file of the case"
)
COVERED = N_(
    "no. %(n)d of the log, covered by the checkpoint of %(size)d acts that the record signed on %(at)s: whoever keeps that checkpoint can show every later change"
)
UNCOVERED = N_("no. %(n)d of the log; the next signed checkpoint, within an hour, will cover it")
AT_THE_RECORD = N_("who did it on the record’s own page is only the record’s word")


def proven_up_to(turn: Turn, recorded: RecordedAct) -> str:
    """What stands behind an act if somebody doubts it, as far as it can be said from here."""
    sentence = turn.say(_sentence(turn, recorded), **_figures(turn, recorded))
    if recorded.act.device != SERVER:
        return sentence
    return turn.say(N_("; ")).join((sentence, turn.say(AT_THE_RECORD)))


def _sentence(turn: Turn, recorded: RecordedAct) -> str:
    is_own = recorded.act.device == turn.identity.device
    on_device = turn.surroundings.where == "device"
    if recorded.log_index is None:
        return SIGNED if is_own and on_device else NOTHING
    seen = turn.sync_status.log
    is_covered = seen is not None and recorded.log_index < seen.size
    if not on_device:
        return COVERED if is_covered else UNCOVERED
    if not is_own:
        return TOLD
    return BOUND if is_covered else RECEIPTED


def _figures(turn: Turn, recorded: RecordedAct) -> dict[str, object]:
    seen = turn.sync_status.log
    return {
        "n": recorded.log_index,
        "size": seen.size if seen else 0,
        "at": language.moment_text(turn.lang, seen.at) if seen else "",
    }
