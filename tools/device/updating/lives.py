"""The lives of one appliance from an offer to its end: start, work on, lose the power, start again.

Takes a `Case` (images of all partitions, payloads, what is to come of it), gives for each start what runs, and at the
end a verdict. `cut` stands at an operation of a clean run, leaves it half done and lets the appliance live on.
"""

import random

import vfs
from appliance.system.disk import Files
from appliance.system.folders import Folders
from appliance.trust import p256
from appliance.update import chooser, joint, kept, memory, otadata, roots
from appliance.update.bundle import Bundle
from appliance.update.machine import NEVER, Machine
from appliance.update.orders import answer, offer
from appliance.updating import ALONE, ALONE_AT, STEP_MS
from trivet_wire import ids

from . import heap  # noqa: F401  # in the place of gc
from .flash import Blocks, Flash, PowerCut, apply, tear, ways
from .house import House, Ports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STARTS = 14  # after which it is stuck
POLLS = 30000  # of one life, likewise
CYCLE_MS = 120_000  # of a start, after which an operation cycle has ended
_PIECE = 2048
_PASS = 30  # a waiting machine's clock runs so much faster

# Verdicts, worst first.
BRICKED = "bricked"  # no base image starts, or the firmware raises
MIXED = "mixed"  # base and bundle that do not belong together, or one that is not whole
LOWERED = "sequence_lowered"
STUCK = "stuck"  # goes on for ever
LOST = "lost"  # ended on the old one though nothing was wrong with the new one
NEW = "new"
OLD = "old"

_known: "dict[bytes, bool]" = {}
_verify = p256.verify


def _remembering(public: "Any", digest: "Any", signature: "Any") -> bool:
    """The same signature is judged once: thousands of lives judge the same few."""
    key = bytes(public) + bytes(digest) + bytes(signature)
    if key not in _known:
        _known[key] = _verify(public, digest, signature)
    return _known[key]


p256.verify = _remembering


class Case:
    """`told` is what the host prepared: names, payloads by the start of their digest, images of old and new."""

    def __init__(self, told: "dict[str, Any]", files: "dict[str, bytes]") -> None:
        self.name: str = told["name"]
        self.offers: "list[list[Any]]" = told["offers"]  # [what, file]
        self.outcome: str = told["outcome"]  # good, fault, crash
        self.changes: "list[str]" = told["changes"]  # base, bundle; empty for keys
        self.payloads = {bytes.fromhex(start): files[name] for start, name in told["payloads"].items()}
        self.digests = {name: bytes.fromhex(digest) for name, digest in told["digests"].items()}
        self.files = files
        self.images = {part: files[name] for part, name in told["parts"].items()}
        self.bases = {"old": files["base.old"], "new": files["base.new"]}
        self.bundles = {"old": files["bundle.old"], "new": files["bundle.new"]}
        self.roots = files.get("roots.new", b"")


def same(read: "Any", wanted: bytes) -> bool:
    """Whether `read(off, buf)` gives these bytes; piece by piece, for the heap is measured too."""
    view = memoryview(wanted)
    for off in range(0, len(wanted), _PIECE):
        part = view[off : off + _PIECE]
        found = bytearray(len(part))
        read(off, found)
        if found != part:
            return False
    return True


