"""Adds released bytes to the JSON files beside it, and changes none that are there: `python tests/vectors/make.py`.

Takes the tables below, gives `messages.json`, `later.json`, `refused.json`, `catalogues.json`. A vector whose name
exists must come out byte for byte as released, else this stops and says which: the contract was changed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from appliance.trust import p256
from trivet_wire import catalogue, cbor, code, envelope, ids, samples, sign1

HERE = Path(__file__).parent
SECRET = bytes(range(32))
DEVICE = "00112233445566ff"
EPOCH = 1
WALL = 1795600000
CATALOGUE = 0x9C4F21D7

# Eight signals of an oven at 2 samples a second, the upper element dying: as sensors give them, noise included.
SERIES = (
    [2874, 2881, 2887, 2890, 2893, 2895, 2896, 2896, 2895, 2894, 2891, 2889, 2886, 2883, 2879, 2875],  # cavity, 0.1 °C
    [612, 612, 613, 613, 613, 614, 614, 614, 615, 615, 615, 616, 616, 616, 616, 617],  # core probe, 0.1 °C
    [1043, 1041, 1044, 1042, 1043, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0],  # element current, 0.01 A
    [2302, 2299, 2301, 2300, 2298, 2303, 2311, 2310, 2309, 2311, 2310, 2308, 2311, 2310, 2312, 2309],  # mains, 0.1 V
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],  # relay
    [0] * 16,  # door
    [1478, 1481, 1475, 1480, 1477, 1479, 1483, 1476, 1478, 1480, 1481, 1475, 1479, 1477, 1482, 1478],  # fan, 1/min
    [431, 431, 431, 432, 432, 432, 432, 433, 433, 433, 433, 434, 434, 434, 434, 435],  # electronics, 0.1 °C
)
VERDICTS = bytes.fromhex("5595555564555515")  # 30 events


def packed(values: list[int]) -> bytes:
    buf = bytearray(5 * len(values))
    return bytes(buf[: samples.pack(values, buf)])


SIGNING_KEY = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")  # RFC 6979, A.2.5


def signed(*fields: Any) -> tuple[Any, ...]:
    """A message of the appliance with SIGNING_KEY: its signature is the body's last field."""
    *head, body = fields
    digest = sign1.digest(bytes.fromhex(DEVICE), cbor.encode([ids.VERSION, *head, body]))
    return (*head, [*body, p256.sign(SIGNING_KEY, digest)])


FRAMES = [[signal, ids.VALID, packed(values)] for signal, values in enumerate(SERIES)]

