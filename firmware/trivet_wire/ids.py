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
FETCH = 16  # asks for a part of an update's payload; neither spooled nor stored
SELF_TEST = 17  # what a self-test came to that the desk asked for
SESSION = 18  # a service session is over, and who ended it

# Message kinds, cloud to appliance.
ACK = 32  # receipt: header boot, seq are cumulative; body [[seq, reason], ...] lists what was refused
COMMAND = 33
CONSENT_TEXT = 34
UPDATE_OFFER = 35  # reserved: updates are offered by signed command
BLOCK = 36  # a part of a payload, as FETCH asked for it; what it must hold is signed elsewhere

# The last part of a topic, by kind: t/<device>/u/<name> up, t/<device>/d/<name> down. One text: the appliance cuts out
# what it needs, and holds no name of what it does not say.
_KINDS = (
    "- fault evidence heartbeat inventory consent ledger update result crash setup feedback operation - - hello fetch "
    "selftest session - - - - - - - - - - - - - ack command text offer block "
)
KIND_NAMES = {kind: name for kind, name in enumerate(_KINDS.split()) if name != "-"}  # for who speaks of all


def kind_name(kind: int) -> str:
    """The same, of one; "" for a number beyond all."""
    at = 0
    for _ in range(kind):
        at = _KINDS.find(" ", at) + 1
    return _KINDS[at : _KINDS.find(" ", at)]


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
    FETCH: SAFETY,  # names what the vendor offered, and nothing of the owner
    SELF_TEST: SERVICE,
    SESSION: SERVICE,
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
C_UPDATE = 7  # here is an update, or the next set of release keys: what (W_*), size, SHA-256, where (null: here)
C_ANSWER = 8  # the owner's word on an update: start of its digest, answer (A_*), until when (Unix time, 0: no limit)
C_HOURS = 9  # hours of the owner's day in which nothing installs: mask of 24 bits, minutes east of UTC
C_WITHDRAW = 10  # an update that is not installed yet is offered no more: start of its digest
C_REVOKE = 11  # technicians' credentials that hold no more: number of the list, their serial numbers
C_SESSION = 12  # the desk may test and fix: number, seconds (at most MAX_SESSION_S; 0: it is over), by whom (END_*)
C_TEST = 13  # run a self-test: number of the session, its name
C_FIX = 14  # number of the session, name of the fix (FIXES)
COMMAND_NAMES = {
    C_ROTATE: "rotate",
    C_CONSENT: "consent",
    C_RELEASE: "release",
    C_CLEAR: "clear",
    C_RELEARN: "relearn",
    C_RECOVER: "recover",
    C_UPDATE: "update",
    C_ANSWER: "answer",
    C_HOURS: "hours",
    C_WITHDRAW: "withdraw",
    C_REVOKE: "revoke",
    C_SESSION: "session",
    C_TEST: "test",
    C_FIX: "fix",
}
G_VENDOR = 0  # the vendor's own duty: keys
G_ACCOUNT = 1  # the owner, in their account
G_SERVICE = 2  # the owner's consent to `service`
G_TECHNICIAN = 3
G_PRESENT = 4  # somebody at the appliance
GRANT_NAMES = ("vendor", "account", "service", "technician", "presence")
# By command: the only grant that a signed command of the cloud can name for it. The others need somebody at hand.
COMMAND_GRANTS = b"\xff\x00\x01\x01\x02\x02\x02\x00\x01\x01\x00\x00\x02\x02\x02"

# A service session: the desk at the appliance from afar, for a while.
MAX_SESSION_S = 3600
FIXES = ("relearn", "recover", "restart", "undo")  # undo: what the last relearn forgot holds again
END_TIME = 0  # its time was over
END_DESK = 1
END_ACCOUNT = 2  # the owner, in their account
END_PRESENT = 3  # somebody at the appliance
END_CONSENT = 4  # the owner allows no service any more
END_RESTART = 5  # no session outlives a start of the appliance
END_SILENT = 6  # the appliance never answered: it never began
SESSION_ENDS = ("time", "desk", "account", "appliance", "consent", "restart", "silence")

# What a technician's credential lets its holder do at the service port: a mask.
MAY_TEST = 1
MAY_CLEAR = 2
MAY_FIX = 4
MAY_UPDATE = 8
ROLE_NAMES = ("test", "clear", "fix", "update")
MAX_REVOKED = 40  # serial numbers of one list: expired ones leave it
MAX_CREDENTIAL = 320  # bytes
NONCE_SIZE = 16  # bytes of the challenge that a technician answers

