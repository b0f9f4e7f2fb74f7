"""An image on its way into flash, chunk by chunk: a flipped block costs its own chunk, a power cut the one under way,
and what is always wrong is given up. A bundle's file and a base's slot do the same."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from appliance.update import otadata
from appliance.update.base import Base
from appliance.update.download import WINDOW, Download
from appliance.update.filling import RUNS, Pump
from appliance.update.imaging import IntoImage
from appliance.update.whole import Whole
from lived_flash import Disk
from trivet_wire import ids
from updating.flash import Flash, PowerCut
from updating.house import Slots

CHUNK = 4096
DATA = random.Random(1).randbytes(5 * CHUNK + 1700)
FILE = "update/patch"


@dataclass
class Source:
    """Answers at once. `spoil` says whether the answer that begins at an offset has a wrong bit."""

    spoil: Callable[[int], bool] = lambda _: False
    asked: int = 0

    def poll(self, now: int, download: Download) -> bool:
        at, count = download.at, download.goal
        piece = bytearray(DATA[at : at + count])
        piece[7] ^= self.spoil(at)
        download.room[:count] = piece
        download.poured(count)
        self.asked += count
        return True

    def close(self) -> None:
        """Nothing is held."""


class Place:
    """Flash with a file system and two base images, and the image that comes: `kind` bundle or base."""

    def __init__(self, kind: str, chunk: int = CHUNK) -> None:
        slot = b"\xff" * 8 * CHUNK
        valid = otadata.entry(1, otadata.VALID).ljust(2 * CHUNK, b"\xff")
        self.flash = Flash({"ota_0": slot, "ota_1": slot, "otadata": valid}, ())
        self.disk = Disk(self.flash, {})
        self.kind = kind
        digests = [hashlib.sha256(DATA[at : at + CHUNK]).digest()[:16] for at in range(0, len(DATA), CHUNK)]
        self.component: Any = SimpleNamespace(
            size=len(DATA), digest=hashlib.sha256(DATA).digest(), chunk=chunk, digests=b"".join(digests)
        )

    def pump(self, source: Source, begun: bool) -> Pump:
        """A life."""
        self.flash.dead = False
        room = bytearray(WINDOW)
        chunk = self.component.chunk
        image: Any = Base(Slots(self.flash, 0), 1) if self.kind == "base" else Whole(self.disk, FILE, chunk)  # type: ignore[arg-type]
        sink = IntoImage(image, self.component, memoryview(room), begun)
        return Pump(Download(self.component.digest, len(DATA), room, sink.at), source, sink)

    def stands(self) -> bytes:
        if self.kind == "bundle":
            return self.disk.files[FILE]
        found = bytearray(len(DATA))
        self.flash.parts["ota_1"].read(0, found)
        return bytes(found)


def run(pump: Pump) -> int:
    """To the end of it; gives the last answer."""
    came = Pump.RUNS
    while came == Pump.RUNS:
        came = pump.step(0)
    return came


def finished(pump: Pump) -> int:
    reason = RUNS
    while reason == RUNS:
        reason = pump.sink.finish()
    return reason


@pytest.fixture(params=["bundle", "base"])
def place(request: pytest.FixtureRequest) -> Place:
    return Place(request.param)


def test_what_comes_as_it_was_signed_is_asked_for_once(place: Place) -> None:
    source = Source()
    pump = place.pump(source, False)
    assert run(pump) == Pump.DONE
    assert finished(pump) == 0
    assert (source.asked, place.stands()) == (len(DATA), DATA)


def test_a_flipped_block_costs_its_own_chunk(place: Place) -> None:
    for wrong in range(0, len(DATA), WINDOW):
        once = [wrong]
        source = Source(lambda at, once=once: bool(once) and at <= once[0] < at + WINDOW and bool(once.pop() + 1))  # type: ignore[misc]
        pump = Place(place.kind).pump(source, False)
        assert run(pump) == Pump.DONE
        assert finished(pump) == 0
        assert len(DATA) < source.asked <= len(DATA) + CHUNK + WINDOW


def test_what_is_always_wrong_is_given_up(place: Place) -> None:
    assert run(place.pump(Source(lambda at: at <= 2 * CHUNK < at + WINDOW), False)) == Pump.SPOILT


def test_after_a_cut_at_any_operation_only_judged_chunks_are_there_and_the_rest_is_fetched(place: Place) -> None:
    cuts = 0
    for operation in range(1000):
        random.seed(operation)
        here, source = Place(place.kind), Source()
        pump = here.pump(source, False)
        here.flash.fuse = operation
        try:
            run(pump)
            finished(pump)
            break
        except PowerCut:
            cuts += 1
        came = pump.sink.at
        again = Source()
        pump = here.pump(again, True)
        there = pump.sink.at
        assert there >= came - came % CHUNK - CHUNK
        if place.kind == "bundle":
            assert there % CHUNK == 0 or there == len(DATA)
            assert here.disk.files.get(FILE, b"") == DATA[:there]
        assert run(pump) == Pump.DONE
        assert finished(pump) == 0
        assert here.stands() == DATA
        assert again.asked == len(DATA) - there
    assert cuts > 10


def test_without_digests_of_chunks_it_is_judged_at_the_end() -> None:
    place = Place("bundle", chunk=0)
    pump = place.pump(Source(lambda at: at == 0), False)
    assert run(pump) == Pump.DONE
    assert finished(pump) == ids.R_DIGEST
    pump = place.pump(Source(), False)
    assert (run(pump), finished(pump), place.stands()) == (Pump.DONE, 0, DATA)


def test_what_stands_there_of_another_image_is_not_gone_on_with() -> None:
    place = Place("bundle")
    for other in (b"x" * (len(DATA) + 1), b"x" * 100):
        place.disk.files[FILE] = other
        assert place.pump(Source(), True).sink.at == 0
        assert FILE not in place.disk.files


def test_a_base_is_read_back_in_parts_between_which_ticks_go_on() -> None:
    place = Place("base")
    pump = place.pump(Source(), False)
    run(pump)
    parts = 1
    while pump.sink.finish() == RUNS:
        parts += 1
    assert parts == -(-len(DATA) // 16384)
