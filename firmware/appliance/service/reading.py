"""The ledger in plain words, for whoever reads it on the service port: takes the ledger and a language, gives each
record's words, and whether all of them are as they were written. Not imported while nobody asks.

Words stand in one text a language, cut out when they are needed: what is not asked for costs no RAM.
"""

from trivet_wire.code import code_text
from trivet_wire.ids import L_HEAD, L_OLDER, SAFETY

from ..store.binary import unpack_from
from ..trust import chain
from ..trust.ledger import NUMBER
from ..trust.look import Walk, stroll, verify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any

    from ..trust.ledger import Ledger

    Why = Callable[[int, str], str]

_DAY = 86400
_DAYS = {
    "en": "Thursday|Friday|Saturday|Sunday|Monday|Tuesday|Wednesday",  # 1 January 1970 was a Thursday
    "de": "Donnerstag|Freitag|Samstag|Sonntag|Montag|Dienstag|Mittwoch",
}
# By message kind, from 1 on.
_KINDS = {
    "en": "fault %s|what it measured before fault %s|health figures|what it is|your decision|how far this ledger is|"
    "update report|answer to a command|a crash of its program|setup step|feedback|start or end of a programme|||"
    "greeting|a question for a part of an update|the result of a self-test|the end of a service session",
    "de": "Fehler %s|Messwerte vor Fehler %s|Zustandswerte|was es ist|Ihre Entscheidung|Stand dieses Protokolls|"
    "Bericht zum Update|Antwort auf einen Befehl|einen Programmabsturz|Schritt der Einrichtung|Rückmeldung|"
    "Beginn oder Ende eines Programms|||Begrüßung|"
    "Frage nach einem Teil eines Updates|Ergebnis eines Selbsttests|das Ende einer Serviceverbindung",
}
_PURPOSES = {
    "en": "safety|service|improvement|personal use|offers",
    "de": "Sicherheit|Service|Verbesserung|Persönliches|Angebote",
}
_CHANNELS = {
    "en": "at the appliance|over its service port|in your account|by a factory reset",
    "de": "am Gerät|über den Serviceanschluss|in Ihrem Konto|durch Zurücksetzen",
}
_CAUSES = {  # ids.RESET_*
    "en": "unknown|power on|reset|watchdog|deep sleep|restart|brown-out|crash",
    "de": "unbekannt|Einschalten|Reset|Watchdog|Tiefschlaf|Neustart|Unterspannung|Absturz",
}
_COMMANDS = {
    "en": "new key|decision from your account|given away|clear faults|learn anew|restart|update offered|your "
    "answer to an update|hours without updates|update taken back|credentials revoked|service session|self-test|fix",
    "de": "neuer Schlüssel|Entscheidung aus Ihrem Konto|abgegeben|Fehler löschen|neu lernen|Neustart|Update "
    "angeboten|Ihre Antwort auf ein Update|Stunden ohne Updates|Update zurückgezogen|Ausweise widerrufen|"
    "Serviceverbindung|Selbsttest|Abhilfe",
}
_UPDATES = {  # ids.U_*
    "en": "|offered|being fetched|ready|starts|on trial|installed|taken back|refused",
    "de": "|angeboten|wird geladen|bereit|startet|auf Probe|installiert|zurückgenommen|abgelehnt",
}
_WORKS = {  # ids.MAY_*: by bit
    "en": "self-test|faults cleared|fix|update offered",
    "de": "Selbsttest|Fehler gelöscht|Abhilfe|Update angeboten",
}
_WHYS = {
    "en": "is as it was written|is missing or cannot be read|was altered|does not belong there|is gone, with the rest"
    "|is the last one: the journal does not know it|is newer than the journal, which is an old one",
    "de": "ist, wie er geschrieben wurde|fehlt oder ist unlesbar|wurde verändert|gehört nicht dorthin|fehlt, mit allen"
    " danach|ist der letzte: das Journal kennt ihn nicht|ist neuer als das Journal, das ein altes ist",
}
# By record type, then what is put together of them.
_TEXTS = {
    "en": "|started (%s)|sent %s, %d bytes, %s|you said %s to %s, %s|command: %s, %s|faults were cleared, %s|"
    "somebody was at the service port, %s|looked at this ledger: record %d %s|"
    "new page: %d messages sent, %d decisions, %d starts before it; records up to %d gave way|"
    "because you allowed %s|because the law asks for it|yes|no|done|refused (reason %d)|"
    "all records up to %d were cut off, %s|all %d records are as they were written|record %d %s|start %d, %d min|"
    "this ledger begins|update %d: %s%s|release keys %d: %s%s|a technician (credential %d) was let in|"
    "somebody was turned away at the service port (reason %d)|technician (credential %d): %s, %s|"
    "service session %d: %s",
    "de": "|gestartet (%s)|gesendet: %s, %d Bytes, %s|Sie sagten %s zu %s, %s|Befehl: %s, %s|Fehler wurden gelöscht, %s"
    "|jemand war am Serviceanschluss, %s|Protokoll geprüft: Eintrag %d %s|"
    "neue Seite: davor %d Nachrichten gesendet, %d Entscheidungen, %d Starts; Einträge bis %d machten Platz|"
    "weil Sie %s erlaubt haben|weil das Gesetz es verlangt|ja|nein|erledigt|abgelehnt (Grund %d)|"
    "alle Einträge bis %d wurden entfernt, %s|alle %d Einträge sind, wie sie geschrieben wurden|Eintrag %d %s|"
    "Start %d, %d min|dieses Protokoll beginnt|Update %d: %s%s|Update-Schlüssel %d: %s%s|"
    "ein Techniker (Ausweis %d) wurde zugelassen|jemand wurde am Serviceanschluss abgewiesen (Grund %d)|"
    "Techniker (Ausweis %d): %s, %s|Serviceverbindung %d: %s",
}
_ALLOWED, _LAW, _YES, _NO, _DONE, _REFUSED, _CUT, _SOUND, _WRONG, _UPTIME, _BEGINS, _UPDATE = range(9, 21)
_LET_IN, _TURNED_AWAY, _WORK, _SESSION = range(22, 26)
_REMOTE = {  # chain.RM_*
    "en": "begun, for %d min|ended %s|self-test %d, %s|fix: %s, %s",
    "de": "begonnen, für %d min|beendet %s|Selbsttest %d, %s|Abhilfe: %s, %s",
}
_ENDS = {  # ids.END_*
    "en": "when its time was over|by the desk|in your account|at the appliance|for you allow no service any more",
    "de": "mit dem Ende ihrer Zeit|vom Kundendienst|in Ihrem Konto|am Gerät|denn Sie erlauben keinen Service mehr",
}
_FIXES = {  # ids.FIXES
    "en": "learn anew what is normal|start whole again|restart|the last fix undone",
    "de": "neu lernen, was normal ist|wieder ganz starten|neu starten|letzte Abhilfe rückgängig",
}