class Open(Folders):
    """Knows what is open: a life that ends leaves files behind, which its littlefs must not outlive."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self.opened: "list[Any]" = []

    def open(self, name: str, mode: str = "rb") -> "Any":
        self.opened.append(super().open(name, mode))
        return self.opened[-1]

    def abandon(self) -> None:
        for file in self.opened:
            try:
                file.close()
            except OSError:
                pass


class Life:
    """Everything between two starts. `seen`: the highest sequence so far."""

    def __init__(self, case: Case, flash: Flash) -> None:
        self.case = case
        self.flash = flash
        self.seen = 0
        self.wrong = ""
        self.why = ""
        self.cause = ids.RESET_POWER_ON  # of the next start
        self.blocks: "Blocks | None" = None
        self.end = ""
        self.runs: "dict[str, str]" = {}  # which base and which bundle

    def blame(self, verdict: str, why: str) -> None:
        if not self.wrong:
            self.wrong = verdict
            self.why = why

    def boot(self) -> int:
        """What the chip's boot loader does."""
        part = self.flash.parts["otadata"]
        first, second = bytearray(otadata.ENTRY), bytearray(otadata.ENTRY)
        part.read(0, first)
        part.read(otadata.SECTOR, second)
        slot, writes = otadata.started(first, second)
        for sector, entry in writes:
            part.erase(sector)
            part.program(sector * otadata.SECTOR, entry)
        return slot

    def started(self) -> "Ports":
        running = self.boot()
        self.blocks = Blocks(self.flash.parts["fs"])
        files = Files("", self.blocks)
        self.ports = Ports(self.flash, files, Open(files), running, self.cause)
        self.cause = ids.RESET_SOFT  # unless it comes to another end
        return self.ports

    def over(self) -> None:
        """The power is off: what is open or mounted is gone, and can no longer write."""
        if self.blocks is not None:
            self.blocks.gone = True
            self.ports.folders.abandon()
            vfs.umount("/fs")
            self.blocks = None

    def run(self) -> bool:
        """One life, up to a reset; False when there is nothing left to do."""
        ports = self.started()
        choice = chooser.choose(ports)
        if choice is not None and choice.restart:
            return True
        self.look(ports, choice)
        house = House(self.flash, choice, self.flash.retained[ALONE_AT] == ALONE)
        self.flash.retained[ALONE_AT] = 0
        self.climb(ports, house)
        if self.wrong:
            return False
        new = choice is not None and choice.trial
        if new and self.case.outcome == "crash":
            self.cause = ids.RESET_CRASH
            return True
        self.offered(house)
        house.machine = Machine(house, ports)
        for _ in range(POLLS):
            wait = house.machine.poll(ports.now)
            if self.flash.dead:
                raise PowerCut
            if house.leaving or (house.alone and not 0 <= wait <= STEP_MS):
                return True
            if wait == NEVER:
                house.machine.close()
                before, house.machine = house.machine.what, Machine(house, ports)
                if house.machine.what != before:
                    continue  # what waited behind the keys
                self.climb(ports, house)
                self.judge(ports, house)
                return False
            house.bring(ports, self.case.payloads)
            if wait > 0:
                house.machine.close()
                house.machine = Machine(house, ports)  # as the appliance lets go of it
                ports.now += wait * _PASS
            elif house.download is not None:
                ports.now += 1
            if ports.now > CYCLE_MS and not house.alone:
                house.heart.manager.state.cycles = 1  # type: ignore[attr-defined]
                if new and self.case.outcome == "fault":
                    house.heart.fault()
        self.blame(STUCK, "a life that has no end")
        return False

    def offered(self, house: House) -> None:
        """Its vendor offers it and its owner says yes, once: what is kept is offered no second time."""
        for what, name in self.case.offers:
            row = kept.load(house.journal, what)
            if row[kept.STATE] == ids.U_IDLE:
                data = self.case.files[name]
                offer(house.journal, what, len(data), self.case.digests[name], "", kept.LINE)
                row = kept.load(house.journal, what)
            if what == ids.W_RELEASE and row[kept.ANSWER] != ids.A_YES and row[kept.STATE] == ids.U_OFFERED:
                answer(house.journal, b"", ids.A_YES, 0)

    # -- what is looked at ---------------------------------------------------------------------------------------------

    def look(self, ports: Ports, choice: "Any") -> None:
        """Which base and which bundle run: both whole, and of one version."""
        base = self.base(ports)
        bundle = self.bundle(ports, choice)
        self.runs = {"base": base, "bundle": bundle}
        changes = self.case.changes
        if base == "" or (base == "new" and "base" not in changes):
            self.blame(BRICKED if base == "" else MIXED, "base %r runs" % base)
        elif bundle not in ("old", "new") or (bundle == "new" and "bundle" not in changes):
            self.blame(MIXED, "bundle %r runs with base %r" % (bundle, base))
        elif len(changes) == 2 and base != bundle:
            self.blame(MIXED, "base %s and bundle %s" % (base, bundle))

    def base(self, ports: Ports) -> str:
        part = self.flash.parts["ota_%d" % ports.slots.running]
        for name, image in self.case.bases.items():
            if same(part.read, image):
                return name
        return ""

    def bundle(self, ports: Ports, choice: "Any") -> str:
        if choice is None or choice.bundle == 0:
            return "built in"
        image = Bundle(ports.folders, choice.bundle)
        for name, wanted in self.case.bundles.items():
            if image.size == len(wanted) and same(image.read, wanted):
                image.close()
                return name
        image.close()
        return "damaged"

    def climb(self, ports: Ports, house: House) -> None:
        now = max(joint.installed(ports.files, ports.slots)[2], memory.installed(house.journal))
        number = memory.keys(house.journal)
        if now < self.seen:
            self.blame(LOWERED, "sequence %d after %d" % (now, self.seen))
        self.seen = max(now, self.seen)
        if number and roots.load(ports.files, number).number < number:
            self.blame(LOWERED, "older keys")

    def judge(self, ports: Ports, house: House) -> None:
        """It has come to its end: on which version?"""
        row = kept.load(house.journal, self.case.offers[-1][0])
        choice = chooser.choose(ports)
        self.look(ports, choice)
        if not self.case.changes:
            done = ports.files.read("roots.cbor") == self.case.roots
        else:
            done = self.runs[self.case.changes[0]] == "new"
        state, reason = row[kept.STATE], row[kept.REASON]
        if row[kept.TOLD] != state:
            self.blame(STUCK, "state %d was never told" % state)
        if done:
            self.end = NEW
            if state != ids.U_CONFIRMED or self.case.outcome != "good":
                self.blame(MIXED, "the new version in state %d, reason %d" % (state, reason))
            return
        self.end = OLD
        if state != ids.U_ROLLED_BACK or self.case.outcome == "good":
            self.blame(LOST, "the old version in state %d, reason %d" % (state, reason))

    def live(self) -> str:
        """Until the end; gives the verdict."""
        for _ in range(STARTS):
            try:
                goes_on = self.run()
            except PowerCut:
                goes_on = True
            except Exception as error:
                goes_on = self.flash.dead  # closing a file after the cut covers it up
                if not goes_on:
                    self.blame(BRICKED, repr(error))
                    traces[:] = [error]
            self.over()
            if self.flash.dead:
                self.flash.dead = False
                self.cause = ids.RESET_POWER_ON
                self.flash.retained[:] = bytes(len(self.flash.retained))
                self.wrong = self.why = ""  # nothing counts that was seen after the cut
            elif not goes_on:
                break
        else:
            self.blame(STUCK, "%d starts" % STARTS)
        return self.wrong or self.end