# name: kind, boot, seq, uptime_ms, wall_s, consent_seq, body
MESSAGES: dict[str, tuple[Any, ...]] = {
    "fault": (ids.FAULT, 312, 847, 2_764_500, WALL, 3, [7, 0x2F, 2, CATALOGUE]),
    "fault-first-ever": (ids.FAULT, 1, 1, 0, None, 0, [0, 0x27, 1, 1]),
    "fault-at-every-limit": (
        ids.FAULT,
        0xFFFFFFFF,
        0xFFFFFFFF,
        (1 << 53) - 1,
        0xFFFFFFFF,
        0xFFFFFFFF,
        [511, 0xFF, 0xFFFFFFFF, 0xFFFFFFFF],
    ),
    "evidence": (
        ids.EVIDENCE,
        312,
        848,
        2_764_500,
        WALL,
        3,
        [7, 0x2F, CATALOGUE, ids.TRIGGER_CONFIRMED, 415, 2, 127, 0b110, 500, VERDICTS, FRAMES],
    ),
    "evidence-empty": (ids.EVIDENCE, 1, 2, 1, None, 1, [0, 0x27, 1, ids.TRIGGER_FDC, 0, 1, -128, 0, 250, b"", []]),
    "heartbeat": (ids.HEARTBEAT, 312, 849, 7_200_000, WALL, 3, [61, -67, 4, 2, 415, 0]),
    "inventory": (ids.INVENTORY, 312, 1, 1200, None, 3, ["oven", "0.1.0", CATALOGUE, 1, 312]),
    "consent-given": (ids.CONSENT, 2, 1, 60_000, WALL, 1, [ids.SERVICE, 1, 0b11, 0xDEADBEEF, "en", 0]),
    "consent-withdrawn": (ids.CONSENT, 2, 9, 90_000, WALL, 2, [ids.SERVICE, 0, 0b01, 0xDEADBEEF, "de", 1]),
    "evidence-signed": signed(
        ids.EVIDENCE,
        312,
        857,
        2_764_500,
        WALL,
        3,
        [7, 0x2F, CATALOGUE, ids.TRIGGER_CONFIRMED, 415, 2, 127, 0b110, 500, VERDICTS, FRAMES],
    ),
    "evidence-without-key": (
        ids.EVIDENCE,
        1,
        3,
        1,
        None,
        1,
        [0, 0x27, 1, ids.TRIGGER_FDC, 0, 1, -128, 0, 250, b"", [], None],
    ),
    "consent-signed": signed(ids.CONSENT, 2, 10, 60_000, WALL, 3, [ids.SERVICE, 1, 0b11, 0xDEADBEEF, "de", 0]),
    "consent-without-key": (ids.CONSENT, 2, 11, 90_000, None, 4, [ids.SERVICE, 0, 0b01, 0, "en", 3, None]),
    "ledger-head": signed(ids.LEDGER_HEAD, 312, 858, 2_765_000, WALL, 3, [1999, bytes(range(32)), 0, 0]),
    "ledger-head-wrong": signed(
        ids.LEDGER_HEAD, 313, 1, 400, None, 3, [0xFFFFFFFF, bytes(range(32)), 1998, ids.L_ALTERED]
    ),
    "ledger-head-without-key": (ids.LEDGER_HEAD, 1, 5, 400, None, 0, [32, bytes(32), 0, 0, None]),
    "update-trial": signed(
        ids.UPDATE_REPORT,
        312,
        859,
        2_766_000,
        WALL,
        3,
        [bytes(range(8)), 7, ids.U_TRIAL, 0, "1.2.0", "1.1.0", 0, 0, None],
    ),
    "update-rolled-back": signed(
        ids.UPDATE_REPORT,
        314,
        2,
        61_000,
        WALL,
        3,
        [bytes(range(8)), 7, ids.U_ROLLED_BACK, ids.R_FAULT, "1.2.0", "1.1.0", 5400, 1, 7],
    ),
    "update-refused-without-key": (
        ids.UPDATE_REPORT,
        1,
        6,
        400,
        None,
        0,
        [bytes(8), 0xFFFFFFFF, ids.U_REFUSED, ids.R_CLASS, "", "", 0, 0, None, None],
    ),
    "fetch": (ids.FETCH, 312, 0, 2_767_000, WALL, 3, [bytes(range(8)), 40_960, ids.MAX_FETCH]),
    "fetch-first": (ids.FETCH, 1, 0, 1, None, 0, [bytes(range(8)), 0, 1]),
    "hello-with-ledger": (
        ids.HELLO,
        312,
        0,
        900,
        None,
        3,
        ["oven", "0.1.0", CATALOGUE, 311, 17, 0b11, 1999, bytes(range(8)), 1990],
    ),
    "selftest-failed": signed(
        ids.SELF_TEST,
        312,
        860,
        2_768_000,
        WALL,
        3,
        [41, 19, "top_element", ids.R_MEASURED, 2, 2, CATALOGUE, [[2, None, 0, 80, 3], [2, 3, 5, 500, -17]]],
    ),
    "selftest-stopped-without-key": (
        ids.SELF_TEST,
        1,
        7,
        500,
        None,
        1,
        [0xFFFFFFFF, 0xFFFFFFFF, "x", ids.R_STOPPED, 1, 8, 1, [], None],
    ),
    "selftest-at-every-limit": (
        ids.SELF_TEST,
        1,
        8,
        500,
        None,
        1,
        [1, 1, "x", 0, 1, 1, 1, [[255, 255, 5, 0x7FFFFFFF, -0x80000000]], None],
    ),
    "session-ended": (ids.SESSION, 312, 861, 2_769_000, WALL, 3, [41, ids.END_PRESENT]),
    "result-done": (ids.COMMAND_RESULT, 312, 855, 8_100_000, WALL, 3, [17, ids.C_ROTATE, 0]),
    "result-refused": (ids.COMMAND_RESULT, 312, 856, 8_100_200, None, 3, [18, ids.C_CLEAR, ids.R_GRANT]),
    "result-not-believed": (ids.COMMAND_RESULT, 1, 1, 10, None, 0, [0, 0, ids.R_SIGNATURE]),
    "crash": (ids.CRASH, 5, 3, 777, None, 1, [0x1234ABCD, "appliance/sense/signals.py", 118, "tick"]),
    "operation-start": (ids.OPERATION, 312, 840, 100_000, WALL, 3, [415, 1]),
    "operation-end": (ids.OPERATION, 312, 841, 3_700_000, WALL, 3, [415, 0]),
    "hello": (ids.HELLO, 312, 0, 900, None, 3, ["oven", "0.1.0", CATALOGUE, 311, 17, 0b11]),
    "hello-umlaut": (ids.HELLO, 1, 0, 900, None, 0, ["Küche 水", "0.1.0", 0, 0, 0, 1]),
    "ack": (ids.ACK, 312, 849, 0, None, 0, []),
    "ack-refusing": (ids.ACK, 312, 850, 0, None, 0, [[848, ids.R_CONSENT], [850, ids.R_VERSION]]),
}

