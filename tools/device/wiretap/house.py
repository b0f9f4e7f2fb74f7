"""One house with a real appliance in it, driven by named steps: `do(step, *numbers)`. The same steps give the same
bytes.

Takes the firmware's rooms as they are and composes them as the product does, over a flash that can be cut at any
operation and a line that is tapped. Raises `Broken` where something is against the law; judging is the judge's.
"""

from typing import Any

from powercut.flash import StrictFlash
from trivet_wire import ids

from .judge import House as Facts
from .judge import Judge
from .line import DOWN, STALLED, UP, Cloud, Line
from .ports import SECTORS, Broken, Cut, Flash, Ports, Supply, board

from appliance.app import Appliance  # isort: skip - after `ports`, which gives it what only MicroPython has
from appliance.sim.words import obey  # isort: skip
from appliance.start import start  # isort: skip
from appliance.store.journal import Journal, JournalFull  # isort: skip
from appliance.store.records import CONSENT, LEARNED, REPORTED, SPOOL, SPOOL_HEAD  # isort: skip
from appliance.store.ring import HEAD as RECORD_HEAD  # isort: skip

TICK_MS = 500
TURN_MS = 125
FAULTS = 5  # inputs that say that something is broken
_LATE_MS = 900_000  # until the next heartbeat
_TOLD = ids.TEST_FAILED | ids.PENDING | ids.CONFIRMED | ids.WARNING_INDICATOR
_SETTLE = 240  # ticks
_FILLER = 60_000  # keys of records that only take room
_FILLERS = 100
_YEARS = (0, 1, 946_684_800, 1_800_000_000, 4_102_444_800, 0xFFFFFFFF)


