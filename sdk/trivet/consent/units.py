"""What the numbers of a message mean: unit and meaning of every field of every kind, for exports. Takes a kind, gives
its fields; a test holds it against `trivet.models`, so that no field goes out without its unit.
"""

from __future__ import annotations

from typing import NamedTuple

from trivet_wire import ids


class Field(NamedTuple):
    unit: str  # as the International System writes it; empty for counts, names and flags
    en: str
    de: str


_OCCURRENCE = Field("", "How many times this fault came", "Wie oft dieser Fehler kam")
_EVENT = Field("", "Number of the fault in its catalogue", "Nummer des Fehlers in seinem Katalog")
_STATUS = Field("", "Status byte (ISO 14229-1, annex D.2)", "Statusbyte (ISO 14229-1, Anhang D.2)")
_CATALOGUE = Field("", "Version of the fault catalogue", "Fassung des Fehlerkatalogs")
_MODEL = Field("", "Model", "Modell")
_FIRMWARE = Field("", "Software version", "Softwarestand")
_SESSION = Field("", "Number of the service session", "Nummer der Serviceverbindung")
_SIGNATURE = Field("", "Signature of the appliance's own key", "Signatur mit dem eigenen Schlüssel des Geräts")

FIELDS: dict[int, dict[str, Field]] = {
    ids.FAULT: {"event": _EVENT, "status": _STATUS, "occurrence": _OCCURRENCE, "catalogue": _CATALOGUE},
    ids.EVIDENCE: {
        "event": _EVENT,
        "status": _STATUS,
        "catalogue": _CATALOGUE,
        "trigger": Field("", "What made it be taken: 0 to 3", "Was den Anstoß gab: 0 bis 3"),
        "cycle": Field("", "Operation cycle", "Lauf des Geräts"),
        "occurrence": _OCCURRENCE,
        "fdc_max": Field("", "Highest fault detection counter, -128 to 127", "Höchster Fehlerzähler, -128 bis 127"),
        "inhibited": Field("", "Functions switched off, as a mask", "Abgeschaltete Funktionen, als Maske"),
        "period_ms": Field("ms", "Time between two samples", "Zeit zwischen zwei Messwerten"),
        "verdicts": Field("", "What other monitors said, by event", "Was andere Prüfungen sagten, je Ereignis"),
        "frames": Field("", "Measured just before; scaled in `series`", "Kurz davor gemessen; skaliert in `series`"),
        "signature": _SIGNATURE,
    },
    ids.HEARTBEAT: {
        "heap_free_kib": Field("KiB", "Free memory", "Freier Speicher"),
        "rssi_dbm": Field("dBm", "Strength of the radio", "Stärke des Funks"),
        "reconnects": Field("", "Connections made since the start or the yes", "Verbindungen seit Start oder Ja"),
        "queued": Field("", "Messages waiting", "Wartende Nachrichten"),
        "cycles": Field("", "Cycles since the yes", "Läufe seit dem Ja"),
        "overruns": Field("", "Late ticks since the start or the yes", "Verspätete Takte seit Start oder Ja"),
    },
    ids.INVENTORY: {
        "model": _MODEL,
        "firmware": _FIRMWARE,
        "catalogue": _CATALOGUE,
        "reset_cause": Field("", "Why it started: 0 to 7", "Warum es startete: 0 bis 7"),
        "starts": Field("", "Starts so far", "Starts bisher"),
    },
    ids.CONSENT: {
        "purpose": Field("", "Purpose: 0 to 4", "Zweck: 0 bis 4"),
        "granted": Field("", "1 yes, 0 no", "1 ja, 0 nein"),
        "mask": Field("", "What held after it, one bit per purpose", "Was danach galt, ein Bit je Zweck"),
        "text_hash": Field("", "Version of the text shown", "Fassung des gezeigten Textes"),
        "language": Field("", "Language of the text", "Sprache des Textes"),
        "channel": Field("", "Where it was decided: 0 to 3", "Wo entschieden wurde: 0 bis 3"),
        "signature": _SIGNATURE,
    },
    ids.COMMAND_RESULT: {
        "counter": Field("", "Which command", "Welcher Befehl"),
        "command": Field("", "What was asked", "Was verlangt war"),
        "reason": Field("", "0 done, else why not", "0 getan, sonst warum nicht"),
    },
    ids.LEDGER_HEAD: {
        "counter": Field("", "Number of the newest record", "Nummer des neuesten Eintrags"),
        "head": Field("", "Hash over all records", "Prüfwert über alle Einträge"),
        "wrong": Field("", "First record that is not as it was written", "Erster Eintrag, der nicht mehr so dasteht"),
        "why": Field("", "What is wrong with it", "Was daran falsch ist"),
        "signature": _SIGNATURE,
    },
    ids.UPDATE_REPORT: {
        "digest": Field("", "Which update: start of its manifest's hash", "Welches Update: Anfang seines Prüfwerts"),
        "sequence": Field("", "Number of the update", "Nummer des Updates"),
        "state": Field("", "How far it is: 0 to 8", "Wie weit es ist: 0 bis 8"),
        "reason": Field("", "Why it does not go on, 0: it does", "Warum es nicht weitergeht, 0: es geht weiter"),
        "version": Field("", "Version of the update", "Stand des Updates"),
        "from_version": Field("", "Version before it", "Stand davor"),
        "trial_s": Field("s", "Time on trial", "Zeit auf Probe"),
        "trial_cycles": Field("", "Cycles on trial", "Läufe auf Probe"),
        "event": Field("", "Number of the fault that it brought", "Nummer des Fehlers, den es brachte"),
        "signature": _SIGNATURE,
    },
    ids.SELF_TEST: {
        "session": _SESSION,
        "counter": Field("", "Which command", "Welcher Befehl"),
        "routine": Field("", "Name of the self-test", "Name des Selbsttests"),
        "reason": Field("", "0 passed, else why not", "0 bestanden, sonst warum nicht"),
        "step": Field("", "Step that ran last", "Letzter Schritt"),
        "steps": Field("", "Steps of the self-test", "Schritte des Selbsttests"),
        "catalogue": _CATALOGUE,
        "measured": Field(
            "",
            "Signal, one that is taken off it, comparison, limit, measured; scaled as the signal is",
            "Signal, davon abgezogenes, Vergleich, Grenze, gemessen; skaliert wie das Signal",
        ),
        "signature": _SIGNATURE,
    },
    ids.SESSION: {
        "session": _SESSION,
        "by": Field("", "Who ended it: 0 to 4", "Wer sie beendete: 0 bis 4"),
    },
    ids.CRASH: {
        "hash": Field("", "Equal for equal crashes", "Gleich für gleiche Abstürze"),
        "file": Field("", "Where in the software", "Wo in der Software"),
        "line": Field("", "Line there", "Zeile dort"),
        "task": Field("", "What was running", "Was gerade lief"),
    },
    ids.OPERATION: {
        "cycle": Field("", "Operation cycle", "Lauf des Geräts"),
        "started": Field("", "1 start, 0 end", "1 Beginn, 0 Ende"),
    },
}
