"""May it go on now? Pure functions over one small state; each gives OPEN or the first thing that is waited for.

The owner's gate lets an update be fetched, all gates together let it be installed. Whoever asks acts in the same turn:
what was open a tick ago says nothing. What nobody knows counts against it: a signal in doubt is hot, a clock that was
never set lies within the excluded hours. Takes numbers, gives numbers; words are in `told.py`.
"""

from trivet_wire.ids import A_LATER, A_NO, A_YES, TEST_FAILED, VALID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trivet_wire.catalogue import Catalogue

OPEN = 0
ASK = 1  # a feature waits for its owner's yes
LATER = 2  # its owner put it off
HOURS = 3  # its owner excluded this hour
CLOCK = 4  # its owner excluded hours, and what the time is nobody knows
CYCLE = 5
HOT = 6  # then locked and wet, in the order of the board's holds
LOCKED = 7
WET = 8
HAZARD = 9
UNKNOWN = 10  # no board, or no program: nobody looks at sensors
BENCH = 11  # a technician is at work, or the desk

HOLD_WIDTH = 4  # numbers of a hold: which, source, limit, steps per unit
ALL_HOURS = 0xFFFFFF
MOST_EXCLUDED = 20  # hours of 24: some must be left
NO_ANSWER = 255
_HOUR = 3600
_DAY = 24 * _HOUR


class State:
    """All that the gates look at. As it stands here, everything is shut."""

    def __init__(self) -> None:
        self.known = False  # a board and its program are alive
        self.cycle = True  # an operation cycle runs
        self.held = 0  # bit i: hold i (hot, locked, wet)
        self.hazard = True  # TEST_FAILED of a hazardous event
        self.bench = False  # a technician, let in, tested or changed something a moment ago; or the desk is connected
        self.wall_s = 0  # Unix time, 0: unknown
        self.hours = 0  # bit h: nothing installs in hour h of the owner's day
        self.east = 0  # minutes east of UTC, of that day
        self.security = False
        self.deadline = 0  # of a security release, Unix time; 0: none
        self.answer = NO_ANSWER  # ids.A_*
        self.until = 0  # Unix time, 0: for ever


def overdue(state: State) -> bool:
    """Whether a security release's deadline has passed: from then on no putting off counts."""
    return state.security and 0 < state.deadline <= state.wall_s


def owner(state: State) -> int:
    """The owner's gate. A feature needs a yes that still holds; a security release needs that nobody put it off. A no
    to a feature is no matter of waiting: the machine drops it."""
    holds = not state.until or not state.wall_s or state.wall_s < state.until
    if state.security:
        put_off = (state.answer == A_LATER or state.answer == A_NO) and holds
        return LATER if put_off and not overdue(state) else OPEN
    if state.answer == A_LATER and holds:
        return LATER
    return OPEN if state.answer == A_YES and holds else ASK


def hours(state: State) -> int:
    """Whether the owner excluded this hour."""
    if not state.hours:
        return OPEN
    if not state.wall_s:
        return CLOCK
    return HOURS if state.hours >> hour(state.wall_s, state.east) & 1 else OPEN


def hour(wall_s: int, east: int) -> int:
    """The hour of the owner's day, 0 to 23."""
    return (wall_s % _DAY + east * 60) % _DAY // _HOUR


def rest(state: State) -> int:
    """The appliance's own gate: it does nothing that a restart would harm, and nothing about it is in doubt."""
    if not state.known:
        return UNKNOWN
    if state.cycle:
        return CYCLE
    for i in range(HAZARD - HOT):
        if state.held >> i & 1:
            return HOT + i
    if state.hazard:
        return HAZARD
    return BENCH if state.bench else OPEN


def download(state: State) -> int:
    """May payloads be fetched? Outside a cycle: it costs heap and flash that a cycle may need."""
    return owner(state) or (CYCLE if state.cycle and state.known else OPEN)


def install(state: State) -> int:
    """May it be committed, and the appliance restart into it, in this very turn?"""
    return owner(state) or hours(state) or rest(state)


def allowed(mask: int) -> bool:
    """Whether a set of excluded hours leaves enough of the day."""
    count = 0
    for at in range(24):
        count += mask >> at & 1
    return 0 <= mask <= ALL_HOURS and count <= MOST_EXCLUDED


def held(holds: "Sequence[int]", values: "Sequence[int]", validity: bytearray) -> int:
    """Mask of the holds (`Board.holds`) whose signal is above its limit, or is not valid."""
    mask = 0
    for at in range(0, len(holds), HOLD_WIDTH):
        source = holds[at + 1]
        if validity[source] != VALID or values[source] > holds[at + 2]:
            mask |= 1 << holds[at]
    return mask


def hazard(status: bytearray, catalogue: "Catalogue") -> bool:
    """Whether a hazardous event's test fails now."""
    for event in range(len(status)):
        if status[event] & TEST_FAILED and catalogue.hazard(event):
            return True
    return False
