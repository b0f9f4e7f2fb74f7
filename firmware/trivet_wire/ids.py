"""Every integer that travels: message kinds, field positions, purposes, limits. Each stands here once.

Shared by appliance and cloud, imported unchanged by both. Append-only: a released number never changes its meaning.
"""

try:
    from micropython import const
except ImportError:

    def const(value: int) -> int:
        return value


VERSION = const(1)  # of the payload layout below

# Limits for untrusted bytes (contract: "Decoding untrusted bytes").
MAX_MESSAGE = const(4096)  # bytes, whole envelope
MAX_DEPTH = const(6)  # nesting of CBOR arrays and maps
TAG_SIZE = const(8)  # bytes, HMAC 256/64 (RFC 9053, section 3.1)
DEVICE_ID_SIZE = const(8)  # bytes; 16 hex digits in people's and topics' form

# Positions in the payload array: [version, kind, boot, seq, uptime_ms, wall_s | null, consent_seq, body].
F_VERSION = const(0)
F_KIND = const(1)
F_BOOT = const(2)
F_SEQ = const(3)
F_UPTIME_MS = const(4)
F_WALL_S = const(5)
F_CONSENT_SEQ = const(6)
F_BODY = const(7)
FIELDS = const(8)

# Message kinds, appliance to cloud.
FAULT = const(1)
EVIDENCE = const(2)
HEARTBEAT = const(3)
INVENTORY = const(4)
CONSENT = const(5)
LEDGER_HEAD = const(6)
UPDATE_REPORT = const(7)
COMMAND_RESULT = const(8)
CRASH = const(9)
SETUP_STEP = const(10)
FEEDBACK = const(11)
OPERATION = const(12)
HELLO = const(15)  # state on connect; never spooled, never stored under (device, boot, seq)

# Message kinds, cloud to appliance.
ACK = const(32)  # receipt: header boot, seq are cumulative; body [[seq, reason], ...] lists what was refused
COMMAND = const(33)
CONSENT_TEXT = const(34)
UPDATE_OFFER = const(35)

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
SAFETY = const(0)
SERVICE = const(1)
IMPROVE = const(2)
PERSONAL = const(3)
OFFERS = const(4)
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
    COMMAND_RESULT: SERVICE,
    CRASH: SERVICE,
    SETUP_STEP: SERVICE,
    FEEDBACK: SERVICE,
    OPERATION: PERSONAL,
    HELLO: SAFETY,
}

# Status byte (ISO 14229-1, annex D.2).
TEST_FAILED = const(0x01)
TEST_FAILED_THIS_CYCLE = const(0x02)
PENDING = const(0x04)
CONFIRMED = const(0x08)
NOT_COMPLETED_SINCE_CLEAR = const(0x10)
FAILED_SINCE_CLEAR = const(0x20)
NOT_COMPLETED_THIS_CYCLE = const(0x40)
WARNING_INDICATOR = const(0x80)
STATUS_INITIAL = const(0x50)

# Monitor verdicts (AUTOSAR Dem_EventStatusType, plus NOT_RUN for a monitor whose input is not valid).
PASSED = const(0)
FAILED = const(1)
PREPASSED = const(2)
PREFAILED = const(3)
NOT_RUN = const(4)

# Validity of a signal.
VALID = const(0)
OUT_OF_RANGE = const(1)
RATE = const(2)
STUCK = const(3)
STALE = const(4)
IMPLAUSIBLE = const(5)
DISCONNECTED = const(6)
VALIDITY_NAMES = ("valid", "out of range", "rate", "stuck", "stale", "implausible", "disconnected")

# What made a freeze frame be taken.
TRIGGER_FDC = const(0)
TRIGGER_TEST_FAILED = const(1)
TRIGGER_PENDING = const(2)
TRIGGER_CONFIRMED = const(3)

# Two bits per event in an evidence message's `verdicts`.
VERDICT_NOT_TESTED = const(0)
VERDICT_PASSED = const(1)
VERDICT_FAILED = const(2)

# Function inhibition masks (AUTOSAR FiM).
INHIBIT_LAST_FAILED = const(0)
INHIBIT_CONFIRMED = const(1)
INHIBIT_NOT_TESTED = const(2)
INHIBIT_TESTED_AND_FAILED = const(3)

# Reasons a message or record is refused: stable numbers, in receipts, dead letters and SDK errors.
R_TOO_LARGE = const(1)  # over MAX_MESSAGE
R_TRUNCATED = const(2)  # ends in the middle of an item, or empty
R_TRAILING = const(3)  # bytes after the end
R_DEPTH = const(4)  # nested deeper than MAX_DEPTH
R_INDEFINITE = const(5)  # indefinite length
R_NOT_CANONICAL = const(6)  # longer encoding than needed, unsorted or duplicate keys
R_TYPE = const(7)  # float, tag, simple value or other type that no rule allows
R_ENVELOPE = const(8)  # not [bstr{1:4}, {}, payload, tag(8)]
R_TAG = const(9)  # authentication tag does not fit: forged, altered, or of another device
R_VERSION = const(10)  # payload version later than this cloud knows
R_KIND = const(11)  # unknown kind
R_FIELD = const(12)  # a field is missing, of the wrong type or out of its range
R_TOPIC = const(13)  # topic malformed, or its kind is not the payload's
R_UNKNOWN_DEVICE = const(14)  # never enrolled
R_REVOKED = const(15)  # enrolled once, revoked since
R_CONSENT = const(16)  # the owner had not agreed to this purpose at that time
R_CATALOGUE = const(17)  # names a catalogue or event that this cloud does not have
R_REPLAY = const(18)  # (device, boot, seq) was seen with other content
R_CONSENT_UNKNOWN = const(19)  # names a consent decision that never arrived
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
}
