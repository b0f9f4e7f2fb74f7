"""What Trivet raises. A refused message has a stable number (`trivet_wire.ids.R_…`), a class by kind of reason, and a
text that says what to do. Takes a reason, gives an exception; never holds secrets or payloads.
"""

from __future__ import annotations

from typing import ClassVar

from trivet_wire import ids


class TrivetError(Exception):
    """Everything that Trivet raises on purpose."""


class KindError(TrivetError, ValueError):
    """What somebody asked for cannot be done. `kind` names the sort for programs and stays the same; the text says why
    and what to do."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class MessageError(TrivetError):
    """A message is refused. `reason` stands in receipts and dead letters too; each subclass is a kind of reason."""

    reasons: ClassVar[frozenset[int]] = frozenset()
    advice: ClassVar[str] = ""

    def __init__(self, reason: int, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        name = ids.REASON_NAMES.get(reason, "unknown reason")
        super().__init__(f"{name} (reason {reason}){': ' + detail if detail else ''}. {self.advice}".rstrip())

    @classmethod
    def of(cls, reason: int, detail: str = "") -> MessageError:
        """The exception of the class that the reason belongs to."""
        return _BY_REASON.get(reason, MessageError)(reason, detail)


class MalformedError(MessageError):
    """The bytes are not one canonical CBOR envelope: not from an appliance of ours, or damaged on the way."""

    reasons = frozenset(
        {
            ids.R_TOO_LARGE,
            ids.R_TRUNCATED,
            ids.R_TRAILING,
            ids.R_DEPTH,
            ids.R_INDEFINITE,
            ids.R_NOT_CANONICAL,
            ids.R_TYPE,
            ids.R_ENVELOPE,
        }
    )
    advice = "Look at the dead letter's bytes; if an appliance sent them, its firmware is not the one of its catalogue."


class AuthenticationError(MessageError):
    """The tag does not fit any accepted key of the device in the topic."""

    reasons = frozenset({ids.R_TAG})
    advice = "Forged, altered, or sealed with a key of another device or epoch: check the device's key epoch."


class LaterError(MessageError):
    """Authentic, but of a version or kind that this cloud does not know yet."""

    reasons = frozenset({ids.R_VERSION, ids.R_KIND})
    advice = "Update the SDK, then replay the dead letters with this reason."


class FieldError(MessageError):
    """Authentic, but a field is missing, of the wrong type or out of its range."""

    reasons = frozenset({ids.R_FIELD})
    advice = "Compare the payload with messages.cddl; the appliance's firmware has a fault."


class TopicError(MessageError):
    """The topic is not `t/<device>/u|d/<kind>`, or names another kind than the payload."""

    reasons = frozenset({ids.R_TOPIC})
    advice = "Check the bridge or broker in front: topics must arrive as the appliance wrote them."


class DeviceError(MessageError):
    """The device was never enrolled here, or is revoked."""

    reasons = frozenset({ids.R_UNKNOWN_DEVICE, ids.R_REVOKED})
    advice = "Enrol it, or find out who still uses a revoked identity."


class ConsentError(MessageError):
    """The owner had not agreed to the purpose of this message at its time, or that decision is not known."""

    reasons = frozenset({ids.R_CONSENT, ids.R_CONSENT_UNKNOWN})
    advice = "Nothing of it is kept; one under a decision that has not arrived is tried again for some seconds."


class CatalogueError(MessageError):
    """It names a catalogue or an event that this cloud does not have."""

    reasons = frozenset({ids.R_CATALOGUE})
    advice = "Add the catalogue of that firmware to this cloud, then replay the dead letters with this reason."


class ReplayError(MessageError):
    """The same (device, boot, seq) was seen with other content."""

    reasons = frozenset({ids.R_REPLAY})
    advice = "Two appliances share one identity, or a boot counter went back: take the device in."


class SignatureError(MessageError):
    """A signature does not fit the key that should have made it."""

    reasons = frozenset({ids.R_SIGNATURE})
    advice = "Forged, altered, or signed by another key: check whose public key you hold."


class CommandError(MessageError):
    """An appliance refused a command."""

    reasons = frozenset(
        {
            *(ids.R_EXPIRED, ids.R_COUNTER, ids.R_CLOCK, ids.R_GRANT, ids.R_COMMAND, ids.R_BUSY, ids.R_SUPERSEDED),
            ids.R_SESSION,
        }
    )
    advice = "Nothing was done: give the command anew, under a grant that covers it and with a later expiry."


class BenchError(MessageError):
    """An appliance refused what somebody at its service port asked for."""

    reasons = frozenset(range(ids.R_REGION, ids.R_STOPPED + 1))
    advice = "Nothing was changed: look at the credential's region and roles, and at what the appliance is doing."


class ErasedError(MessageError):
    """What it belongs to was erased at its owner's wish."""

    reasons = frozenset({ids.R_ERASED})
    advice = "It must not come back: leave it refused."


class FullError(MessageError):
    """The appliance has no room in flash."""

    reasons = frozenset({ids.R_FULL})
    advice = "Nothing was changed: ask again once its queue is empty."


class UpdateError(MessageError):
    """An appliance refused an update, or went back from one."""

    reasons = frozenset(range(ids.R_VENDOR, ids.R_WITHDRAWN + 1))
    advice = "What ran before still runs; `trivet release inspect` says what the update asks for."


_BY_REASON: dict[int, type[MessageError]] = {
    reason: kind for kind in MessageError.__subclasses__() for reason in kind.reasons
}
