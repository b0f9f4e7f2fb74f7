"""`grant`: who works at the service port. Alone it gives a challenge; `grant CREDENTIAL SIGNATURE` answers it; `grant
revoked LIST` brings what the vendor took back (base64 each). Takes the appliance, gives rows (console.py); what is
believed is decided in `granting.py`.
"""

import gc
from binascii import a2b_base64, hexlify

from trivet_wire import ids
from trivet_wire.refuse import WireError

from .grants import Grants, revoked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk

_GRANTING = "appliance.service.granting"
_JUDGING = 12_288  # bytes that must be free for two signatures to be judged
_CHALLENGE = {
    "en": "challenge %s, good for a minute: the program `trivet` answers it with a technician's file",
    "de": "Aufgabe %s, gilt eine Minute: das Programm `trivet` löst sie mit der Datei eines Technikers",
}
_WAIT = {"en": "too many failures: wait %d s", "de": "zu viele Fehlversuche: %d s warten"}
_HELD = {"en": "credential %d holds for %d s", "de": "Ausweis %d gilt noch %d s"}
_WELCOME = {"en": "%s is let in for %d min", "de": "%s ist für %d min zugelassen"}
_KEPT = {"en": "the list is kept", "de": "die Liste ist vermerkt"}


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer to `grant …`."""
    app = talk.app
    if app.ledger is None or app._identity is None:  # nobody could be known, and nothing noted
        raise WireError(ids.R_BUSY)
    grants: Grants | None = app.grants
    if grants is None:
        grants = app.grants = Grants(app.journal)
    if len(said) == 1:
        row = _challenge(talk, grants)
        if talk.people:
            yield row.pop("text")
            return None
        row.pop("text")
        return row
    text = _judge(talk, grants, said[1], said[2])
    if talk.people:
        yield text
    return {"serial": grants.serial, "left_s": grants.left(talk.now)}


def _challenge(talk: "Talk", grants: Grants) -> "dict[str, Any]":
    language = talk.language
    wait = (max(0, grants.free_at - talk.now) + 999) // 1000
    left = grants.left(talk.now)
    row: dict[str, Any] = {"nonce": None, "wait_s": wait, "serial": grants.serial, "left_s": left}
    row["revoked"] = revoked(talk.app.journal)[0]
    if wait:
        row["text"] = _WAIT[language] % wait
        return row
    nonce = talk.app.ports.random(ids.NONCE_SIZE)
    grants.challenge(nonce, talk.now)
    row["nonce"] = hexlify(nonce).decode()
    row["text"] = _CHALLENGE[language] % row["nonce"]
    if left:
        row["text"] = _HELD[language] % (grants.serial, left)
    return row


def _judge(talk: "Talk", grants: Grants, first: str, second: str) -> str:
    app = talk.app
    try:
        message = a2b_base64(second if first == "revoked" else first)
        signature = b"" if first == "revoked" else a2b_base64(second)
    except ValueError:
        raise WireError(ids.R_FIELD) from None
    if app.ports.clock.ticks_ms() >= grants.free_at:  # else nothing is looked at, and nothing gives way
        _make_room(app)
    from .granting import READING, answer, keep

    name = ""
    try:
        if first == "revoked":
            reason = keep(app, app._identity, grants, message)
        else:
            reason, name = answer(app, app._identity, grants, message, signature)
    finally:
        for module in READING:
            app.ports.unload(module)
        app.ports.unload(_GRANTING)
    if reason:
        raise WireError(reason)
    return _WELCOME[talk.language] % (name, grants.left(talk.now) // 60) if name else _KEPT[talk.language]


def _make_room(app: "Any") -> None:
    """An attempt that broke off would count as one: the connection rests for it; an update under way lets go where
    that is not enough, and goes on where it was. R_BUSY, and nothing is counted, where it is never enough."""
    if app.uplink is not None:
        app.uplink.rest(app.ports.clock.link_ms())
    gc.collect()
    if app.machine is not None and gc.mem_free() < _JUDGING:
        app.spare(0)
        gc.collect()
