"""What every event is told once: debounce parameters of its monitor (board) and thresholds of its code (catalogue).

Takes numbers from `board.cbor` and the packed catalogue at start, gives parallel arrays that the tick reads without
allocating. Refuses values with which the scaled arithmetic would leave +-2^30. Never changes after start, knows no
file format.
"""

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trivet_wire.catalogue import Catalogue

# Debounce kinds.
COUNTER = 0
TIME = 1

# What a false enable condition (or NOT_RUN) does to a running debounce.
FREEZE = 0
RESET = 1

NO_JUMP = -32768  # `jump_up` / `jump_down` for "no jump"
MAX_COUNT = 32767
MAX_MS = 8_000_000  # FDC scales by 128: 128 * 8e6 < 2^30

MAX_EVENTS = 240  # an event index and "none" (255) share a byte
MAX_CYCLES = 8
DEBOUNCE_WIDTH = 10  # numbers an event in a board's packed debounce table


class EventConfig:
    """Parallel arrays over event indices. Defaults: counter debounce 1 / -1, confirm at once, never heal nor age."""

    def __init__(self, events: int) -> None:
        if not 0 < events <= MAX_EVENTS:
            raise ValueError("1 to 240 events")
        self.events = events
        self.kind = bytearray(events)
        self.on_disable = bytearray(events)
        self.trigger = bytearray(b"\x01" * events)  # ids.TRIGGER_*: when a freeze frame is taken; test failed
        self.fdc_trigger = bytearray(b"\x40" * events)  # FDC (1..126) that takes it for ids.TRIGGER_FDC
        self.t_fail = array("i", [1] * events)  # counts, or ms for TIME
        self.t_pass = array("i", [-1] * events)  # counts below zero, or ms (above zero) for TIME
        self.inc = array("h", [1] * events)
        self.dec = array("h", [1] * events)
        self.jump_up = array("h", [NO_JUMP] * events)
        self.jump_down = array("h", [NO_JUMP] * events)
        self.confirm = bytearray(b"\x01" * events)  # failed cycles until confirmed
        self.heal = bytearray(events)  # passed cycles until the warning goes; 0 never
        self.age = bytearray(events)  # passed cycles until the entry goes; 0 never
        self.priority = bytearray(b"\xff" * events)  # lower number = higher priority
        self.immediate = bytearray(events)
        self.warning = bytearray(events)
        self.cycle = bytearray(events)
        self.storage = bytearray(events)  # bits of the storage conditions without which no entry is written
        self.freeze = array("i", [0] * events)  # signal bit mask, signals 0..29

    def debounce(
        self,
        event: int,
        kind: int,
        t_fail: int,
        t_pass: int,
        inc: int = 1,
        dec: int = 1,
        jump_up: int = NO_JUMP,
        jump_down: int = NO_JUMP,
        on_disable: int = FREEZE,
    ) -> None:
        """COUNTER: `t_fail` > 0 > `t_pass`, steps 1.., jump values within the thresholds. TIME: both in ms, >= 0."""
        if kind == COUNTER:
            if not (0 < t_fail <= MAX_COUNT and -MAX_COUNT <= t_pass < 0):
                raise ValueError("event %d: counter debounce needs t_fail > 0 > t_pass" % event)
            if not (0 < inc <= MAX_COUNT and 0 < dec <= MAX_COUNT):
                raise ValueError("event %d: inc and dec must be 1 to 32767" % event)
            for jump in (jump_up, jump_down):
                if jump != NO_JUMP and not t_pass <= jump <= t_fail:
                    raise ValueError("event %d: a jump value must lie within the thresholds" % event)
        elif kind == TIME:
            if not (0 <= t_fail <= MAX_MS and 0 <= t_pass <= MAX_MS):
                raise ValueError("event %d: time debounce takes 0 to 8,000,000 ms" % event)
        else:
            raise ValueError("event %d: unknown debounce kind" % event)
        if on_disable not in (FREEZE, RESET):
            raise ValueError("event %d: on_disable is FREEZE or RESET" % event)
        self.kind[event] = kind
        self.t_fail[event] = t_fail
        self.t_pass[event] = t_pass
        self.inc[event] = inc
        self.dec[event] = dec
        self.jump_up[event] = jump_up
        self.jump_down[event] = jump_down
        self.on_disable[event] = on_disable

    def code(
        self,
        event: int,
        confirm: int = 1,
        heal: int = 0,
        age: int = 0,
        priority: int = 255,
        freeze: int = 0,
        immediate: bool = False,
        warning: bool = False,
        cycle: int = 0,
    ) -> None:
        """Thresholds in operation cycles: `confirm` 1..255, `heal` and `age` 0 (never) ..255; `freeze` a 30-bit
        signal mask."""
        if not (1 <= confirm <= 255 and 0 <= heal <= 255 and 0 <= age <= 255 and 0 <= priority <= 255):
            raise ValueError("event %d: thresholds and priority fit a byte, confirm at least 1" % event)
        if not 0 <= freeze < 1 << 30:
            raise ValueError("event %d: freeze names signals 0 to 29" % event)
        if not 0 <= cycle < MAX_CYCLES:
            raise ValueError("event %d: cycle 0 to 7" % event)
        self.confirm[event] = confirm
        self.heal[event] = heal
        self.age[event] = age
        self.priority[event] = priority
        self.freeze[event] = freeze
        self.immediate[event] = 1 if immediate else 0
        self.warning[event] = 1 if warning else 0
        self.cycle[event] = cycle

    def frames(self, event: int, trigger: int, fdc: int = 64) -> None:
        """Take this event's freeze frame at `trigger` (ids.TRIGGER_*); `fdc` 1..126 counts for TRIGGER_FDC."""
        if not (0 <= trigger <= 3 and 1 <= fdc <= 126):
            raise ValueError("event %d: trigger 0 to 3, fdc 1 to 126" % event)
        self.trigger[event] = trigger
        self.fdc_trigger[event] = fdc

    def fill(self, catalogue: "Catalogue", debounce: "Sequence[int]", signals: int) -> None:
        """All events at once: from the packed catalogue, and `DEBOUNCE_WIDTH` numbers an event in the order of
        `debounce()` and then of `frames()`. `signals` is how many the board has."""
        if catalogue.events != self.events or len(debounce) != self.events * DEBOUNCE_WIDTH:
            raise ValueError("board and catalogue differ in their number of events")
        for event in range(self.events):
            at = event * DEBOUNCE_WIDTH
            self.debounce(event, *debounce[at : at + 8])
            self.frames(event, debounce[at + 8], debounce[at + 9])
            freeze = 0
            for signal in range(min(signals, 32)):
                if catalogue.freezes(event, signal):
                    freeze |= 1 << signal
            self.code(
                event,
                max(1, catalogue.confirm(event)),
                catalogue.heal(event),
                catalogue.aging(event),
                catalogue.priority(event),
                freeze,
                catalogue.immediate(event),
                catalogue.warning(event),
                catalogue.cycle(event),
            )

    def frozen(self) -> int:
        """The signals that any freeze frame names, as a mask for `History`."""
        mask = 0
        for event in range(self.events):
            mask |= self.freeze[event]
        return mask
