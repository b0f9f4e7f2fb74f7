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
    "F": ("failure", "Ausfall"),
    "C": ("function check", "Funktionskontrolle"),
    "S": ("out of specification", "außerhalb der Spezifikation"),
    "M": ("maintenance required", "Wartungsbedarf"),
}


def word(key: str, language: str) -> str:
    """KeyError for a key that nobody wrote."""
    return WORDS[key][LANGUAGES.index(language)]
