"""Runs in a cloud: looks now and then whether an owner's clock was put forward or back, and tells their appliance.
Takes a store; a failure is logged and tried again.
"""

from __future__ import annotations

import logging

from trivet.consent.access import Sessions
from trivet.store.tables import utcnow
from trivet.turns import repeat
from trivet.updates import wishes

EVERY_S = 900
log = logging.getLogger("trivet.updates")


async def run(store: Sessions) -> None:
    """Until cancelled."""

    async def turn() -> None:
        async with store.writing() as session:
            told = await wishes.retell(session, utcnow())
        if told:
            log.info("told %d appliances that their owner's clock has changed", told)

    await repeat(turn, EVERY_S, log, "excluded hours")
