"""Histories of a ledger: sends, decisions, clears, commands, visits, restarts and changes of owner, as chance has it.

Takes a number, gives the two flash images that are left, and judges an altered one as the appliance's next start does.
Runs in both interpreters.
"""

from appliance.store.journal import Journal
from appliance.trust import chain, look
from appliance.trust.ledger import CUT_OFF, FIRST, WHY, Ledger
from trivet_wire import ids
from trivet_wire.envelope import Key

DEVICE = bytes(range(8))
KEY = Key(b"\x5a" * 32, DEVICE, 0)
OTHER = Key(b"\xa5" * 32, DEVICE, 0)  # of whoever has none
JOURNAL_SECTORS = LEDGER_SECTORS = 6
SECTOR = 4096
_LONG = 40  # one history in so many is long enough for old records to give way


class Flash:
    """The `Flash` port over a bytearray."""

    sector_size = SECTOR
    write_size = 8

    def __init__(self, image: bytes, sectors: int) -> None:
        self.sectors = sectors
        self.image = bytearray(image) if image else bytearray(b"\xff" * (sectors * SECTOR))

    def read(self, addr: int, buf: "bytearray | memoryview") -> None:
        buf[:] = memoryview(self.image)[addr : addr + len(buf)]

    def program(self, addr: int, buf: "bytes | bytearray | memoryview") -> None:
        self.image[addr : addr + len(buf)] = buf

    def erase(self, sector: int) -> None:
        self.image[sector * SECTOR : (sector + 1) * SECTOR] = b"\xff" * SECTOR


class Clock:
    """Goes on by a minute whenever somebody looks."""

    def __init__(self) -> None:
        self.s = 0

    def wall_s(self) -> int:
        return 1_795_600_000 + self.s

    def ticks_ms(self) -> int:
        self.s += 60
        return self.s * 1000


class Chance:
    """A small generator that gives the same numbers in both interpreters (xorshift, 32 bits)."""

    def __init__(self, seed: int) -> None:
        self.state = (seed * 2654435761 + 88675123) & 0xFFFFFFFF or 1

    def below(self, n: int) -> int:
        x = self.state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.state = x
        return x % n


class House:
    """One history, lived to its end."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Chance(seed + 1)
        self.clock = Clock()
        self.flash = Flash(b"", LEDGER_SECTORS)
        self.journal_flash = Flash(b"", JOURNAL_SECTORS)
        self.boot = self.seq = self.decision = 0
        self.start()
        notes = 500 + self.chance.below(300) if seed % _LONG == _LONG - 1 else 8 + self.chance.below(110)
        reset_at = self.chance.below(notes) if seed % 7 == 3 else -1
        for step in range(notes):
            self.step()
            if step == reset_at:
                look.reset(self.ledger, 3)
            while self.journal.service() or self.ledger.service():
                pass
        self.image = bytes(self.flash.image)
        self.journal_image = bytes(self.journal_flash.image)
        self._judge = Journal(Flash(self.journal_image, JOURNAL_SECTORS))
        self._judge.mount()

    def start(self) -> None:
        self.journal = Journal(self.journal_flash)
        self.journal.mount()
        self.ledger = Ledger(self.flash, self.journal, KEY, self.clock)
        self.ledger.load()
        self.boot += 1
        self.ledger.note(chain.STARTED, self.boot, 1 + self.chance.below(7))

    def step(self) -> None:
        """Something happens that is to be noted."""
        chance, note = self.chance, self.ledger.note
        what = chance.below(20)
        if what < 12:
            self.seq += 1
            kind = (ids.FAULT, ids.EVIDENCE, ids.HELLO, ids.HEARTBEAT)[chance.below(4)]
            digest = bytes([chance.below(256) for _ in range(8)])
            note(chain.SENT, kind, 1 << chance.below(5), chance.below(500), self.boot, self.seq, 7100, digest)
        elif what < 15:
            self.decision += 1
            note(
                chain.DECIDED,
                self.decision,
                1 + chance.below(4),
                chance.below(2),
                chance.below(4),
                chance.below(1 << 30),
            )
        elif what < 16:
            note(chain.COMMAND, 1 + chance.below(6), chance.below(5), chance.below(30), chance.below(1 << 20))
        elif what < 17:
            note(chain.CLEARED, chance.below(4), chance.below(5))
        elif what < 18:
            note(chain.ACCESS, chance.below(4), chance.below(9))
        elif what < 19:
            note(chain.FOUND, 1 + chance.below(99), 1 + chance.below(6))
        else:
            self.start()

    def verdict(self, image: bytes) -> "tuple[int, int]":
        """What the appliance finds in an altered ledger: number of the first record that is not as it was written, and
        ids.L_*; (0, 0): nothing."""
        ledger = Ledger(Flash(image, LEDGER_SECTORS), self._judge, KEY, self.clock)
        assert ledger.log is not None
        ledger.log.mount()
        if ledger.sound(ledger.log, ledger.known()):
            return 0, 0
        return look.verify(ledger)

    def start_from(self, image: bytes) -> "tuple[int, int]":
        """As `verdict`, by a whole start, which goes on behind what is wrong: it must be able to note and stay so."""
        journal = Journal(Flash(self.journal_image, JOURNAL_SECTORS))
        journal.mount()
        ledger = Ledger(Flash(image, LEDGER_SECTORS), journal, KEY, self.clock)
        ledger.load()
        found = ledger.end[FIRST], ledger.end[WHY]
        if not ledger.note(chain.ACCESS, 1, 1):
            raise AssertionError("the ledger does not go on")
        if found[0] > ledger.end[CUT_OFF] and look.verify(ledger)[0] != found[0]:  # else it gave way since
            raise AssertionError("what was found is forgotten")
        return found
