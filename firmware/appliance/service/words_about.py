"""What it is and how it stands: `help`, `who`, `link`. Takes the appliance, gives rows for programs and lines for
people (console.py). Also answers where the flash is dead.
"""

import gc

from trivet_wire import ids

from .. import VERSION
from . import console
from .cells import padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk

_HELP = {
    "en": """who                         what this appliance is
codes [all]                 what it found wrong
show CODE                   evidence, advice and parts of a code
live [SIGNAL ...] [every MS] what it measures, until the next line
qr CODE                     a code to scan
link                        its way to the cloud
watch                       what happens, until the next line
consent                     what its owner allowed
consent PURPOSE yes|no      * service, improve, personal, offers
ledger [verify]             what it sent and what was done to it
update                      how far an update is
update yes|no|later HOURS   *
update hours 7-22|none      * hours without updates
factory reset               * everything of its owner goes
grant                       a technician's
test [ROUTINE]              ** self-tests
fix [NAME]                  ** what can be set right from here
clear CODE|all              ** after a repair
stop, echo on|off, bye
*  within 30 s of the appliance's button   ** with a technician's grant""",
    "de": """who                         was dieses Gerät ist
codes [all]                 was es an Fehlern fand
show CODE                   Befund, Rat und Teile zu einem Code
live [SIGNAL ...] [every MS] was es misst, bis zur nächsten Zeile
qr CODE                     ein Code zum Abfotografieren
link                        der Weg zur Cloud
watch                       was geschieht, bis zur nächsten Zeile
consent                     was der Besitzer erlaubt hat
consent PURPOSE yes|no      * service, improve, personal, offers
ledger [verify]             was es gesendet hat und was mit ihm geschah
update                      wie weit ein Update ist
update yes|no|later STUNDEN *
update hours 7-22|none      * Stunden ohne Updates
factory reset               * alles vom Besitzer wird gelöscht
grant                       die Berechtigung eines Technikers
test [ROUTINE]              ** Selbsttests
fix [NAME]                  ** was sich von hier aus richten lässt
clear CODE|all              ** nach einer Reparatur
stop, echo on|off, bye
*  binnen 30 s nach der Taste am Gerät   ** mit Technikerberechtigung""",
}
# What `who` and `link` say, for programs and for people.
_WHO_NAMES = "model device firmware bundle base catalogue uptime_s boot cause locked language region heap_free"
_LINK_NAMES = "state broker was_up waiting reconnects forged refused displaced missed oversized pongs receipt_ms"
_WHO = {
    "en": "model|device|firmware|bundle|base|catalogue|running for s|starts|last reset|locked|language|region|"
    "free heap",
    "de": "Modell|Gerät|Firmware|Bundle|Basis|Katalog|läuft seit s|Starts|letzter Reset|verriegelt|Sprache|Region|"
    "freier Heap",
}
_LINK = {
    "en": "state|broker|since start connected|waits to be sent|lost connections|receipts that did not verify|refused "
    "by the cloud|displaced|not captured|too large|answered pings|last receipt ms ago",
    "de": "Zustand|Broker|seit dem Start verbunden|wartet auf Versand|verlorene Verbindungen|ungültige Quittungen|von "
    "der Cloud abgelehnt|verdrängt|nicht erfasst|zu groß|beantwortete Pings|letzte Quittung vor ms",
}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to one of the words."""
    if said[0] == "help":
        for line in _HELP[talk.language].split("\n"):
            yield line if talk.people else {"text": line}
        return None
    names, titles, values = (_WHO_NAMES, _WHO, _who(talk)) if said[0] == "who" else (_LINK_NAMES, _LINK, _link(talk))
    if not talk.people:
        return console.row(names, *values)
    listed = titles[talk.language].split("|")
    for i in range(len(listed)):
        yield "%s %s" % (padded(listed[i], 30), "-" if values[i] is None else values[i])
    return None


def _who(talk: "Talk") -> "tuple[Any, ...]":
    app, ports = talk.app, talk.app.ports
    heart, choice, identity = app.heart, app.choice, app._identity
    cause: str = ids.RESET_NAMES[int(ports.cause)]
    gc.collect()  # free is what nobody holds, whenever the last collection was
    return (
        heart.model if heart is not None else identity.model if identity is not None else None,
        identity.device if identity is not None else None,
        VERSION,
        choice.version if choice is not None and choice.bundle else VERSION,
        ports.running,
        "%08x" % heart.catalogue_id if heart is not None else None,
        talk.now // 1000,
        app.boot,
        cause,
        ports.locked,
        talk.language,
        _region(ports),
        gc.mem_free(),
    )


def _region(ports: "Any") -> "str | None":
    """Where it was sold: a file of provisioning."""
    text = ports.files.read("region")
    return str(text, "utf-8") if text else None


def _link(talk: "Talk") -> "tuple[Any, ...]":
    """What nothing else shows of the way to the cloud; None where there is none."""
    app = talk.app
    uplink, spool = app.uplink, app.spool
    missed = app.heart.memory.frames.missed if app.heart is not None else None
    waiting, displaced = (spool.count, spool.displaced) if spool is not None else (None, None)
    if uplink is None:
        return "none", None, None, waiting, None, None, None, displaced, missed, None, None, None
    client: Any = uplink._client
    host, port = uplink._identity.brokers[uplink._broker]
    state = "up" if uplink.greeted else "dialling" if client.state else "down"
    acked = app.ports.clock.link_ms() - uplink.acked_at if uplink.acked_at >= 0 else None
    way = (state, host + ":" + str(port), uplink.was_up, waiting, uplink.reconnects, uplink.forged, uplink.refused)
    return way + (displaced, missed, client._reader.oversized, client.pongs, acked)