# What C_UPDATE offers, and what an owner answers to it.
W_RELEASE = 0  # SUIT envelope
W_KEYS = 1  # key manifest
A_NO = 0
A_YES = 1
A_LATER = 2

# How far an update is (UPDATE_REPORT, field `state`).
U_IDLE = 0
U_OFFERED = 1  # its manifest is on its way or waits for its owner
U_DOWNLOADING = 2
U_VERIFIED = 3  # all of it is in flash, read back; waits for a moment in which it may start
U_STAGED = 4  # the next start tries it
U_TRIAL = 5
U_CONFIRMED = 6
U_ROLLED_BACK = 7
U_REFUSED = 8
UPDATE_STATES = (
    "idle",
    "offered",
    "downloading",
    "verified",
    "staged",
    "on trial",
    "confirmed",
    "rolled back",
    "refused",
)
MAX_ENVELOPE = 8192  # bytes of a SUIT envelope or key manifest that an appliance takes
MAX_BLOCK = 448  # bytes of payload in one BLOCK: what an appliance's buffer takes with its topic
MAX_FETCH = 4096  # bytes that one FETCH asks for

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
R_VENDOR = 30  # an update by another vendor
R_CLASS = 31  # an update for another board
R_SEQUENCE = 32  # older than what is installed
R_KEY_REVOKED = 33  # signed by a key that verifies nothing any more
R_THRESHOLD = 34  # fewer good signatures than the root of keys asks for
R_HASH_SIGNATURE = 35  # the second, hash-based signature is missing or does not fit
R_SIZE = 36  # a size that the content does not have, or that fits nowhere
R_COMPONENT = 37  # names a component or file that an update may not touch
R_DIGEST = 38  # content and digest differ
R_BASE = 39  # needs another base firmware
R_MANIFEST = 40  # has a key or command that this appliance does not know, and that may change its meaning
R_TRIED = 41  # this very update was tried here, and rolled back
R_UNPROVEN = 42  # the running base image is on trial itself: writing now would destroy the only good one
R_PATCH = 43  # a delta that does not lead to what is signed
R_KEYS = 44  # not the next set of release keys
R_OWNER = 45  # its owner said no
R_FAULT = 46  # on trial: a fault that was not there before
R_CRASHED = 47  # on trial: its starts were used up
R_NO_LINK = 48  # on trial: it no longer reached its cloud
R_NO_SERVICE = 49  # on trial: its line no longer answered
R_WITHDRAWN = 50  # its vendor offers it no more
R_REGION = 51  # a credential for another region
R_ROLE = 52  # a credential that does not cover this
R_CREDENTIAL = 53  # a credential that its vendor revoked
R_UNSAFE = 54  # outputs may not be driven now: a cycle, a hazard, or what must hold does not
R_MEASURED = 55  # a self-test came to its end and measured what should not be
R_STOPPED = 56  # somebody stopped it
R_SESSION = 57  # no service session of that number is open
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
    R_VENDOR: "another vendor's update",
    R_CLASS: "an update for another board",
    R_SEQUENCE: "older than what is installed",
    R_KEY_REVOKED: "signed by a revoked key",
    R_THRESHOLD: "too few signatures",
    R_HASH_SIGNATURE: "no good hash-based signature",
    R_SIZE: "its size does not fit",
    R_COMPONENT: "not a component that may be updated",
    R_DIGEST: "content does not fit its digest",
    R_BASE: "needs another base firmware",
    R_MANIFEST: "unknown instruction in its manifest",
    R_TRIED: "tried before and rolled back",
    R_UNPROVEN: "the running base is still on trial",
    R_PATCH: "its delta does not fit",
    R_KEYS: "not the next set of keys",
    R_OWNER: "its owner said no",
    R_FAULT: "a new fault appeared",
    R_CRASHED: "it did not stay up",
    R_NO_LINK: "it no longer reached its cloud",
    R_NO_SERVICE: "its line no longer answered",
    R_WITHDRAWN: "withdrawn by its vendor",
    R_REGION: "a credential for another region",
    R_ROLE: "not covered by this credential",
    R_CREDENTIAL: "a revoked credential",
    R_UNSAFE: "not safe now",
    R_MEASURED: "it measured what should not be",
    R_STOPPED: "stopped",
    R_SESSION: "no such service session open",
}
