"""Every integer that travels: message kinds, field positions, purposes, limits. Each stands here once.

Shared by appliance and cloud, imported unchanged by both. Append-only: a released number never changes its meaning.
"""

VERSION = 1  # of the payload layout below

# Limits for untrusted bytes (contract: "Decoding untrusted bytes").
MAX_MESSAGE = 4096  # bytes, whole envelope
MAX_DEPTH = 6  # nesting of CBOR arrays and maps
TAG_SIZE = 8  # bytes, HMAC 256/64 (RFC 9053, section 3.1)
MAX_REFUSED = 32  # refusals listed in one receipt: what an appliance reads of it, and what fits its buffer
DEVICE_ID_SIZE = 8  # bytes; 16 hex digits in people's and topics' form

# Positions in the payload array: [version, kind, boot, seq, uptime_ms, wall_s | null, consent_seq, body].
F_VERSION = 0
F_KIND = 1
F_BOOT = 2
F_SEQ = 3
F_UPTIME_MS = 4
F_WALL_S = 5
F_CONSENT_SEQ = 6
F_BODY = 7
FIELDS = 8

# Message kinds, appliance to cloud.
FAULT = 1
EVIDENCE = 2
HEARTBEAT = 3
INVENTORY = 4
CONSENT = 5
LEDGER_HEAD = 6
UPDATE_REPORT = 7
COMMAND_RESULT = 8
CRASH = 9
SETUP_STEP = 10
FEEDBACK = 11
OPERATION = 12
HELLO = 15  # state on connect; never spooled, never stored under (device, boot, seq)

# Message kinds, cloud to appliance.
ACK = 32  # receipt: header boot, seq are cumulative; body [[seq, reason], ...] lists what was refused
COMMAND = 33
CONSENT_TEXT = 34
UPDATE_OFFER = 35

# The last part of a topic, by kind: t/<device>/u/<name> up, t/<device>/d/<name> down.
KIND_NAMES = {
    FAULT: "fault",
    EVIDENCE: "evidence",
    HEARTBEAT: "heartbeat",
    INVENTORY: "inventory",
    CONSENT: "consent",
    LEDGER_HEAD: "ledger",
    UPDATE_REPORT: "update",
    COMMAND_RESULT: "result",
    CRASH: "crash",
    SETUP_STEP: "setup",
    FEEDBACK: "feedback",
    OPERATION: "operation",
    HELLO: "hello",
    ACK: "ack",
    COMMAND: "command",
    CONSENT_TEXT: "text",
    UPDATE_OFFER: "offer",
}

# Purposes (consent.md; names as in the W3C Data Privacy Vocabulary's spirit). A mask has bit `1 << purpose`.
SAFETY = 0
SERVICE = 1
IMPROVE = 2
PERSONAL = 3
OFFERS = 4
PURPOSE_NAMES = ("safety", "service", "improve", "personal", "offers")

# The purpose of every kind the appliance sends. A fault takes its purpose from its catalogue row instead.
KIND_PURPOSE = {
    FAULT: SERVICE,
    EVIDENCE: SERVICE,
    HEARTBEAT: IMPROVE,
    INVENTORY: SERVICE,
    CONSENT: SAFETY,
    LEDGER_HEAD: SAFETY,
    UPDATE_REPORT: SAFETY,
    COMMAND_RESULT: SAFETY,  # answers the owner's or the vendor's own legal act, and says nothing of its use
    CRASH: SERVICE,
    SETUP_STEP: SERVICE,
    FEEDBACK: SERVICE,
    OPERATION: PERSONAL,
    HELLO: SAFETY,
}

# Who decided (message CONSENT, field `channel`).
BY_APPLIANCE = 0
BY_SERIAL = 1
BY_ACCOUNT = 2
BY_FACTORY_RESET = 3  # nobody: what the owner before had decided is over

# Status byte (ISO 14229-1, annex D.2).
TEST_FAILED = 0x01
TEST_FAILED_THIS_CYCLE = 0x02
PENDING = 0x04
CONFIRMED = 0x08
NOT_COMPLETED_SINCE_CLEAR = 0x10
FAILED_SINCE_CLEAR = 0x20
NOT_COMPLETED_THIS_CYCLE = 0x40
WARNING_INDICATOR = 0x80
STATUS_INITIAL = 0x50

# Monitor verdicts (AUTOSAR Dem_EventStatusType, plus NOT_RUN for a monitor whose input is not valid).
PASSED = 0
FAILED = 1
PREPASSED = 2
PREFAILED = 3
NOT_RUN = 4

# Validity of a signal.
VALID = 0
OUT_OF_RANGE = 1
RATE = 2
STUCK = 3
STALE = 4
IMPLAUSIBLE = 5
DISCONNECTED = 6
VALIDITY_NAMES = ("valid", "out of range", "rate", "stuck", "stale", "implausible", "disconnected")

# What made a freeze frame be taken.
TRIGGER_FDC = 0
TRIGGER_TEST_FAILED = 1
TRIGGER_PENDING = 2
TRIGGER_CONFIRMED = 3

# Why the appliance started (inventory): the first five as machine.reset_cause() counts, then what a board tells apart.
RESET_POWER_ON = 1
RESET_HARD = 2
RESET_WATCHDOG = 3
RESET_DEEP_SLEEP = 4
RESET_SOFT = 5
RESET_BROWN_OUT = 6
RESET_CRASH = 7  # the interpreter or the chip panicked
RESET_NAMES = ("unknown", "power on", "reset", "watchdog", "deep sleep", "restart", "brown-out", "crash")

