"""What the bench says, in both languages: one literal table. Takes a key and a language, gives a text."""

from __future__ import annotations

LANGUAGES = ("en", "de")

WORDS: dict[str, tuple[str, str]] = {
    "owner": ("What it means", "Was es bedeutet"),
    "now": ("Until it is repaired", "Bis zur Reparatur"),
    "steps": ("What to do", "Was zu tun ist"),
    "causes": ("Likely causes, most often first", "Wahrscheinliche Ursachen, die häufigste zuerst"),
    "part": ("part", "Teil"),
    "off": ("Switched off by it", "Dadurch abgeschaltet"),
    "severity": ("severity (1 is worst)", "Schwere (1 am schlimmsten)"),
    "hazard": ("HAZARD", "GEFAHR"),
    "no_code": ("a sound code, but none of", "ein richtiger Code, aber keiner von"),
    "no_form": (
        "a code is a letter, two digits, a dash, a digit and a check letter, such as H07-1K",
        "ein Code ist ein Buchstabe, zwei Ziffern, Strich, eine Ziffer, ein Prüfbuchstabe, etwa H07-1K",
    ),
    "no_fit": (
        "the check character does not fit: read the code again, character by character",
        "der Prüfbuchstabe passt nicht: den Code noch einmal lesen, Zeichen für Zeichen",
    ),
    "near": ("Nearest codes", "Nächste Codes"),
    "saved": ("QR code written to", "QR-Code geschrieben nach"),
    "on_van": ("on the van", "im Wagen"),
    "firmware": ("firmware", "Firmware"),
    "unlocked": ("UNLOCKED BOARD", "UNVERRIEGELTE PLATINE"),
    "no_codes": ("No code. The appliance found nothing wrong.", "Kein Code. Das Gerät hat nichts gefunden."),
    "seen": ("seen", "gesehen"),
    "active": ("ACTIVE", "AKTIV"),
    "confirmed": ("CONFIRMED", "BESTÄTIGT"),
    "pending": ("PENDING", "ANSTEHEND"),
    "healed": ("HEALED", "GEHEILT"),
    "aged": ("AGED", "GEALTERT"),
    "none": ("never", "nie"),
    "at_present": ("What its signals say now", "Was die Signale jetzt sagen"),
    "before": ("Before it came", "Bevor er kam"),
    "facts": ("How it was judged", "Wie geurteilt wurde"),
    "limit": ("- - limit", "- - Grenze"),
    "first": ("first", "zuerst"),
    "last": ("last", "zuletzt"),
    "cleared": ("cleared", "gelöscht"),
    "start": ("start", "Start"),
    "passed": ("PASSED", "BESTANDEN"),
    "failed": ("FAILED", "NICHT BESTANDEN"),
    "should": ("should be", "soll"),
    "step": ("step", "Schritt"),
    "done": ("Done.", "Erledigt."),
    "pulled": ("the cable is out: waiting for it", "das Kabel ist ab: es wird gewartet"),
    "plugged": ("the cable is back", "das Kabel ist wieder da"),
    "v_out of range": ("out of range", "außer Bereich"),
    "v_rate": ("jumps", "springt"),
    "v_stuck": ("stuck", "steht"),
    "v_stale": ("silent", "stumm"),
    "v_implausible": ("implausible", "unplausibel"),
    "v_disconnected": ("disconnected", "abgetrennt"),
    "F": ("failure", "Ausfall"),
    "C": ("function check", "Funktionskontrolle"),
    "S": ("out of specification", "außerhalb der Spezifikation"),
    "M": ("maintenance required", "Wartungsbedarf"),
}


def word(key: str, language: str) -> str:
    """A key that nobody wrote (of a later appliance's answer) stands for itself."""
    return WORDS[key][LANGUAGES.index(language)] if key in WORDS else key.removeprefix("v_")
