"""Somebody with the ledger's flash in hand, who knows its format but not its key: can flip, drop, swap, copy and cut
records, and makes every number, CRC and hash fit again. Cannot make a mac.

Takes an image, gives altered images. Reads the format by itself: nothing of the firmware but the layout's numbers.
"""

import binascii
import hashlib
import struct
from dataclasses import dataclass, replace

SECTOR = 4096
FIRST = 48  # of a sector: mark, header, retired
HEAD = struct.Struct("<HBBHIIH")  # length, type, flags, key, number, crc, check
SUMMARY = 8
H_AT, H_END = 12, 44  # of the hash in a summary's payload
MAC = 8


@dataclass(frozen=True)
class Record:
    number: int
    kind: int
    flags: int
    key: int
    payload: bytes
    raw: bytes  # as it lay there, padding included

    def made(self) -> bytes:
        """The record's bytes with CRC and check that fit."""
        start = struct.pack("<HBBHI", len(self.payload), self.kind, self.flags, self.key, self.number)
        head = start + struct.pack("<I", binascii.crc32(self.payload, binascii.crc32(start)))
        check = struct.pack("<H", binascii.crc32(head) & 0xFFFF)
        return head + check + self.payload + bytes(-len(self.payload) % 8)


@dataclass(frozen=True)
class Place:
    """Where a record lies: its sector (place in the ring's order), its place in there, its offset in the image."""

    sector: int
    index: int
    at: int


class Image:
    """A ledger's flash, taken apart: `sectors` are their records, oldest sector first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        order = []
        for base in range(0, len(data), SECTOR):
            mark, header, retired = (data[base + at : base + at + 16] for at in (0, 16, 32))
            if mark[:4] == b"TJ\x01\x00" and header != b"\xff" * 16 and retired == b"\xff" * 16:
                order.append((struct.unpack_from("<I", header)[0], base))
        self.bases = [base for _, base in sorted(order)]
        self.sectors = [list(self._records(base)) for base in self.bases]
        self.places = [
            (Place(sector, index, at), record)
            for sector, found in enumerate(self.sectors)
            for index, (at, record) in enumerate(found)
        ]

    def _records(self, base: int):
        at = base + FIRST
        while at + HEAD.size <= base + SECTOR:
            length, kind, flags, key, number, _, check = HEAD.unpack_from(self.data, at)
            if binascii.crc32(self.data[at : at + 14]) & 0xFFFF != check or at + HEAD.size + length > base + SECTOR:
                at += 8
                continue
            end = at + HEAD.size + length + -length % 8
            payload = self.data[at + HEAD.size : at + HEAD.size + length]
            yield at, Record(number, kind, flags, key, payload, self.data[at:end])
            at = end

    def written(self, sectors: "list[list[Record]]", *, made: bool) -> bytes:
        """An image with these records in the same sectors; `made`: with CRCs that fit, else as they were."""
        data = bytearray(self.data)
        for base, records in zip(self.bases, sectors, strict=True):
            body = b"".join(record.made() if made else record.raw for record in records)
            data[base + FIRST : base + SECTOR] = body.ljust(SECTOR - FIRST, b"\xff")[: SECTOR - FIRST]
        return bytes(data)

    def plain(self) -> "list[list[Record]]":
        return [[record for _, record in found] for found in self.sectors]


def rechained(sectors: "list[list[Record]]", *, key=None) -> "list[list[Record]]":
    """The same records with hashes in all summaries that fit what now stands before them; with a `key`, macs of it."""
    h = None
    done = []
    for records in sectors:
        fresh = []
        for record in records:
            payload = record.payload
            if record.kind == SUMMARY and len(payload) >= H_END:
                h = payload[H_AT:H_END] if h is None else h
                payload = payload[:H_AT] + h + payload[H_END:]
            body = payload[:-MAC]
            digest = hashlib.sha256((h or bytes(32)) + struct.pack("<IB", record.number, record.kind) + body)
            h = digest.digest()
            fresh.append(replace(record, payload=body + key.digest(h)[:MAC] if key else payload))
        done.append(fresh)
    return done


def renumbered(sectors: "list[list[Record]]", first: int) -> "list[list[Record]]":
    """Numbers without a gap, from `first` on."""
    done = []
    for records in sectors:
        done.append([replace(record, number=first + at) for at, record in enumerate(records)])
        first += len(records)
    return done
