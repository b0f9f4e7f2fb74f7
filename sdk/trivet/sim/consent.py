"""What the simulated appliance's owner is shown before a decision, and the decision as a line for the appliance.

The text's hash travels with the decision, so that the cloud knows which text was agreed to.
"""

import hashlib

TEXTS = {
    ("service", "en"): "When something fails, this appliance sends what failed and what it measured just before to the "
    "maker's service desk, so that help comes with the right part. Saying no never changes the warranty.",
    ("service", "de"): "Bei einer Störung sendet dieses Gerät, was ausfiel und was es kurz davor gemessen hat, an den "
    "Kundendienst des Herstellers, damit Hilfe mit dem richtigen Teil kommt. Ein Nein ändert nie die Gewährleistung.",
    (
        "improve",
        "en",
    ): "This appliance sends a few figures on its health now and then, so that the maker can build better "
    "ones. Saying no changes nothing.",
    (
        "improve",
        "de",
    ): "Dieses Gerät sendet gelegentlich einige Zahlen über seinen Zustand, damit der Hersteller bessere "
    "bauen kann. Ein Nein ändert nichts.",
}


def text_hash(purpose: str, language: str) -> int:
    """First four bytes of SHA-256 over the text shown; 0 where none is shown."""
    text = TEXTS.get((purpose, language), "")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") if text else 0


def consent_line(purpose: str, granted: bool, language: str = "en") -> str:
    """The owner's decision as the appliance's line takes it."""
    return f"consent {purpose} {'yes' if granted else 'no'} {language} {text_hash(purpose, language):08x}"
