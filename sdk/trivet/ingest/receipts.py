"""Receipts: how far an appliance may forget. Takes a device and boot inside a transaction, gives the floor below
which every message is stored, refused or lost before a HELLO said so; seals the ACK that says it. Sends nothing.
"""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import cbor, ids

from trivet.mac0 import MessageKey
from trivet.store.tables import MessageRow, ReceiptRow, RefusedRow

_STEP = 1000  # numbers looked at in one query


async def raise_floor(session: AsyncSession, device: str, boot: int, at_least: int = 0) -> int:
    """Moves the floor over all numbers that follow it without a gap, from `at_least` if that is higher."""
    row = await session.get(ReceiptRow, (device, boot))
    if row is None:
        row = ReceiptRow(device=device, boot=boot, floor=0)
        session.add(row)
    floor = max(row.floor, at_least)
    while True:
        seqs = await _above(session, device, boot, floor)
        start = floor
        for seq in seqs:
            if seq != floor + 1:
                break
            floor = seq
        if floor - start < _STEP:
            break
    row.floor = floor
    return floor


async def _above(session: AsyncSession, device: str, boot: int, floor: int) -> list[int]:
    one, other = (
        select(table.seq).where(table.device == device, table.boot == boot, table.seq > floor)
        for table in (MessageRow, RefusedRow)
    )
    both = union(one, other).subquery()
    return list(await session.scalars(select(both.c.seq).order_by(both.c.seq).limit(_STEP)))


def seal_ack(key: MessageKey, boot: int, floor: int, refused: dict[int, int]) -> bytes:
    """The ACK for one boot; `refused` is seq -> reason. Those that do not fit come with the next one."""
    listed = [[seq, reason] for seq, reason in sorted(refused.items())[: ids.MAX_REFUSED]]
    return key.seal(cbor.encode([ids.VERSION, ids.ACK, boot, floor, 0, None, 0, listed]))
