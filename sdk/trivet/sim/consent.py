"""The decision of the simulated appliance's owner as a line for the appliance. The hash of the text that was shown
travels with it, so that the cloud knows which text was agreed to; the texts are the cloud's own.
"""

from trivet.consent import texts


def text_hash(purpose: str, language: str) -> int:
    """First four bytes of SHA-256 over the text shown; 0 where none is shown."""
    return texts.text(purpose, language).hash


def consent_line(purpose: str, granted: bool, language: str = "en") -> str:
    """The owner's decision as the appliance's line takes it."""
    return f"consent {purpose} {'yes' if granted else 'no'} {language} {text_hash(purpose, language):08x}"