# Authentic, but not of this version: to be kept, not refused. name: (topic's last part, all fields, reason)
LATER: dict[str, tuple[str, list[Any], int]] = {
    "version-2": ("fault", [2, ids.FAULT, 312, 851, 1, None, 3, ["something", "else"], 9], ids.R_VERSION),
    "version-2-other-layout": ("whatever", [2, {"kind": 1}], ids.R_VERSION),
    "kind-200": ("novelty", [1, 200, 312, 852, 1, None, 3, [1, [2, b"3"]]], ids.R_KIND),
    "kind-without-body-yet": ("ledger", [1, ids.LEDGER_HEAD, 312, 853, 1, None, 3, []], ids.R_KIND),
}
# Of this version with fields that a later one added at the ends: read, and the rest said to be there.
EXTENDED: dict[str, tuple[str, list[Any], int]] = {
    "fault-with-more": ("fault", [1, ids.FAULT, 312, 854, 1, None, 3, [7, 0x2F, 2, CATALOGUE, "new"], 5], 2),
}


def wire(text: str, tail: str = "") -> str:
    """A message whose payload bstr is `text`, with a tag of zeros."""
    data = bytes.fromhex(text)
    head = bytes([0x40 | len(data)]) if len(data) < 24 else bytes([0x58, len(data)])
    return (bytes.fromhex("8443a10104a0") + head + data + bytes.fromhex("48" + "00" * 8 + tail)).hex()


def refused() -> dict[str, tuple[str, int]]:
    """name: (message, reason). Those past the tag are sealed with the right key."""
    key = envelope.Key(SECRET, bytes.fromhex(DEVICE), EPOCH)

    def sealed(payload: bytes) -> str:
        return envelope.sealed(key, payload).hex()

    fault = [1, ids.FAULT, 312, 847, 2_764_500, WALL, 3, [7, 0x2F, 2, CATALOGUE]]
    whole = sealed(cbor.encode(fault))
    head = cbor.encode(fault[:7])[1:]
    return {
        "empty": ("", ids.R_TRUNCATED),
        "json": (b'{"event": 7}'.hex(), ids.R_TRUNCATED),
        "too-large": ("00" * 4097, ids.R_TOO_LARGE),
        "truncated": (whole[:-2], ids.R_TRUNCATED),
        "trailing": (whole + "00", ids.R_TRAILING),
        "forged": (wire("80"), ids.R_TAG),
        "altered": (whole[:20] + "ff" + whole[22:], ids.R_TAG),
        "tagged-17": ("d1" + whole, ids.R_TYPE),
        "indefinite-envelope": ("9f" + whole[2:] + "ff", ids.R_INDEFINITE),
        "deep": ("81" * 20 + "00", ids.R_DEPTH),
        "other-algorithm": (whole[:8] + "05" + whole[10:], ids.R_ENVELOPE),
        "payload-not-canonical": (sealed(bytes.fromhex("88180101") + cbor.encode(fault)[3:]), ids.R_NOT_CANONICAL),
        "payload-float": (sealed(b"\x88" + head + bytes.fromhex("84072f02f94700")), ids.R_TYPE),
        "payload-undefined": (sealed(b"\x88" + head + bytes.fromhex("84072f02f7")), ids.R_TYPE),
        "payload-date": (sealed(b"\x88" + head + bytes.fromhex("84072f02c100")), ids.R_TYPE),
        "payload-duplicate-keys": (sealed(b"\x88" + head + bytes.fromhex("a201000100")), ids.R_NOT_CANONICAL),
        "payload-indefinite": (sealed(b"\x88" + head + bytes.fromhex("9f072f0201ff")), ids.R_INDEFINITE),
        "payload-deep": (sealed(b"\x88" + head + b"\x81" * 6 + b"\x00"), ids.R_DEPTH),
        "payload-trailing": (sealed(cbor.encode(fault) + b"\x00"), ids.R_TRAILING),
        "payload-map": (sealed(b"\xa0"), ids.R_FIELD),
        "version-0": (sealed(cbor.encode([0, *fault[1:]])), ids.R_FIELD),
        "seq-0": (sealed(cbor.encode([*fault[:3], 0, *fault[4:]])), ids.R_FIELD),
        "boot-too-large": (sealed(cbor.encode([1, 1, 1 << 32, *fault[3:]])), ids.R_FIELD),
        "body-short": (sealed(cbor.encode([*fault[:7], [7, 0x2F, 2]])), ids.R_FIELD),
        "body-boolean": (sealed(cbor.encode([*fault[:7], [7, True, 2, 1]])), ids.R_FIELD),
        "no-body": (sealed(cbor.encode(fault[:7])), ids.R_FIELD),
    }


