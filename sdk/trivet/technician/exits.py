"""How the bench's commands end: one literal table, stable, for scripts that call them. Numbers are never given anew."""

DONE = 0
REFUSED = 1
USAGE = 2
NO_BOARD = 3
SILENT = 4
GARBLED = 5
NO_GRANT = 6
FAILED = 7

EXITS = {
    DONE: ("done", "getan"),
    REFUSED: ("the appliance refused it, and says why", "das Gerät lehnt es ab und sagt, warum"),
    USAGE: (
        "a wrong option, a misread code, a name that is not known",
        "falsche Option, verlesener Code, fremder Name",
    ),
    NO_BOARD: (
        "no board found, or several, or its port cannot be opened",
        "kein Gerät, mehrere, oder Port nicht offen",
    ),
    SILENT: ("no answer in time, or the cable was pulled", "keine Antwort, oder das Kabel ist ab"),
    GARBLED: ("an answer that is none of this protocol", "eine Antwort, die nicht zum Protokoll gehört"),
    NO_GRANT: ("it needs a technician's credential that the appliance takes", "es fehlt ein gültiger Technikerausweis"),
    FAILED: ("the self-test failed", "der Selbsttest ist durchgefallen"),
}
