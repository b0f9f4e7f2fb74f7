"""What the routes of updates say, field by field. Takes the frozen values of `trivet.updates.views`, gives JSON."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, model_validator
from trivet_wire.ids import MAX_ENVELOPE

from trivet.api.schemas import Schema, Texts

State = Literal[
    "queued",
    "offered",
    "downloading",
    "verified",
    "staged",
    "on trial",
    "confirmed",
    "rolled back",
    "refused",
    "withdrawn",
]
Synced = Literal["pending", "synced", "refused"]
Hour = Annotated[int, Field(ge=0, le=23)]


class Release(Schema):
    """A release that verified when it was published."""

    id: int = Field(description="Its number in this cloud")
    model: str = Field(description="Model that it is for")
    version: str = Field(description="Version")
    sequence: int = Field(description="Number that only rises: an appliance takes none below its own")
    security: bool = Field(description="true: security; false: feature, which waits for its owner's yes")
    expires: dt.datetime | None = Field(description="UTC; no appliance installs it later")
    deadline: dt.datetime | None = Field(description="UTC; from then on no postponing counts")
    size: int = Field(description="Bytes of its whole images")
    components: list[str] = Field(description="base, bundle or both")
    notes: Texts = Field(description="What is new, by language")
    signers: list[str] = Field(description="Ids of the keys whose signatures counted")
    published_at: dt.datetime = Field(description="UTC")
    published_by: str = Field(description="Who published it")
    deltas: list[str] = Field(description="Component and bytes of each delta")


class Installed(Schema):
    """What the appliance confirmed last."""

    version: str = Field(description="Version; empty: as it was delivered")
    sequence: int = Field(description="Its number; 0: as it was delivered")
    at: dt.datetime | None = Field(description="UTC")
    keys: int = Field(description="Number of its set of release keys; 0: as it was delivered")
    firmware: str | None = Field(description="Firmware version it reported last")


class Report(Schema):
    """The appliance's last word on an update."""

    number: str = Field(description="DEVICE/START/NUMBER, for `trivet evidence export`")
    signed: bool | None = Field(description="Whether its own key signed it, verified")
    from_version: str = Field(description="Version that ran before")
    trial_s: int = Field(description="Seconds on trial")
    trial_cycles: int = Field(description="Operation cycles on trial")
    event: int | None = Field(description="Event of the fault that ended the trial")
    code: str | None = Field(description="Its code, where the release's catalogue is known here")
    title: Texts = Field(description="That fault in plain words, by language")


class Answer(Schema):
    """The owner's word on an update."""

    answer: Literal["yes", "no", "later"] = Field(description="What they said")
    until: dt.datetime | None = Field(description="UTC, until when it is to wait")
    at: dt.datetime = Field(description="UTC")
    state: Synced = Field(description="pending until the appliance confirms it")
    reason: int = Field(description="Why the appliance refused it, stable number; 0: it did not")


class Update(Schema):
    """One update of one appliance, and how far it is."""

    id: int = Field(description="Number of the offer")
    what: Literal["release", "keys"] = Field(description="A release, or the next set of release keys")
    version: str = Field(description="Version")
    sequence: int = Field(description="Its number")
    security: bool | None = Field(description="null: it was not published here")
    state: State = Field(description="How far it is")
    reason: int = Field(description="Why it ended so, or waits: stable number; 0: nothing of that")
    says: str = Field(description="The reason in words")
    who: str = Field(description="Who offered it; empty: it came over the service port")
    created_at: dt.datetime = Field(description="UTC")
    changed_at: dt.datetime = Field(description="UTC, of `state`")
    ended_at: dt.datetime | None = Field(description="UTC; null while it is open")
    withdrawing: bool = Field(description="It is being taken back; the appliance has not confirmed it")
    withdrawn_by: str = Field(description="Who took it back")
    fetched: int = Field(description="Bytes asked for over the broker so far; 0 too where they come over the web")
    served: int = Field(description="Bytes that went out to it over the broker, what was asked for twice counted twice")
    size: int = Field(description="Bytes that it needs at most")
    deadline: dt.datetime | None = Field(description="UTC; from then on no postponing counts")
    expires: dt.datetime | None = Field(description="UTC; no appliance installs it later")
    notes: Texts = Field(description="What is new, by language")
    report: Report | None = Field(description="The appliance's last word")
    answer: Answer | None = Field(description="The owner's last word")