def _of(texts: "dict[str, str]", language: str, number: int) -> str:
    """One word of a list; its number where it has none."""
    text = texts[language]
    start = 0
    for _ in range(number):
        start = text.find("|", start) + 1
        if not start:
            return str(number)
    end = text.find("|", start)
    return text[start : end if end >= 0 else len(text)] or str(number)


def recite(
    ledger: "Ledger", language: str, last: int, why: "Why"
) -> "Generator[tuple[int, str, str] | None, None, None]":
    """(number, when, words) of each of the newest `last` sound records, oldest first; None between some of them, where
    others may have their turn. `why(reason, language)` has the words of an update's reasons. OSError: dead flash."""
    walk = Walk(ledger)
    told = 0
    for sound in stroll(ledger, walk):
        if sound and walk.number > max(told, ledger.end[NUMBER] - last):
            told = walk.number
            wall, uptime = unpack_from(chain.TIME_FORMAT, walk.body)
            boot = walk.tally[chain.T_BOOT]
            yield told, when(wall, uptime, boot, language), words(walk.kind, walk.body, language, why)
        elif not sound:
            yield None


def verdict(ledger: "Ledger", language: str, known: bool = True, walk: Walk | None = None) -> "tuple[int, int, str]":
    """(number of the first record that is not as it was written or 0, ids.L_*, that in words); `known`: the journal
    knows an end; `walk`: one that has come to its end. OSError: dead flash."""
    walk = walk or Walk(ledger)
    first, why = verify(ledger, walk)
    if not known and walk.number > 1 and why in (0, L_OLDER):
        first, why = walk.number, L_HEAD
    if first:
        return first, why, _of(_TEXTS, language, _WRONG) % (first, _of(_WHYS, language, why))
    return 0, 0, _of(_TEXTS, language, _SOUND) % (walk.number - walk.oldest + 1 if walk.number else 0)


