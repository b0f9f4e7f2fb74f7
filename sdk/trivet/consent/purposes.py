"""The one table of purposes: what each field of each message is for. Takes and gives numbers of `trivet_wire.ids`.

A message goes only while every purpose of what it holds is granted. Most fields are for their message's purpose; the
others say by which event or signal their purpose is found: `boards/*/catalogue.toml` and `board.toml` have one each.
What is for `safety` leaves without being asked, so each of those fields says why it must.
"""

from __future__ import annotations

from dataclasses import dataclass

from trivet_wire import ids

BY_EVENT = -1  # the purpose of the event's row in the catalogue
BY_EVENTS = -2  # of each event that it tells of: others say "not tested"
BY_SIGNALS = -3  # of each signal in it: others are left out


@dataclass(frozen=True)
class Use:
    """What a field is for, and for `safety` why it cannot wait for a yes."""

    purpose: int
    why: str = ""


def _all(purpose: int, *names: str) -> dict[str, Use]:
    return {name: Use(purpose) for name in names}


_STATEMENT = Use(ids.SAFETY, "what the owner decided must reach the cloud for it to stop, or to be allowed")
_PROOF = Use(ids.SAFETY, "proof that the message is the appliance's own")
_LEDGER = Use(ids.SAFETY, "without it a shortened ledger would not show; says nothing of what is in it")

_UPDATE = Use(ids.SAFETY, "whether a security update is in place, or why not")

# Before every body; for whatever the message is for.
HEAD = {
    "version": "how the rest is read",
    "kind": "what it is",
    "boot": "unique number with `seq`: nothing is taken twice",
    "seq": "unique number with `boot`",
    "uptime_ms": "when it was",
    "wall_s": "when it was, where the appliance knows the time",
    "consent_seq": "the decision that it stands under",
}

FIELDS: dict[int, dict[str, Use]] = {
    ids.FAULT: _all(BY_EVENT, "event", "status", "occurrence", "catalogue"),
    ids.EVIDENCE: {
        **_all(ids.SERVICE, "event", "status", "catalogue", "trigger", "cycle", "occurrence", "fdc_max", "inhibited"),
        **_all(ids.SERVICE, "period_ms", "signature"),
        "verdicts": Use(BY_EVENTS),
        "frames": Use(BY_SIGNALS),
    },
    ids.HEARTBEAT: _all(ids.IMPROVE, "heap_free_kib", "rssi_dbm", "reconnects", "queued", "cycles", "overruns"),
    ids.INVENTORY: _all(ids.SERVICE, "model", "firmware", "catalogue", "reset_cause", "starts"),
    ids.CONSENT: {
        **dict.fromkeys(("purpose", "granted", "mask", "text_hash", "language", "channel"), _STATEMENT),
        "signature": _PROOF,
    },
    ids.COMMAND_RESULT: {
        "counter": Use(ids.SAFETY, "answers a lawful act: which one"),
        "command": Use(ids.SAFETY, "answers a lawful act: what was asked"),
        "reason": Use(ids.SAFETY, "answers a lawful act: done, or why not"),
    },
    ids.LEDGER_HEAD: {"counter": _LEDGER, "head": _LEDGER, "wrong": _LEDGER, "why": _LEDGER, "signature": _PROOF},
    ids.UPDATE_REPORT: {
        **dict.fromkeys(("digest", "sequence", "state", "reason", "version", "from_version"), _UPDATE),
        "trial_s": Use(ids.SAFETY, "how long the update was tried before it was kept or taken back"),
        "trial_cycles": Use(ids.SAFETY, "how much the update was tried before it was kept or taken back"),
        "event": Use(ids.SAFETY, "which fault the update brought: other appliances must be spared"),
        "signature": _PROOF,
    },
    ids.FETCH: {
        "digest": Use(ids.SAFETY, "which part of an update it needs"),
        "offset": Use(ids.SAFETY, "which part of an update it needs"),
        "length": Use(ids.SAFETY, "which part of an update it needs"),
    },
    ids.SELF_TEST: {
        **_all(ids.SERVICE, "session", "counter", "routine", "reason", "step", "steps", "catalogue", "signature"),
        "measured": Use(BY_SIGNALS),
    },
    ids.SESSION: _all(ids.SERVICE, "session", "by"),
    ids.CRASH: _all(ids.SERVICE, "hash", "file", "line", "task"),
    ids.OPERATION: _all(ids.PERSONAL, "cycle", "started"),
    ids.HELLO: {
        "model": Use(ids.SAFETY, "which recalls concern it"),
        "firmware": Use(ids.SAFETY, "which security updates it lacks"),
        "catalogue": Use(ids.SAFETY, "by which table its hazard codes are read"),
        "tail_boot": Use(ids.SAFETY, "where the queue begins: what is before is not waited for"),
        "tail_seq": Use(ids.SAFETY, "where the queue begins"),
        "consent_mask": Use(ids.SAFETY, "what is granted: less than the cloud thinks counts at once"),
        "ledger_counter": _LEDGER,
        "ledger_head": _LEDGER,
        "anchor": _LEDGER,
    },
}