class House:
    """Empty flash, power on, line up."""

    def __init__(self) -> None:
        made = board()[0]
        device = "0123456789abcdef"
        signals = [signal.purpose for signal in made.signals]
        self.judge = Judge(Facts(device, bytes(range(32)), 3, [code.purpose for code in made.codes], signals))
        self.supply = Supply()
        self.flash, self.ledger = Flash(SECTORS, self.supply), Flash(SECTORS, self.supply)
        self.mode = UP
        self.cloud = Cloud(self.judge)
        self.line = Line(self.cloud, lambda: self.mode)
        self.retained = bytearray(4)
        self.files: dict[str, bytes] = {}
        self.uptime = self.wall = 0
        self.program = 0
        self.bad = [0] * FAULTS
        self.crash = False
        self.starts = self.cuts = self.steps = 0
        self.displaced = self.full = False
        self.before: tuple[int, bool] | None = None  # a decision under way
        self.resetting = False  # a factory reset is
        self.appliance: Appliance
        self._start(ids.RESET_POWER_ON)

    # -- what the appliance sees --

    def sense(self, raw: Any) -> None:
        tick = self.judge.tick()
        raw[0] = raw[1] = raw[2] = raw[3] = tick
        raw[4] = self.program
        for fault in range(FAULTS):
            raw[5 + fault] = self.bad[fault]
            if self.bad[fault] and not self._was_bad[fault]:
                self.judge.came(fault)
        self._was_bad = list(self.bad)
        if self.program and not self._was_on:
            self.judge.began()
        self._was_on = bool(self.program)

    def maker(self) -> Any:
        house = self

        class Application:
            def __init__(self, board: Any) -> None: ...

            def tick(self, *_: Any) -> None:
                if house.crash:
                    house.crash = False
                    house.judge.came(FAULTS)
                    raise ValueError("the maker's program")

        return Application

    def _start(self, cause: int) -> None:
        """Power comes, and may go again while it starts."""
        self.starts += 1
        self.uptime = 0
        self._was_bad, self._was_on = [0] * FAULTS, False
        self.line.closed()
        if cause in {ids.RESET_POWER_ON, ids.RESET_BROWN_OUT}:
            self.retained[:] = bytes(4)
        self.flash.refusals = self.ledger.refusals = 0
        appliance = start(Ports(self, cause), self.maker)  # type: ignore[arg-type]
        if not isinstance(appliance, Appliance):
            raise Broken("the appliance is mute although its flash works")
        self.appliance = appliance
        self._reconcile()

    def _reconcile(self) -> None:
        """A decision that the power cut is there whole or not at all."""
        consent, judge = self.appliance.consent, self.judge
        if self.before is not None and consent.seq == judge.now + 1:
            judge.decided(*self.before)
        self.before = None
        if self.resetting and self.appliance.journal.length(REPORTED, 0) < 0:
            for purpose in range(ids.SERVICE, ids.OFFERS):
                if judge.masks[-1] >> purpose & 1:
                    judge.decided(purpose, False)
            while judge.now < consent.seq:  # the last is always said, once more where a cut came after it
                judge.decided(ids.OFFERS, False)
            self.cloud.told.clear()  # the ownership ended there too
        self.resetting = False
        if (consent.seq, consent.mask) != (judge.now, judge.masks[-1]):
            raise Broken(f"after a start decision {consent.seq} mask {consent.mask}, not {judge.now} {judge.masks[-1]}")

    # -- steps --

    def do(self, step: str, *numbers: int) -> None:
        """One step; the power may go in it, and then it comes again."""
        self.steps += 1
        try:
            try:
                getattr(self, "_do_" + step)(*numbers)
            except SystemExit:  # the appliance restarts itself
                self._start(ids.RESET_SOFT)
        except Cut:
            self._power_again()
        self.check()

    def _power_again(self) -> None:
        self.cuts += 1
        while True:
            self.flash.fuse, self.ledger.fuse, self.supply.dead = None, None, False
            try:
                self._start(ids.RESET_POWER_ON)
                return
            except Cut:
                self.cuts += 1

    def check(self) -> None:
        self.displaced |= self.appliance.spool.displaced > 0
        found = [one for several in self.judge.findings.values() for one in several]
        if found:
            raise Broken(found[0])

    def _do_decide(self, purpose: int, granted: int) -> None:
        self.before = (purpose, bool(granted))
        seq = self.appliance.consent.seq
        words = f"consent {ids.PURPOSE_NAMES[purpose]} {'yes' if granted else 'no'} de 00c0ffee"
        refusing = self.flash.refusals or self.full
        try:
            obey(self.appliance, words, self.appliance.ports.teller)
        except Broken:
            if not granted or not refusing:
                raise
        self.before = None
        if self.appliance.consent.seq == seq + 1:
            self.judge.decided(purpose, bool(granted))
        elif not granted:
            raise Broken("a withdrawal did not take effect")
        if not granted:
            self.emptied()

    def emptied(self) -> None:
        """Nothing waits that may not, in the queue and, where the flash takes it, among the journal's live records."""
        appliance = self.appliance
        journals = [appliance.journal]
        if not appliance.consent.unkept:
            copy = StrictFlash(SECTORS, image=bytes(self.flash.image))
            journals.append(Journal(copy))
            journals[1].mount()
        buf = bytearray(1024)
        for at, journal in enumerate(journals):
            spool = appliance.spool
            for slot in range(len(spool._kinds)) if at == 0 else ():
                if spool._kinds[slot] < 254:
                    self._may_wait(buf[: journal.get(SPOOL, slot, buf)])
            key = journal.next_key(SPOOL) if at else -1
            while key >= 0:
                self._may_wait(buf[: journal.get(SPOOL, key, buf)])
                key = journal.next_key(SPOOL, key)

    def _may_wait(self, record: bytearray) -> None:
        wrong = self.judge.queued(bytes(record[SPOOL_HEAD:]))
        if wrong:
            raise Broken(wrong)

    def _do_fault(self, fault: int, on: int) -> None:
        self.bad[fault] = on

    def _do_program(self, on: int) -> None:
        self.program = on

    def _do_crash(self) -> None:
        self.crash = True

    def _do_run(self, ticks: int) -> None:
        end = self.uptime + ticks * TICK_MS
        while self.uptime < end:
            self.uptime += TURN_MS
            self.appliance.run(self.uptime)

    def _do_late(self) -> None:
        """A long time at once."""
        self.uptime += _LATE_MS
        self._do_run(2)

    def _do_turn(self) -> None:
        """Too short for a tick: the line alone moves."""
        self.uptime += 1
        self.appliance.run(self.uptime)

    def _do_line(self, mode: int) -> None:
        self.mode = mode if mode <= STALLED else UP
        if mode == DOWN:
            self.line.closed()

    def _do_receipts(self, how: int) -> None:
        self.cloud.receipts = how

    def _do_pubacks(self, on: int) -> None:
        self.cloud.pubacks = bool(on)

    def _do_deliver(self) -> None:
        self.line.deliver()

    def _do_restart(self, cause: int) -> None:
        self._start(cause)

    def _do_cut(self, operations: int, ledger: int) -> None:
        """The power goes at that operation from now of the journal's or the ledger's flash."""
        (self.ledger if ledger else self.flash).fuse = operations

    def _do_refuse(self, operations: int, ledger: int) -> None:
        """A flash fails for so many operations."""
        (self.ledger if ledger else self.flash).refusals = operations

    def _do_wall(self, which: int) -> None:
        self.wall = _YEARS[which]

    def _do_clear(self) -> None:
        self.appliance.clear(1)

    def _do_reset(self) -> None:
        """The owner gives it away."""
        self.resetting = True
        for words in ("button", "factory reset"):
            obey(self.appliance, words, self.appliance.ports.teller)
        self.resetting = False  # refused: the flash is full, or fails

    def _do_rot(self, copy: int, bit: int) -> None:
        """One bit of a copy of the newest decision turns while the appliance is off."""
        journal = self.appliance.journal
        slot = journal._index.find(CONSENT, copy)
        if slot >= 0 and not self.appliance.consent.unkept:
            at = journal._index.at[slot] + RECORD_HEAD + bit // 8 % journal._index.length[slot]
            self.flash.image[at] ^= 1 << bit % 8
            self._start(ids.RESET_POWER_ON)

    def _do_fill(self) -> None:
        """Other records take all the room there is."""
        self.full = True
        journal = self.appliance.journal
        try:
            for key in range(_FILLERS):
                if journal.length(LEARNED, _FILLER + key) < 0:
                    while journal.service():
                        pass
                    journal.put(LEARNED, _FILLER + key, bytes(1000 if key < 40 else 8))
        except (JournalFull, OSError):
            pass

    def _empty(self) -> None:
        self.full = False
        journal = self.appliance.journal
        for key in range(_FILLERS):
            while journal.service():
                pass
            journal.delete(LEARNED, _FILLER + key)

    def _do_settle(self) -> None:
        """When line, flash and program work again, everything that may be told arrives."""
        self.mode, self.cloud.receipts, self.cloud.pubacks = UP, 1, True
        self.flash.fuse = self.ledger.fuse = None
        self.flash.refusals = self.ledger.refusals = 0
        self.crash = False
        self._empty()
        if self.appliance.ledger is not None and self.appliance.ledger.dead:  # nothing is sent until the next start
            self._start(ids.RESET_POWER_ON)
        self._do_run(_SETTLE)
        appliance = self.appliance
        if appliance.spool.count:
            raise Broken(f"{appliance.spool.count} messages wait although the cloud answers")
        if self.displaced or appliance.heart is None:
            return
        manager = appliance.heart.manager
        for event, purpose in enumerate(self.judge.house.events):
            told = self.cloud.told.get(event, (0, 0, 0))[2] & _TOLD
            if self.judge.masks[-1] >> purpose & 1 and manager.status[event] & _TOLD != told:
                raise Broken(f"the cloud knows event {event} as {told:#x}, it is {manager.status[event]:#x}")


STEPS: dict[str, tuple[tuple[int, int], ...]] = {  # name and the range of each number
    "decide": ((1, 4), (0, 2)),  # 0: no
    "fault": ((0, FAULTS - 1), (0, 1)),
    "program": ((0, 1),),
    "crash": (),
    "run": ((1, 25),),
    "turn": (),
    "late": (),
    "line": ((DOWN, 5),),  # above 3: up
    "receipts": ((0, 2),),
    "pubacks": ((0, 1),),
    "deliver": (),
    "restart": ((ids.RESET_POWER_ON, ids.RESET_CRASH),),
    "cut": ((0, 60), (0, 1)),
    "refuse": ((1, 8), (0, 1)),
    "wall": ((0, len(_YEARS) - 1),),
    "clear": (),
    "reset": (),
    "rot": ((0, 1), (0, 255)),
    "fill": (),
    "settle": (),
}