# Two bits per event in an evidence message's `verdicts`.
VERDICT_NOT_TESTED = 0
VERDICT_PASSED = 1
VERDICT_FAILED = 2

# Function inhibition masks (AUTOSAR FiM).
INHIBIT_LAST_FAILED = 0
INHIBIT_CONFIRMED = 1
INHIBIT_NOT_TESTED = 2
INHIBIT_TESTED_AND_FAILED = 3

# Commands (message COMMAND), and under what they are done. A command is signed by the cloud's command key.
C_ROTATE = 1  # next key epoch; the new message key comes wrapped for this appliance alone
C_CONSENT = 2  # the owner decided in their account
C_RELEASE = 3  # the owner gave it away: as after a factory reset
C_CLEAR = 4
C_RELEARN = 5
C_RECOVER = 6
COMMAND_NAMES = {
    C_ROTATE: "rotate",
    C_CONSENT: "consent",
    C_RELEASE: "release",
    C_CLEAR: "clear",
    C_RELEARN: "relearn",
    C_RECOVER: "recover",
}
G_VENDOR = 0  # the vendor's own duty: keys
G_ACCOUNT = 1  # the owner, in their account
G_SERVICE = 2  # the owner's consent to `service`
G_TECHNICIAN = 3
G_PRESENT = 4  # somebody at the appliance
GRANT_NAMES = ("vendor", "account", "service", "technician", "presence")
# By command: the only grant that a signed command of the cloud can name for it. The others need somebody at hand.
COMMAND_GRANTS = b"\xff\x00\x01\x01\x02\x02\x02"

# What a look at the ledger found wrong first (LEDGER_HEAD, field `wrong`).
L_SOUND = 0
L_MISSING = 1  # a record that must stand there does not, or cannot be read
L_ALTERED = 2  # a record's seal does not fit
L_PLACE = 3  # a record stands where it does not belong: a second time, or behind later ones
L_CUT = 4  # the newest records are gone
L_HEAD = 5  # what the journal knows of the ledger's end is gone or forged
L_OLDER = 6  # the journal is older than the ledger
LEDGER_NAMES = ("sound", "missing", "altered", "out of place", "cut off", "head forged", "journal older")

# Reasons a message or record is refused: stable numbers, in receipts, dead letters and SDK errors.
R_TOO_LARGE = 1  # over MAX_MESSAGE
R_TRUNCATED = 2  # ends in the middle of an item, or empty
R_TRAILING = 3  # bytes after the end
R_DEPTH = 4  # nested deeper than MAX_DEPTH
R_INDEFINITE = 5  # indefinite length
R_NOT_CANONICAL = 6  # longer encoding than needed, unsorted or duplicate keys
R_TYPE = 7  # float, tag, simple value or other type that no rule allows
R_ENVELOPE = 8  # not [bstr{1:4}, {}, payload, tag(8)]
R_TAG = 9  # authentication tag does not fit: forged, altered, or of another device
R_VERSION = 10  # payload version later than this cloud knows
R_KIND = 11  # unknown kind
R_FIELD = 12  # a field is missing, of the wrong type or out of its range
R_TOPIC = 13  # topic malformed, or its kind is not the payload's
R_UNKNOWN_DEVICE = 14  # never enrolled
R_REVOKED = 15  # enrolled once, revoked since
R_CONSENT = 16  # the owner had not agreed to this purpose at that time
R_CATALOGUE = 17  # names a catalogue or event that this cloud does not have
R_REPLAY = 18  # (device, boot, seq) was seen with other content
R_CONSENT_UNKNOWN = 19  # names a consent decision that never arrived
R_SIGNATURE = 20  # signature does not fit: forged, altered, or by another key
R_EXPIRED = 21  # its time is over
R_COUNTER = 22  # its counter is not above the last one taken: an old command again
R_CLOCK = 23  # its expiry cannot be judged without a trusted clock
R_GRANT = 24  # what it is done under does not cover it
R_COMMAND = 25  # a command that this appliance does not know
R_BUSY = 26  # not in this state: the same may be asked again later
R_ERASED = 27  # the owner had it erased
R_FULL = 28  # no room in flash; nothing was changed
R_SUPERSEDED = 29  # a later decision at the appliance stands
REASON_NAMES = {
    R_TOO_LARGE: "too large",
    R_TRUNCATED: "truncated",
    R_TRAILING: "trailing bytes",
    R_DEPTH: "nested too deep",
    R_INDEFINITE: "indefinite length",
    R_NOT_CANONICAL: "not canonical",
    R_TYPE: "type not allowed",
    R_ENVELOPE: "not our envelope",
    R_TAG: "authentication failed",
    R_VERSION: "later version",
    R_KIND: "unknown kind",
    R_FIELD: "bad field",
    R_TOPIC: "wrong topic",
    R_UNKNOWN_DEVICE: "unknown device",
    R_REVOKED: "revoked device",
    R_CONSENT: "no consent",
    R_CATALOGUE: "unknown catalogue or event",
    R_REPLAY: "replayed with other content",
    R_CONSENT_UNKNOWN: "unknown consent decision",
    R_SIGNATURE: "signature does not fit",
    R_EXPIRED: "expired",
    R_COUNTER: "old command again",
    R_CLOCK: "no trusted clock",
    R_GRANT: "not covered by its grant",
    R_COMMAND: "unknown command",
    R_BUSY: "not now",
    R_ERASED: "erased by its owner",
    R_FULL: "no room in flash",
    R_SUPERSEDED: "a later decision stands",
}