traces: "list[BaseException]" = []  # of the last one that was bricked


class Campaign:
    """One clean run, kept so that it can be cut anywhere."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case = case
        self.seed = seed
        self.flash = Flash(case.images, ("fs",))
        self.flash.log = []
        clean = Life(case, self.flash)
        self.verdict = clean.live()
        self.why = clean.why
        self.operations = self.flash.log
        self.flash.log = None
        self.reset()

    def reset(self) -> None:
        """As before the first operation."""
        self.flash.forget()
        for name, part in self.flash.parts.items():
            part.image[:] = self.case.images[name]

    def cut(self, number: int, way: int, twice: bool) -> "tuple[str, Life]":
        """Cut operation `number`, before which the flash stands: way 0 before it, then torn. `twice`: once more, at
        some operation of what follows."""
        flash = self.flash
        flash.forget()
        random.seed(self.seed * 1000003 + number * 101 + way)
        if way:
            tear(*self.operations[number], way - 1)
        life = Life(self.case, flash)
        if twice:
            flash.fuse = random.getrandbits(20) % max(1, len(self.operations) - number + 8)
        return life.live(), life

    def onward(self, number: int) -> None:
        """Let the flash stand behind operation `number`."""
        self.flash.forget()
        apply(self.operations[number])
        self.flash.keep()

    def ways(self, number: int) -> int:
        return 1 + ways(self.operations[number][2])
