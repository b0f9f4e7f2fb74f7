"""A visit as an entry for the owner's calendar (RFC 5545, RFC 5546). Takes a visit, gives the bytes of an `.ics` file.
A moved or cancelled visit replaces its earlier entry by UID and SEQUENCE.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from trivet.store.visits import CANCELLED
from trivet.visits.listing import Visit
from trivet.visits.quote import plain

_SUMMARY = {"en": "Technician for your appliance: {code}", "de": "Techniker für Ihr Gerät: {code}"}
_TEXT = {
    "en": "Somebody comes between {begin} and {end}. Parts: {parts}. To pay at most: {price}.",
    "de": "Zwischen {begin} und {end} kommt jemand. Teile: {parts}. Höchstens zu zahlen: {price}.",
}
_NONE = {"en": "none", "de": "keine"}
_FREE = {"en": "nothing, it is under warranty", "de": "nichts, die Garantie trägt es"}


def invitation(visit: Visit, *, language: str, organizer: str, now: dt.datetime) -> bytes:
    """`organizer`: a mail address of the vendor."""
    language = language if language in _SUMMARY else "en"
    gone = visit.state == CANCELLED
    event = Event()
    event.add("uid", visit.uid)
    event.add("sequence", visit.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", visit.begins)
    event.add("dtend", visit.ends)
    event.add("organizer", vCalAddress(f"mailto:{organizer}"))
    event.add("status", "CANCELLED" if gone else "CONFIRMED")
    event.add("summary", _SUMMARY[language].format(code=visit.code))
    event.add("location", visit.address)
    event.add("description", _description(visit, language))
    calendar = Calendar()
    calendar.add("prodid", "-//Trivet//visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if gone else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _description(visit: Visit, language: str) -> str:
    zone = ZoneInfo(visit.zone)
    return _TEXT[language].format(
        begin=f"{visit.begins.astimezone(zone):%H:%M}",
        end=f"{visit.ends.astimezone(zone):%H:%M}",
        parts=", ".join(visit.parts) or _NONE[language],
        price=_FREE[language] if visit.warranty else plain(visit.price_minor, visit.currency),
    )
