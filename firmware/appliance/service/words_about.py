"""What it is and how it stands: `help`, `who`, `link`. Takes the appliance, gives rows for programs and lines for
people (console.py). Also answers where the flash is dead.
"""

import gc

from trivet_wire import ids

from .. import VERSION

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
# The keys of `who` and `link` for people, in their order.
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
    if said[0] == "who":
        names, rows = _WHO, _who(talk)
    else:
        names, rows = _LINK, _link(talk)
    if not talk.people:
        return dict(rows)
    titles = names[talk.language].split("|")
    for i in range(len(rows)):
        yield "%-30s %s" % (titles[i], "-" if rows[i][1] is None else rows[i][1])
    return None


def _who(talk: "Talk") -> "list[tuple[str, Any]]":
    app, ports = talk.app, talk.app.ports
    heart, choice = app.heart, app.choice
    identity = app._identity
    return [
        ("model", heart.model if heart is not None else identity.model if identity is not None else None),
        ("device", identity.device if identity is not None else None),
        ("firmware", VERSION),
        ("bundle", choice.version if choice is not None and choice.bundle else VERSION),
        ("base", ports.running),
        ("catalogue", "%08x" % heart.catalogue_id if heart is not None else None),
        ("uptime_s", talk.now // 1000),
        ("boot", app.boot),
        ("cause", ids.RESET_NAMES[ports.cause]),
        ("locked", ports.locked),
        ("language", talk.language),
        ("region", _region(ports)),
        ("heap_free", gc.mem_free()),
    ]


def _region(ports: "Any") -> "str | None":
    """Where it was sold: a file of provisioning."""
    text = ports.files.read("region")
    return str(text, "utf-8") if text else None


def _link(talk: "Talk") -> "list[tuple[str, Any]]":
    """What nothing else shows of the way to the cloud; None where there is none."""
    app = talk.app
    uplink, spool = app.uplink, app.spool
    client: Any = uplink._client if uplink is not None else None
    broker = state = acked = None
    if uplink is not None:
        host, port = uplink._identity.brokers[uplink._broker]
        broker = host + ":" + str(port)
        state = "up" if uplink.greeted else "down" if not client.state else "dialling"
        if uplink.acked_at >= 0:
            acked = app.ports.clock.link_ms() - uplink.acked_at
    return [
        ("state", state or "none"),
        ("broker", broker),
        ("was_up", uplink.was_up if uplink is not None else None),
        ("waiting", spool.count if spool is not None else None),
        ("reconnects", uplink.reconnects if uplink is not None else None),
        ("forged", uplink.forged if uplink is not None else None),
        ("refused", uplink.refused if uplink is not None else None),
        ("displaced", spool.displaced if spool is not None else None),
        ("missed", app.heart.memory.frames.missed if app.heart is not None else None),
        ("oversized", client._reader.oversized if client is not None else None),
        ("pongs", client.pongs if client is not None else None),
        ("receipt_ms", acked),
    ]
