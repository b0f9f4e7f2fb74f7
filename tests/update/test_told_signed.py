"""A report about an update waits for the heap that its signature needs, as long as that is worth anything; until it is
queued nothing of it is kept, so that it is told once.
"""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from appliance import updating
from appliance.outbox.consent import Consent
from appliance.outbox.sealer import Sealer
from appliance.outbox.spool import Spool
from appliance.trust import identity, p256
from appliance.update import kept
from appliance.update.told import TRIES
from lived_flash import Disk
from trivet.decode import decode
from trivet.mac0 import MessageKey
from trivet.models import UpdateReport
from trivet_wire import cbor, ids
from updating import heap  # noqa: F401  # takes the place of gc
from updating.flash import SECTOR, Flash
from updating.house import House, Ports

PRIVATE = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
DEVICE = bytes.fromhex("00112233445566ff")
FIELDS = {"id": DEVICE, "epoch": 1, "message_key": bytes(32), "brokers": [], "model": "oven"}
DER = bytes.fromhex("30770201010420") + PRIVATE + bytes.fromhex("a00a06082a8648ce3d030107a14403420004")
FILES = {identity.FILE: cbor.encode(FIELDS), identity.KEY_FILE: DER + p256.public(PRIVATE)}
SIZES = {"journal": 16, "ota_0": 1, "ota_1": 1, "otadata": 2}  # sectors


class Rested:
    """An uplink that only counts how often it had to let go."""

    times = 0

    def rest(self, now: int, ms: int = 0) -> None:
        self.times += 1


class Appliance(House):
    """On it an update has just been confirmed, and nobody knows yet."""

    def __init__(self) -> None:
        self.flash = Flash({name: b"\xff" * (count * SECTOR) for name, count in SIZES.items()}, ())
        super().__init__(self.flash, SimpleNamespace(trial=True), False)  # this start was the trial's
        self.disk = Disk(self.flash, dict(FILES))
        self.ports = Ports(self.flash, self.disk, self.disk, 0, ids.RESET_POWER_ON)
        self.uplink = Rested()  # type: ignore[assignment]
        row = kept.fresh()
        row[kept.STATE], row[kept.TOLD] = ids.U_CONFIRMED, ids.U_TRIAL
        row[kept.NAME], row[kept.VERSION] = bytes(8), "1.1.0"
        kept.save(self.journal, ids.W_RELEASE, row)
        self.wire()

    def starts(self) -> None:
        """The power was off: what is in flash is all it knows."""
        self.journal.mount()
        self.update, self.machine, self.leaving = updating.marks(), None, False
        self.wire()

    def wire(self) -> None:
        """The outbox, as a start finds it."""
        who = identity.load(self.disk)  # type: ignore[arg-type]
        assert who is not None
        self.spool = Spool(self.journal, 1)
        consent = Consent(self.journal, self.spool)
        self.sealer = Sealer(who, 1, self.ports, consent, self.spool, self.ports)  # type: ignore[assignment]

    def lives(self, tries: int) -> None:
        """Two turns each: the machine gives way, and then it is tried."""
        self.update[updating.DUE] = 0
        for _ in range(2 * tries):
            updating.turn(self, self.ports, self.ports.now)  # type: ignore[arg-type]
            self.ports.now += 5_000

    def reports(self) -> list[bool]:
        """Whether each report in the spool is signed."""
        signed, buf = [], bytearray(1024)
        while length := self.spool.peek(buf):
            topic = f"t/{DEVICE.hex()}/u/{ids.kind_name(ids.UPDATE_REPORT)}"
            message = decode(topic, bytes(buf[:length]), [MessageKey(bytes(32), DEVICE.hex(), 1)])
            assert isinstance(message.body, UpdateReport)
            signed.append(message.body.signature is not None)
            self.spool.mark_sent()
        return signed


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The next so many signatures find no heap."""
    sign = p256.sign

    def times(count: int) -> None:
        left = [count]

        def once(private: bytes, digest: bytes) -> bytes:
            if left[0]:
                left[0] -= 1
                raise MemoryError
            return sign(private, digest)

        monkeypatch.setattr(p256, "sign", once)

    return times


@pytest.mark.parametrize("times", [0, 1, 2, TRIES - 1, TRIES])
def test_it_is_signed_once_the_heap_is_there_and_told_once(times: int, short: Callable[[int], None]) -> None:
    short(times)
    oven = Appliance()
    oven.lives(times)
    assert oven.reports() == []  # nothing goes half-way
    oven.lives(3)
    assert oven.reports() == [True]
    assert oven.uplink.times == times  # type: ignore[attr-defined]  # each time, what the connection takes was let go of
    assert kept.load(oven.journal, ids.W_RELEASE)[kept.TOLD] == ids.U_CONFIRMED


def test_where_the_heap_never_comes_it_is_told_without_a_signature(short: Callable[[int], None]) -> None:
    short(10 * TRIES)
    oven = Appliance()
    oven.lives(TRIES)
    assert oven.reports() == []
    oven.lives(3)
    assert oven.reports() == [False]


def test_power_cut_while_it_waits_tells_it_after_the_start(short: Callable[[int], None]) -> None:
    short(2)
    oven = Appliance()
    oven.lives(2)
    oven.starts()
    oven.lives(3)
    assert oven.reports() == [True]


def test_a_start_after_the_trial_gives_it_all_of_the_heap(short: Callable[[int], None]) -> None:
    short(2)
    oven = Appliance()
    oven.choice = None
    oven.lives(3)
    assert oven.leaving
    assert oven.flash.retained[updating.ALONE_AT] == updating.ALONE
    oven.starts()
    oven.alone, oven.heart = True, None
    oven.lives(2)
    assert oven.reports() == [True]
