"""What ingest must look up for every message, kept in memory: message keys, catalogues, the desk's terms. Never a
device's state."""

from __future__ import annotations

from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.terms import DEFAULT, Terms
from trivet.catalogue import Catalogue
from trivet.keys import Master
from trivet.mac0 import MessageKey, message_keys
from trivet.store.tables import CatalogueRow, DeviceRow, utcnow

MAX_KEYS = 20000  # devices whose keys are kept derived


class Known:
    def __init__(self, master: Master, terms: Terms = DEFAULT) -> None:
        self._master = master
        self.terms = terms  # of the desk
        self._keys: OrderedDict[tuple[str, int], MessageKey] = OrderedDict()
        self._catalogues: dict[int, Catalogue] = {}

    def keys(self, device: DeviceRow) -> list[MessageKey]:
        """The keys of the epochs that are accepted now, the present one first."""
        epochs = [device.key_epoch]
        if device.pending_epoch is not None:
            epochs.append(device.pending_epoch)
        if device.old_epoch_until is not None and device.old_epoch_until > utcnow():
            epochs.append(device.key_epoch - 1)
        return [self.key(device.id, epoch) for epoch in epochs]

    def key(self, device: str, epoch: int) -> MessageKey:
        found = self._keys.get((device, epoch))
        if found is None:
            [found] = message_keys(self._master, device, [epoch])
            self._keys[device, epoch] = found
            if len(self._keys) > MAX_KEYS:
                self._keys.popitem(last=False)
        return found

    async def catalogue(self, session: AsyncSession, number: int) -> Catalogue | None:
        """Catalogues never change under their id; one that is not there may come later, so that is asked again."""
        found = self._catalogues.get(number)
        if found is None:
            row = await session.get(CatalogueRow, number)
            if row is not None:
                found = Catalogue(row.packed, row.rich_json)
                self._catalogues[number] = found
        return found
