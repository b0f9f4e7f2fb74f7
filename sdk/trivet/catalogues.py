"""Boards into the catalogues table: packed as appliances carry it, rich as the desk shows it.

Takes boards and a store, gives catalogue ids. Never removes one: appliances in the field keep naming old ones.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from trivet_wire.catalogue import catalogue_id

from trivet import boards
from trivet.cases import rich
from trivet.store import Store
from trivet.store.tables import CatalogueRow

log = logging.getLogger("trivet.serve")


async def add(store: Store, model: str, packed: bytes, rich_json: dict[str, Any]) -> int:
    """Texts and causes may be corrected under the same id; the packed rows are the id."""
    rich.load(rich_json)
    number = catalogue_id(packed)
    async with store.writing() as session:
        row = await session.get(CatalogueRow, number)
        if row is None:
            session.add(CatalogueRow(id=number, model=model, packed=packed, rich_json=rich_json))
        elif row.rich_json != rich_json:
            row.rich_json = rich_json
    return number


async def add_board(store: Store, name_or_path: str | Path) -> tuple[str, int]:
    """Model and catalogue id of a board; raises BoardError."""
    board = boards.load(name_or_path)
    return board.model, await add(store, board.model, boards.packed_catalogue(board), boards.rich(board))


async def add_known(store: Store) -> dict[str, int]:
    """Every board that comes with the SDK. One with a mistake in its files does not stop the others."""
    found = {}
    for name in boards.available():
        try:
            model, number = await add_board(store, name)
        except boards.BoardError as error:
            log.error("the catalogue of board %s is left out: %s", name, error)
        else:
            found[model] = number
    return found
