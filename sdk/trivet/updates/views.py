"""Updates as people look them up: frozen values for pages and the interface. Takes and does nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

Texts = dict[str, str]


@dataclass(frozen=True)
class Installed:
    """What the appliance confirmed last; version "" and sequence 0: as it was delivered."""

    version: str
    sequence: int
    at: dt.datetime | None
    keys: int  # number of its set of release keys, 0: as delivered
    firmware: str | None  # as it says itself when it connects


@dataclass(frozen=True)
class Report:
    """The appliance's last word on an update."""

    number: str  # DEVICE/START/NUMBER, as `trivet evidence` takes it
    signed: bool | None
    from_version: str
    trial_s: int
    trial_cycles: int
    event: int | None
    code: str | None  # of the fault that it saw, where the release's catalogue is known here
    title: Texts


@dataclass(frozen=True)
class Answer:
    """The owner's word. `state`: pending, synced or refused; `until` for "later"."""

    answer: str
    until: dt.datetime | None
    at: dt.datetime
    state: str
    reason: int


@dataclass(frozen=True)
class Update:
    """One update of one appliance, and how far it is. `state`: queued, the names of ids.UPDATE_STATES, or withdrawn."""

    id: int
    what: str  # release or keys
    version: str
    sequence: int
    security: bool | None  # None: of an update that was not published here
    state: str
    reason: int
    says: str  # the reason in words
    who: str  # offered it; "" for one over the service port
    created_at: dt.datetime
    changed_at: dt.datetime
    ended_at: dt.datetime | None
    withdrawing: bool
    withdrawn_by: str
    fetched: int  # bytes asked for over the broker so far (0: none, or it comes over the web), of
    size: int  # those that it needs at most
    served: int  # bytes that went out to it over the broker: deltas as they are, what was asked for twice twice
    deadline: dt.datetime | None
    expires: dt.datetime | None
    notes: Texts
    report: Report | None
    answer: Answer | None


@dataclass(frozen=True)
class Excluded:
    """The owner's excluded hours. `state` as in Answer."""

    hours: list[int]
    minutes: int
    zone: str
    at: dt.datetime
    state: str
    reason: int
    known: list[int]  # as the appliance confirmed them last


@dataclass(frozen=True)
class Updates:
    """Everything on one appliance's updates: the open ones, then the others, newest first."""

    device: str
    model: str
    installed: Installed
    open: list[Update] = field(default_factory=list)
    history: list[Update] = field(default_factory=list)
    excluded: Excluded | None = None


@dataclass(frozen=True)
class KeySet:
    """A set of release keys that took the place of the one before it, and can be offered."""

    number: int
    size: int  # bytes of its key manifest
    taken_at: dt.datetime
    taken_by: str


@dataclass(frozen=True)
class Release:
    """A published release."""

    id: int
    model: str
    version: str
    sequence: int
    security: bool
    expires: dt.datetime | None
    deadline: dt.datetime | None
    size: int  # bytes of its images
    components: list[str]
    notes: Texts
    signers: list[str]
    published_at: dt.datetime
    published_by: str
    deltas: list[str]  # component and bytes of each