def when(wall: int, uptime: int, boot: int, language: str) -> str:
    """`Tuesday 18:04` (UTC); without a clock the start and the minutes since it."""
    if not wall:
        return _of(_TEXTS, language, _UPTIME) % (boot, uptime // 60)
    minutes = wall % _DAY // 60
    return "%s %02d:%02d" % (_of(_DAYS, language, wall // _DAY % 7), minutes // 60, minutes % 60)


def words(kind: int, body: "bytes | memoryview", language: str, why: "Why") -> str:
    """A record in words; `body` begins with its time, `why` as in `recite`."""
    text = _of(_TEXTS, language, kind)
    if kind == chain.SUMMARY:
        return _summary(body, language)
    if kind == chain.UPDATED:
        return _updated(body, language, why)
    if kind == chain.GRANTED or kind == chain.WORKED:
        return _worked(kind, body, language)
    if kind == chain.REMOTE:
        return _session(body, language)
    if not 0 < kind < chain.TYPES:
        return str(kind)  # of a later firmware
    row: "tuple[Any, ...]" = unpack_from(chain.FORMATS[kind], body, chain.TIME)
    if kind == chain.STARTED:
        return text % _of(_CAUSES, language, row[1])
    if kind == chain.SENT:
        return text % (_message(row[0], row[5], language), row[2], _because(row[1], language))
    if kind == chain.DECIDED:
        said = _of(_TEXTS, language, _YES if row[2] else _NO)
        return text % (said, _of(_PURPOSES, language, row[1]), _of(_CHANNELS, language, row[3]))
    if kind == chain.COMMAND:
        done = _of(_TEXTS, language, _REFUSED) % row[2] if row[2] else _of(_TEXTS, language, _DONE)
        return text % (_of(_COMMANDS, language, row[0] - 1), done)
    if kind == chain.CLEARED or kind == chain.ACCESS:
        return text % _of(_CHANNELS, language, row[0])
    if kind == chain.FOUND:
        return text % (row[0], _of(_WHYS, language, row[1]))
    return text


def _updated(body: "bytes | memoryview", language: str, why: "Why") -> str:
    state, reason, what, sequence, _ = unpack_from(chain.FORMATS[chain.UPDATED], body, chain.TIME)
    said = ": " + why(reason, language) if reason else ""
    return _of(_TEXTS, language, _UPDATE + what) % (sequence, _of(_UPDATES, language, state), said)


def _worked(kind: int, body: "bytes | memoryview", language: str) -> str:
    """What somebody did, or tried, at the service port."""
    row: "tuple[int, ...]" = unpack_from(chain.FORMATS[kind], body, chain.TIME)
    if kind == chain.GRANTED:
        return _of(_TEXTS, language, _TURNED_AWAY) % row[2] if row[2] else _of(_TEXTS, language, _LET_IN) % row[0]
    serial, may, _, reason = row
    work = 0
    while may >> work > 1:
        work += 1
    done = _of(_TEXTS, language, _REFUSED) % reason if reason else _of(_TEXTS, language, _DONE)
    return _of(_TEXTS, language, _WORK) % (serial, _of(_WORKS, language, work), done)


def _session(body: "bytes | memoryview", language: str) -> str:
    """What the desk did from afar."""
    number, what, which, reason = unpack_from(chain.FORMATS[chain.REMOTE], body, chain.TIME)
    text = _of(_REMOTE, language, what)
    done = _of(_TEXTS, language, _REFUSED) % reason if reason else _of(_TEXTS, language, _DONE)
    said: "tuple[Any, ...]" = (which, done)
    if what == chain.RM_BEGUN:
        said = (which,)
    elif what == chain.RM_ENDED:
        said = (_of(_ENDS, language, which),)
    elif what == chain.RM_FIX:
        said = (_of(_FIXES, language, which), done)
    return _of(_TEXTS, language, _SESSION) % (number, text % said)


def _message(kind: int, code: int, language: str) -> str:
    """What was sent."""
    text = _of(_KINDS, language, kind - 1)
    return text % ("?" if code == chain.NO_CODE else code_text(code)) if "%" in text else text


def _because(needs: int, language: str) -> str:
    """Under which of the owner's decisions a message went."""
    for purpose in range(7, SAFETY, -1):
        if needs >> purpose & 1:
            return _of(_TEXTS, language, _ALLOWED) % _of(_PURPOSES, language, purpose)
    return _of(_TEXTS, language, _LAW)


def _summary(body: "bytes | memoryview", language: str) -> str:
    row = unpack_from(chain.SUMMARY_FORMAT, body, chain.TIME)
    channel = row[-1]
    if channel != chain.GAVE_WAY:
        return _of(_TEXTS, language, _CUT) % (row[0], _of(_CHANNELS, language, channel))
    counts = row[1 + chain.T_COUNTS : -1]  # by type; the first is the number of the last decision
    if not any(counts):
        return _of(_TEXTS, language, _BEGINS)
    sums = (counts[chain.SENT], counts[chain.DECIDED], counts[chain.STARTED], row[0])
    return _of(_TEXTS, language, chain.SUMMARY) % sums