class Excluded(Schema):
    """Hours in which nothing installs."""

    hours: list[Hour] = Field(description="Hours of the owner's day")
    minutes: int = Field(description="Minutes east of UTC of that day")
    zone: str = Field(description="IANA name of the zone, where it is known")
    at: dt.datetime = Field(description="UTC")
    state: Synced = Field(description="pending until the appliance confirms it")
    reason: int = Field(description="Why the appliance refused it, stable number; 0: it did not")
    known: list[Hour] = Field(description="As the appliance confirmed them last")


class Updates(Schema):
    """Everything on one appliance's updates."""

    device: str = Field(description="Device id")
    model: str = Field(description="Model")
    installed: Installed = Field(description="What runs")
    open: list[Update] = Field(description="What is offered now")
    history: list[Update] = Field(description="What came before, the newest first")
    excluded: Excluded | None = Field(description="null: nobody excluded any hours")


class Wanted(BaseModel):
    """What to offer: a release, or a set of release keys."""

    model_config = ConfigDict(extra="forbid")

    version: str | None = Field(None, min_length=1, max_length=64, description="Version of a published release")
    keys: int | None = Field(None, ge=1, lt=2**32, description="Number of a set of release keys that was taken over")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.version is None) == (self.keys is None):
            raise ValueError("say a version or a set of keys, one of them")
        return self


class ReleaseKey(Schema):
    """One release key that this cloud believes."""

    kid: str = Field(description="Id: the first 8 bytes of SHA-256 of the public key, as hex")
    algorithm: str = Field(description="ESP256 or HSS-LMS")
    public: str = Field(description="Public key, as hex")


class KeySet(Schema):
    """A set of release keys that took the place of the one before it, and can be offered."""

    number: int = Field(description="Its number")
    size: int = Field(description="Bytes of the key manifest that leads to it")
    taken_at: dt.datetime = Field(description="UTC; when this cloud took it over")
    taken_by: str = Field(description="Who did")


class ReleaseKeys(Schema):
    """The root of release keys of this cloud."""

    number: int = Field(description="Number of the set that it believes")
    threshold: int = Field(description="Signatures of P-256 keys that a release needs")
    hash_signature: bool = Field(description="Whether a hash-based one is needed besides")
    keys: list[ReleaseKey] = Field(description="Whose signatures count")
    revoked: list[str] = Field(description="Ids of keys that never verify anything again")
    taken: list[KeySet] = Field(description="Sets that can be offered, the oldest first: one number at a time")


class KeyManifest(BaseModel):
    """The next set of release keys, signed by the present one and by itself."""

    model_config = ConfigDict(extra="forbid")

    manifest: Base64Bytes = Field(
        max_length=MAX_ENVELOPE, description="What `trivet release keys rotate` or `revoke` wrote, in Base64"
    )


class Word(BaseModel):
    """The owner's word on an update."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["yes", "no", "later"] = Field(description="no is for features alone")
    until: dt.datetime | None = Field(None, description="With later: until when, with its zone")


class ExcludedHours(BaseModel):
    """Hours in which nothing is to install."""

    model_config = ConfigDict(extra="forbid")

    hours: list[Hour] = Field(max_length=24, description="Hours of the owner's day, at most 20 of them; none: any time")
    minutes: int = Field(ge=-840, le=840, description="Minutes east of UTC of that day, now")
    zone: str = Field("", max_length=64, description="IANA name of the zone: the appliance is told when it changes")
