"""Lives of the bare journal and of the boot counter: records put, deleted and grouped while sectors are reclaimed."""

import random
import struct
from collections.abc import Iterator
from typing import Any

from appliance.store import records
from appliance.store.boot import count_boot, last_boot
from appliance.store.journal import Journal, JournalFull

from .cutting import State
from .flash import Part, StrictFlash

_KINDS = 40


class Watched(Journal):
    """Marks the flash whenever something has become live."""

    def put(self, *args: Any) -> None:
        super().put(*args)
        self._mark()

    def delete(self, kind: int, key: int) -> None:
        super().delete(kind, key)
        self._mark()

    def commit(self) -> None:
        super().commit()
        self._mark()

    def service(self) -> bool:
        more = super().service()
        self._mark()
        return more

    def _mark(self) -> None:
        if not self._depth:
            self.ring.flash.mark()  # type: ignore[attr-defined]  # a strict flash can be marked


def mounted(flash: StrictFlash | Part) -> Journal:
    journal = Journal(flash)
    journal.mount()
    return journal


def everything(journal: Journal) -> State:
    """All live records, by type and key."""
    buf = bytearray(1024)
    found = []
    for kind in range(1, _KINDS):
        key = journal.next_key(kind)
        while key >= 0:
            length = journal.get(kind, key, buf)
            if length < 0:
                raise AssertionError("a live record cannot be read")
            found.append(((kind, key), bytes(buf[:length])))
            key = journal.next_key(kind, key)
    return tuple(found)


def read_journal(flash: StrictFlash) -> State:
    return everything(mounted(flash))


def play_journal(
    flash: StrictFlash, *, seed: int, steps: int = 100, groups: float = 0.25, largest: int = 500, keys: int = 8
) -> Iterator[State]:
    """Puts, deletes and groups of random records, reclaimed as they go; the model is a dict. With much alive some do
    not fit: then nothing happens."""
    chance = random.Random(seed)
    journal = mounted(flash)
    model: dict[tuple[int, int], bytes] = {}
    for _ in range(steps):
        while journal.service():
            yield _state(model)
        after = dict(model)
        try:
            _write(journal, after, chance, groups=groups, largest=largest, keys=keys)
            model = after
        except JournalFull:
            journal.abort()
        yield _state(model)


def _write(
    journal: Journal,
    after: dict[tuple[int, int], bytes],
    chance: random.Random,
    *,
    groups: float,
    largest: int,
    keys: int,
) -> None:
    group = chance.random() < groups and journal.begin()
    for _ in range(chance.randint(2, 5) if group else 1):
        kind, key = chance.randint(1, 3), chance.randrange(keys)
        if chance.random() < 0.25:
            journal.delete(kind, key)
            after.pop((kind, key), None)
        else:
            payload = chance.randbytes(chance.choice([0, 1, 7, 8, 30, largest // 3, largest]))
            journal.put(kind, key, payload)
            after[kind, key] = payload
    if group:
        journal.commit()


def _state(model: dict[tuple[int, int], bytes]) -> State:
    return tuple(sorted(model.items()))


def play_boots(flash: StrictFlash, *, starts: int = 40, fill: int = 6, size: int = 240) -> Iterator[State]:
    """Start after start; in between the journal is filled, so that the counter is reclaimed too."""
    for start in range(1, starts):
        journal = mounted(flash)
        yield (("boot", start - 1),)
        if count_boot(journal) != start:
            raise AssertionError("the boot counter did not count")
        yield (("boot", start),)
        for key in range(fill):
            journal.put(records.STATUS, key, struct.pack("<I", start) * (size // 4))
            yield (("boot", start),)
            while journal.service():
                yield (("boot", start),)


def read_boot(flash: StrictFlash) -> State:
    return (("boot", last_boot(mounted(flash))),)
