"""Why an update does not go on, in words. Takes an ids.R_* and a language, gives the text. Not imported while nobody
asks.
"""

from trivet_wire import ids

# One text a language, divided by |, from R_SIGNATURE on.
_WHYS = {
    "en": "its signature does not fit|it has expired||no trusted clock|||||no room in flash||it is another "
    "vendor's|it is for another board|it is older than what is installed|signed by a revoked key|too few "
    "signatures|no good hash-based signature|its size does not fit|it names what may not be updated|its "
    "content is damaged|it needs another base firmware|its manifest asks for something unknown|it was tried "
    "before|the running base is still on trial|its delta does not fit|not the next set of keys|its owner "
    "said no|a new fault appeared|it did not stay up|it no longer reached its cloud|its line no longer "
    "answered|its vendor took it back",
    "de": "die Unterschrift passt nicht|abgelaufen||keine verlässliche Uhr|||||kein Platz im Speicher||von einem "
    "anderen Hersteller|für ein anderes Gerät|älter als das Installierte|mit einem gesperrten Schlüssel "
    "unterschrieben|zu wenige Unterschriften|keine gültige zweite Unterschrift|die Größe passt nicht|nennt, "
    "was nicht geändert werden darf|der Inhalt ist beschädigt|braucht eine andere Grundsoftware|verlangt "
    "etwas Unbekanntes|schon einmal versucht|die laufende Grundsoftware ist noch auf Probe|die "
    "Änderungsdatei passt nicht|nicht der nächste Schlüsselsatz|der Besitzer hat abgelehnt|eine neue Störung "
    "trat auf|blieb nicht in Betrieb|die Cloud war nicht mehr erreichbar|der Serviceanschluss antwortete "
    "nicht mehr|vom Hersteller zurückgezogen",
}
_MALFORMED = {"en": "it makes no sense", "de": "ergibt keinen Sinn"}


def why(reason: int, language: str) -> str:
    """A reason in words, with its number."""
    said = ""
    if ids.R_SIGNATURE <= reason <= ids.R_WITHDRAWN:
        said = _WHYS[language].split("|")[reason - ids.R_SIGNATURE]
    return (said or _MALFORMED[language]) + " (" + str(reason) + ")"
