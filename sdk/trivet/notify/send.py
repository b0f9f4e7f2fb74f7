"""One message to one address of apprise. Takes both, gives why it was not taken; keeps nothing, tries once."""

from __future__ import annotations

import asyncio

import apprise

from trivet.notify.texts import Message

SEND_S = 30.0


async def send(url: str, message: Message) -> str:
    """Empty when the channel took it, else why not. apprise blocks: it works in a thread, bounded in time."""
    target = apprise.Apprise()
    if not target.add(url):
        return "apprise does not take this address"
    work = asyncio.to_thread(target.notify, body=message.body, title=message.subject, body_format="text")
    try:
        taken = await asyncio.wait_for(work, SEND_S)
    except TimeoutError:
        return f"the channel did not answer within {SEND_S:g} s"
    return "" if taken else "the channel did not take it"
