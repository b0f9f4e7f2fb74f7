"""How an update goes, as one literal table: state, what happens, next state, what is done on the way. The machine knows
no other way, and the drawing in this room's guide is made from it. Takes a state and an event, gives the row's answer;
what is not in the table does not happen.
"""

from trivet_wire.ids import (
    U_CONFIRMED,
    U_DOWNLOADING,
    U_IDLE,
    U_OFFERED,
    U_REFUSED,
    U_ROLLED_BACK,
    U_STAGED,
    U_TRIAL,
    U_VERIFIED,
)

# What happens.
OFFER = 0
JUDGED = 1
ALLOWED = 2
REFUSE = 3
DECLINE = 4
COMPLETE = 5
QUIET = 6
STARTED = 7
UNSTARTED = 8
SOUND = 9
FAILED = 10
BACK = 11
KEYS = 12
CUT = 13
EVENTS = (
    "it is offered",
    "its envelope is believed",
    "its owner's gate is open",
    "something about it is refused",
    "its owner or its vendor takes it back",
    "all of it is in flash and read back",
    "every gate is open at this moment",
    "the start chose it",
    "the start did not choose it",
    "its trial is passed",
    "its trial is failed",
    "the old version runs again",
    "the next keys are believed",
    "it was cut short by a restart that was no crash",
)

# What is done with it.
KEEP = 0
NOTE = 1
BEGIN = 2
DROP = 3
COMMIT = 4
WATCH = 5
AGAIN = 6
CONFIRM = 7
TURN_BACK = 8
SETTLE = 9
TAKE = 10
ACTIONS = (
    "keep the offer, fetch the envelope",
    "note what it says",
    "begin to fill the other slots",
    "drop what was fetched",
    "slot record, boot slot, restart",
    "watch it",
    "wait for the gates again",
    "mark valid, slot record, sequence",
    "say so in the slot record; restart when no cycle runs",
    "say why it went back",
    "put the new keys in place of the old ones",
)

# fmt: off
TABLE = bytes((
    # state        event      next state     what is done
    U_IDLE,        OFFER,     U_OFFERED,     KEEP,
    U_OFFERED,     OFFER,     U_OFFERED,     KEEP,
    U_OFFERED,     JUDGED,    U_OFFERED,     NOTE,
    U_OFFERED,     ALLOWED,   U_DOWNLOADING, BEGIN,
    U_OFFERED,     REFUSE,    U_REFUSED,     DROP,
    U_OFFERED,     DECLINE,   U_REFUSED,     DROP,
    U_OFFERED,     KEYS,      U_CONFIRMED,   TAKE,
    U_DOWNLOADING, OFFER,     U_OFFERED,     KEEP,
    U_DOWNLOADING, COMPLETE,  U_VERIFIED,    NOTE,
    U_DOWNLOADING, REFUSE,    U_REFUSED,     DROP,
    U_DOWNLOADING, DECLINE,   U_REFUSED,     DROP,
    U_VERIFIED,    OFFER,     U_OFFERED,     KEEP,
    U_VERIFIED,    QUIET,     U_STAGED,      COMMIT,
    U_VERIFIED,    REFUSE,    U_REFUSED,     DROP,
    U_VERIFIED,    DECLINE,   U_REFUSED,     DROP,
    U_STAGED,      STARTED,   U_TRIAL,       WATCH,
    U_STAGED,      UNSTARTED, U_VERIFIED,    AGAIN,
    U_STAGED,      BACK,      U_ROLLED_BACK, SETTLE,
    U_STAGED,      CUT,       U_VERIFIED,    AGAIN,
    U_TRIAL,       SOUND,     U_CONFIRMED,   CONFIRM,
    U_TRIAL,       FAILED,    U_TRIAL,       TURN_BACK,
    U_TRIAL,       BACK,      U_ROLLED_BACK, SETTLE,
    U_TRIAL,       CUT,       U_VERIFIED,    AGAIN,
    U_CONFIRMED,   OFFER,     U_OFFERED,     KEEP,
    U_ROLLED_BACK, OFFER,     U_OFFERED,     KEEP,
    U_REFUSED,     OFFER,     U_OFFERED,     KEEP,
))
# fmt: on


def step(state: int, event: int) -> "tuple[int, int]":
    """(next state, what is done), or (-1, -1) where nothing comes of it."""
    for at in range(0, len(TABLE), 4):
        if TABLE[at] == state and TABLE[at + 1] == event:
            return TABLE[at + 2], TABLE[at + 3]
    return -1, -1
