"""Every way to alter a ledger, with the number of the record that the appliance must name.

Takes a house, gives (what was done, number, image). Exhaustive: each deletion, each swap of neighbours, each
truncation, each sector taken away, and every bit of one record of a type (histories take turns: over all of them every
bit of every type, many times); elsewhere bits as chance has it. Each of them once as a clumsy hand does it, and once as
somebody does who makes all numbers, CRCs and hashes fit again.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from .attacker import FIRST, HEAD, SECTOR, SUMMARY, Image, Place, Record, rechained, renumbered
from .houses import OTHER, House

Altered = tuple[str, int, bytes]
_ELSEWHERE = 40  # bits of a history, besides those of the chosen records


def alterations(house: House, chosen: int) -> Iterator[Altered]:
    """`chosen`: of which type a record has all its bits flipped, and which one of them."""
    image = Image(house.image)
    chance = random.Random(house.seed)
    yield from _flips(image, chance, chosen)
    yield from _sector_heads(image, chance)
    yield from _deletions(image)
    yield from _swaps(image)
    yield from _truncations(image)
    yield from _sectors(image)
    yield from _copies(image, chance)
    yield from _forgeries(image, chance)


def _flips(image: Image, chance: random.Random, chosen: int) -> Iterator[Altered]:
    kinds = sorted({record.kind for _, record in image.places})
    found = [place for place in image.places if place[1].kind == kinds[chosen % len(kinds)]]
    place, record = found[chosen % len(found)]
    for bit in range(8 * len(record.raw)):
        yield from _flip(image, place, record, bit)
    for _ in range(_ELSEWHERE):
        place, record = chance.choice(image.places)
        yield from _flip(image, place, record, chance.randrange(8 * len(record.raw)))


def _flip(image: Image, place: Place, record: Record, bit: int) -> Iterator[Altered]:
    raw = bytearray(record.raw)
    raw[bit >> 3] ^= 1 << (bit & 7)
    yield f"bit {bit}", record.number, _over(image, place, bytes(raw))
    length, kind, flags, key, number, _, _ = HEAD.unpack_from(raw)
    if not 10 <= bit >> 3 < HEAD.size and place.at % SECTOR + HEAD.size + length <= SECTOR:
        payload = bytes(raw[HEAD.size :])[:length]
        behind = image.data[place.at + len(raw) : place.at + HEAD.size + length] if length > len(payload) else b""
        fits = Record(number, kind, flags, key, payload + behind, b"").made()
        padding = raw[HEAD.size + len(record.payload) :] if length == len(record.payload) else b""
        made = fits[: HEAD.size + length] + bytes(padding)
        yield f"bit {bit}, CRC made to fit", record.number, _over(image, place, made)
        sectors = image.plain()
        sectors[place.sector][place.index] = replace(record, number=number, kind=kind, payload=payload)
        if length == len(record.payload) and not flags and not key and bit >> 3 < HEAD.size + length:
            made = image.written(rechained(sectors), made=True)
            if made != image.data:  # a bit of a summary's hash, made to fit, is as it was
                yield f"bit {bit}, hashes made to fit", record.number, made


def _over(image: Image, place: Place, raw: bytes) -> bytes:
    return image.data[: place.at] + raw + image.data[place.at + len(raw) :]


def _sector_heads(image: Image, chance: random.Random) -> Iterator[Altered]:
    """Mark, header and retired mark of each sector: what lies in it is gone then."""
    for base, found in zip(image.bases, image.sectors, strict=True):
        for bit in chance.sample(range(8 * FIRST), 24):
            data = bytearray(image.data)
            data[base + (bit >> 3)] ^= 1 << (bit & 7)
            if found:
                yield f"bit {bit} of a sector's head", found[0][1].number, bytes(data)


def _deletions(image: Image) -> Iterator[Altered]:
    for place, record in image.places:
        sectors = image.plain()
        del sectors[place.sector][place.index]
        yield "deleted", record.number, image.written(sectors, made=False)
        first = image.places[0][1].number
        closed = rechained(renumbered(sectors, first))
        yield "deleted, the gap closed", record.number, image.written(closed, made=True)


def _swaps(image: Image) -> Iterator[Altered]:
    for place, record in image.places:
        sectors = image.plain()
        own = sectors[place.sector]
        if place.index + 1 < len(own):
            own[place.index], own[place.index + 1] = own[place.index + 1], own[place.index]
            yield "swapped", record.number, image.written(sectors, made=False)
            first = image.places[0][1].number
            yield "swapped, made to fit", record.number, image.written(rechained(renumbered(sectors, first)), made=True)


def _truncations(image: Image) -> Iterator[Altered]:
    for place, record in image.places:
        sectors = image.plain()
        del sectors[place.sector][place.index :]
        data = bytearray(image.written(sectors, made=False))
        for base in image.bases[place.sector + (place.index > 0) :]:
            data[base + 16 : base + SECTOR] = b"\xff" * (SECTOR - 16)  # as after an erase
        yield "cut off", record.number, bytes(data)


def _sectors(image: Image) -> Iterator[Altered]:
    for base, found in zip(image.bases, image.sectors, strict=True):
        data = bytearray(image.data)
        data[base + 16 : base + SECTOR] = b"\xff" * (SECTOR - 16)
        if found:
            yield "a sector erased", found[0][1].number, bytes(data)


def _copies(image: Image, chance: random.Random) -> Iterator[Altered]:
    """A record a second time, behind another one."""
    for _ in range(8):
        (place, _), (_, other) = chance.choice(image.places), chance.choice(image.places)
        sectors = image.plain()
        own = sectors[place.sector]
        if sum(len(record.raw) for record in own) + len(other.raw) > SECTOR - FIRST or other.kind == SUMMARY:
            continue
        own.insert(place.index + 1, other)
        number = own[place.index].number + 1
        in_place = other.number == number  # then the next one stands where it does not belong
        yield "copied", number + in_place, image.written(sectors, made=False)


def _forgeries(image: Image, chance: random.Random) -> Iterator[Altered]:
    """Everything from a record on made anew, with another key."""
    for _ in range(4):
        place, record = chance.choice(image.places)
        sectors = image.plain()
        forged = rechained(sectors, key=OTHER)
        mixed = [
            (old[: place.index] if at == place.sector else []) + new[place.index if at == place.sector else 0 :]
            if at >= place.sector
            else old
            for at, (old, new) in enumerate(zip(sectors, forged, strict=True))
        ]
        yield "forged with another key", record.number, image.written(mixed, made=True)