ROWS = {
    "two-rows": [
        catalogue.row(code.parse_stem("H07-1"), catalogue.FAILURE, 2, catalogue.HAZARD, ids.SAFETY, freeze=(0, 2, 31)),
        catalogue.row(code.parse_stem("A00-0"), catalogue.MAINTENANCE, 5, 0, ids.SERVICE, 3, 3, 40, 200, (), 1),
    ],
    "empty": [],
}


def plain(value: Any) -> Any:
    """JSON has no bytes: `{"hex": …}`."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def messages() -> dict[str, Any]:
    key = envelope.Key(SECRET, bytes.fromhex(DEVICE), EPOCH)
    found = {}
    for name, fields in MESSAGES.items():
        kind = fields[0]
        message = envelope.sealed(key, cbor.encode([ids.VERSION, *fields]))
        found[name] = {
            "topic": f"t/{DEVICE}/{'d' if kind >= ids.ACK else 'u'}/{ids.KIND_NAMES[kind]}",
            "secret": SECRET.hex(),
            "epoch": EPOCH,
            "fields": plain([ids.VERSION, *fields]),
            "message": message.hex(),
        }
    return found


def more(last: str, fields: list[Any], value: int, *, key: str) -> dict[str, Any]:
    secret = envelope.Key(SECRET, bytes.fromhex(DEVICE), EPOCH)
    message = envelope.sealed(secret, cbor.encode(fields)).hex()
    return {"topic": f"t/{DEVICE}/u/{last}", "secret": SECRET.hex(), "epoch": EPOCH, "message": message, key: value}


def all_vectors() -> dict[str, dict[str, Any]]:
    return {
        "messages.json": messages(),
        "later.json": {name: more(*fields, key="reason") for name, fields in LATER.items()}
        | {name: more(*fields, key="extra") for name, fields in EXTENDED.items()},
        "refused.json": {
            name: {"topic": f"t/{DEVICE}/u/fault", "secret": SECRET.hex(), "epoch": EPOCH, "message": m, "reason": r}
            for name, (m, r) in refused().items()
        },
        "catalogues.json": {
            name: {"packed": (data := catalogue.pack(rows)).hex(), "id": catalogue.catalogue_id(data)}
            for name, rows in ROWS.items()
        },
    }


def changed(file: str, made: dict[str, Any]) -> list[str]:
    """Names of released vectors that would no longer come out as they were."""
    path = HERE / file
    released = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return [name for name in released if made.get(name) != released[name]]


def main() -> int:
    for file, made in all_vectors().items():
        if wrong := changed(file, made):
            print(f"{file}: released bytes must not change: {', '.join(wrong)}", file=sys.stderr)
            return 1
        (HERE / file).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{file}: {len(made)} vectors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
