"""Every number that a SUIT manifest may hold, with the name and the meaning that the drafts give it
(draft-ietf-suit-manifest, -update-management, -trust-domains, -firmware-encryption). Tables only.

In a command's words `{…}` stands for the value of a parameter that applies to the current component.
"""

ENVELOPE = {
    1: "delegation",
    2: "authentication wrapper",
    3: "manifest",
    14: "CoSWID",
    16: "payload fetch",
    17: "install (until draft -20)",
    18: "candidate verification",
    20: "install",
    23: "text",
}

MANIFEST = {
    1: "manifest version",
    2: "sequence number",
    3: "common",
    4: "reference URI",
    5: "manifest component id",
    6: "set version",
    7: "validate",
    8: "load",
    9: "invoke",
    14: "CoSWID",
    15: "dependency resolution",
    16: "payload fetch",
    17: "install (until draft -20)",
    18: "candidate verification",
    20: "install",
    23: "text",
    24: "uninstall",
    -1: "SBOM digest (Trivet)",
    -2: "version (Trivet)",
}

# In the order in which a recipient runs them, and what each is for.
SEQUENCES = {
    15: "gets the manifests that this one depends on",
    16: "gets payloads into a store, before anything is touched",
    18: "judges what was got, before anything is touched",
    17: "puts the new images in their places",
    20: "puts the new images in their places",
    24: "removes what was installed",
    7: "judges the installed images, at an update and before each start",
    8: "brings images to where they run",
    9: "starts what was loaded",
}
SEVERABLE = {14, 16, 17, 18, 20, 23}

COMMON = {1: "dependencies", 2: "components", 4: "shared sequence"}

# Name, and the words of a command whose argument says only what is reported of it.
CONDITIONS = {
    1: ("vendor identifier", "stop unless this appliance's vendor is {1}"),
    2: ("class identifier", "stop unless this appliance's class is {2}"),
    3: ("image match", "stop unless the image has {3}"),
    4: ("use before", "stop unless it is before {4}"),
    5: ("component slot", "stop unless this is slot {5}"),
    6: ("check content", "stop unless its content is {18}"),
    7: ("dependency integrity", "stop unless the dependency's manifest is authentic and has {3}"),
    8: ("is dependency", "stop unless this component is a dependency manifest"),
    14: ("abort", "stop here"),
    24: ("device identifier", "stop unless this device is {24}"),
    25: ("image not match", "stop if the image has {3}"),
    26: ("minimum battery", "stop unless the battery holds at least {26}"),
    27: ("update authorized", "stop unless the update is authorised (priority {27})"),
    28: ("version", "stop unless its version is {28}"),
}
DIRECTIVES = {
    11: ("process dependency", "do what the dependency's manifest says here"),
    12: ("set component index", ""),
    15: ("try each", "the first of these that gets through counts"),
    18: ("write", "write {18} into it"),
    19: ("set parameters", "set, where nothing is set yet"),
    20: ("override parameters", "set"),
    21: ("fetch", "fetch it from {21}"),
    22: ("copy", "copy it from {22}"),
    23: ("invoke", "start it"),
    29: ("wait", "wait for {29}"),
    31: ("swap", "exchange it with {22}"),
    32: ("run sequence", "do these"),
    33: ("unlink", "remove it, where nothing else needs it"),
    34: ("override multiple", "set, for several components"),
    35: ("copy params", "take parameters of other components"),
}
NAMES = CONDITIONS | DIRECTIVES

PARAMETERS = {
    1: "vendor",
    2: "class",
    3: "image digest",
    4: "use before",
    5: "slot",
    12: "strict order",
    13: "soft failure",
    14: "image size",
    18: "content",
    19: "encryption info",
    21: "URI",
    22: "source component",
    23: "invoke arguments",
    24: "device",
    25: "fetch arguments",
    26: "minimum battery",
    27: "priority",
    28: "version",
    29: "wait for",
    30: "component metadata",
    -1: "digests of chunks (Trivet)",
    -2: "deadline (Trivet)",
    -3: "deltas (Trivet)",
}

WAIT_EVENTS = {
    1: "authorisation of priority",
    2: "power state",
    3: "network state",
    4: "version of another device",
    5: "time",
    6: "seconds of the local day",
    7: "local day of the week, Sunday 0",
    8: "seconds of the day (UTC)",
    9: "day of the week (UTC), Sunday 0",
}
METADATA = {
    1: "default permissions",
    2: "user permissions",
    3: "group permissions",
    4: "role permissions",
    5: "file type",
    6: "modification time",
    7: "creation time",
    8: "creator",
}

TEXT = {
    1: "manifest description",
    2: "update description",
    3: "manifest as JSON",
    4: "manifest as YAML",
}
COMPONENT_TEXT = {
    1: "vendor name",
    2: "model name",
    3: "vendor domain",
    4: "model info",
    5: "description",
    6: "version",
    7: "version required",
    8: "current version",
}

# SUIT digest algorithms: name, and what hashlib calls them with the bytes they give.
DIGESTS = {
    -16: ("SHA-256", "sha256", 32),
    -18: ("SHAKE128", "shake_128", 32),
    -43: ("SHA-384", "sha384", 48),
    -44: ("SHA-512", "sha512", 64),
    -45: ("SHAKE256", "shake_256", 64),
}

# COSE: tags of what may authenticate, and signature algorithms.
COSE = {17: "COSE_Mac0", 18: "COSE_Sign1", 97: "COSE_Mac", 98: "COSE_Sign"}
ALGORITHMS = {
    -7: "ES256",
    -8: "EdDSA",
    -9: "ESP256",
    -19: "Ed25519",
    -35: "ES384",
    -36: "ES512",
    -46: "HSS-LMS",
    -51: "ESP384",
    -52: "ESP512",
    -53: "Ed448",
    4: "HMAC 256/64",
    5: "HMAC 256/256",
    6: "HMAC 384/384",
    7: "HMAC 512/512",
}
