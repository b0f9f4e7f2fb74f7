"""The integers of SUIT manifests that are written here (draft-ietf-suit-manifest, draft-ietf-suit-update-management),
and of the COSE algorithms that sign them (RFC 9053, RFC 9864, RFC 8778). Takes and does nothing.
"""

# Tags.
ENVELOPE_TAG = 107
SIGN1_TAG = 18

# Members of the envelope.
DELEGATION = 1
AUTHENTICATION = 2
MANIFEST = 3
PAYLOAD_FETCH = 16
OLD_INSTALL = 17  # of drafts before -21
INSTALL = 20
TEXT = 23

# Members of the manifest besides those.
MANIFEST_VERSION = 1
SEQUENCE = 2
COMMON = 3
REFERENCE_URI = 4
COMPONENT_ID = 5
SET_VERSION = 6
VALIDATE = 7
LOAD = 8
INVOKE = 9
COSWID = 14
OWN_SBOM = -1
OWN_VERSION = -2

# Members of `common`.
DEPENDENCIES = 1
COMPONENTS = 2
SHARED = 4

# Conditions and directives.
C_VENDOR = 1
C_CLASS = 2
C_IMAGE = 3
C_USE_BEFORE = 4
C_UPDATE_AUTHORIZED = 27
C_VERSION = 28
SET_COMPONENT = 12
TRY_EACH = 15
SET_PARAMETERS = 19
OVERRIDE = 20
FETCH = 21
RUN_SEQUENCE = 32

# Parameters.
P_VENDOR = 1
P_CLASS = 2
P_DIGEST = 3
P_USE_BEFORE = 4
P_SIZE = 14
P_URI = 21
P_PRIORITY = 27
P_VERSION = 28
OWN_CHUNKS = -1
OWN_DEADLINE = -2
OWN_DELTAS = -3

# What the appliance reports of a command (policy bits 0 … 3): all of it, or its failure only.
REPORT_ALL = 15
REPORT_FAILURE = 2

# Text.
UPDATE_DESCRIPTION = 2

# COSE algorithms.
SHA256 = -16
ES256 = -7
ESP256 = -9
ED25519 = -19
HSS_LMS = -46

# Version comparisons.
COMPARISONS = {1: ">", 2: ">=", 3: "=", 4: "<=", 5: "<"}

SECURITY = 0  # values of P_PRIORITY
FEATURE = 1
