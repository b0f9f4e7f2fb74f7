"""Consent records and receipts in the shape of ISO/IEC TS 27560:2023, written as JSON-LD with the terms of the W3C Data
Privacy Vocabulary (its guide "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV"). Takes a decision,
gives plain values; one record for each decision, because each is an event of its own.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import envelope, ids

from trivet import signed
from trivet.consent import state, texts
from trivet.consent.periods import Periods
from trivet.consent.vendor import Vendor
from trivet.store.tables import ConsentRow, MessageRow, OwnershipRow

MEDIA_TYPE = "application/ld+json"
RECORD, RECEIPT = "dpv-27560:record-eu-gdpr", "dpv-27560:receipt-eu-gdpr"
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "trivet": "urn:trivet:",
}
PURPOSES = {
    "safety": "dpv:LegalCompliance",
    "service": "dpv:CustomerCare",
    "improve": "dpv:ImproveExistingProductsAndServices",
    "personal": "dpv:ServicePersonalisation",
    "offers": "dpv:ProvideProductRecommendations",
}
_CONTROLLER, _SUBJECT = "trivet:vendor", "trivet:owner"
_RIGHTS = ["eu-gdpr:A7-3", "eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17", "eu-gdpr:A18", "eu-gdpr:A20", "eu-gdpr:A77"]
_AT = {
    "appliance": "at the appliance itself",
    "serial": "on the appliance's service port",
    "account": "in the owner's account",
    "factory reset": "by a factory reset of the appliance",
}


@dataclass(frozen=True)
class House:
    """Who keeps the records: the vendor, for how long, and where the owner may decide otherwise."""

    vendor: Vendor
    periods: Periods
    url: str = ""


async def record(session: AsyncSession, device: str, seq: int, house: House) -> dict[str, Any] | None:
    """The record of decision `seq`; None when the appliance never told it."""
    row = await session.get(ConsentRow, (device, seq))
    if row is None or row.purpose is None:
        return None
    one = state.decision(row)
    text = (await texts.find(session, {one.text_hash})).get(one.text_hash)
    refused = not one.granted and not await _was_given(session, device, one)
    return {
        "@context": CONTEXT,
        "@id": _urn(device, seq, "record"),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "dpv:hasIdentifier": _urn(device, seq, "record"),
        "dct:created": one.received_at.isoformat(),
        "dct:creator": _CONTROLLER,
        "dct:language": one.language.upper(),
        "dpv:hasDataSubject": {
            "@type": ["dpv:DataSubject", "dpv:Consumer"],
            "dpv:hasIdentifier": await _subject(session, device),
        },
        "dpv:hasEntity": _entities(house.vendor),
        "dpv:hasNotice": [_notice(one, text, house.vendor)],
        "dpv:hasProcess": [_process(one, text, house, refused=refused)],
        "dct:provenance": await _provenance(session, device, row),
    }


async def receipt(session: AsyncSession, device: str, seq: int, house: House) -> dict[str, Any] | None:
    """The owner's copy: the whole record under a number of its own."""
    made = await record(session, device, seq, house)
    if made is None:
        return None
    own = _urn(device, seq, "receipt")
    return {
        "@context": CONTEXT,
        "@id": own,
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dpv:hasIdentifier": own,
        "dct:issued": made["dct:created"],
        "dpv:hasRecordOfActivity": [{key: value for key, value in made.items() if key != "@context"}],
    }


def _urn(device: str, seq: int, what: str) -> str:
    """The same for the same decision, always."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:trivet:{device}:consent:{seq}:{what}").urn


async def _subject(session: AsyncSession, device: str) -> str:
    """The owner by their number; whoever stands at an appliance that nobody claimed, by the appliance."""
    query = select(OwnershipRow.owner).where(OwnershipRow.device == device, OwnershipRow.until.is_(None))
    owner = await session.scalar(query)
    return f"trivet:owner:{owner}" if owner is not None else f"trivet:user-of:{device}"


async def _was_given(session: AsyncSession, device: str, one: state.Decision) -> bool:
    """Whether a no takes back a yes, or is a refusal."""
    before = await session.get(ConsentRow, (device, one.seq - 1))
    return before is not None and bool(before.mask >> ids.PURPOSE_NAMES.index(one.purpose) & 1)


def _entities(vendor: Vendor) -> dict[str, Any]:
    party = {
        "@type": ["dpv:Organisation", "dpv:DataController"],
        "dpv:hasName": vendor.name,
        "dpv:hasAddress": vendor.address,
        "dpv:hasContact": [vendor.contact, vendor.url],
        "dpv:hasRole": "dpv:DataController",
    }
    others = {
        f"trivet:recipient-{number}": {"@type": ["dpv:Organisation", "dpv:Recipient"], "dpv:hasName": name}
        for number, name in enumerate(vendor.recipients, start=1)
    }
    return {_CONTROLLER: party, _SUBJECT: {"@type": ["dpv:DataSubject"]}, **others}


def _notice(one: state.Decision, text: texts.Text | None, vendor: Vendor) -> dict[str, Any]:
    return {
        "@type": ["dpv:ConsentNotice"],
        "dpv:hasIdentifier": f"trivet:text:{one.text_hash:08x}",
        "dct:language": one.language.upper(),
        "dct:date": one.at.isoformat(),
        "dct:description": text.words if text else None,
        "dpv:hasLocation": vendor.url,
    }


def _process(one: state.Decision, text: texts.Text | None, house: House, *, refused: bool) -> dict[str, Any]:
    vendor, kept = house.vendor, house.periods
    legal = one.purpose == "safety"
    sent = text.sends if text else one.purpose
    return {
        "@type": ["dpv:Process"],
        "dpv:hasPurpose": [
            {
                "@type": ["dpv:Purpose"],
                "skos:broader": [PURPOSES[one.purpose]],
                "skos:prefLabel": text.use if text else one.purpose,
                "dpv:hasIdentifier": one.purpose,
            }
        ],
        "dpv:hasPersonalData": [
            {"@type": ["dpv:PersonalData"], "skos:broader": ["dpv:CollectedPersonalData"], "skos:prefLabel": sent}
        ],
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use", "dpv:Erase"],
        "dpv:hasDataController": [_CONTROLLER],
        "dpv:hasDataSource": [{"@type": ["dpv:DataSubjectDataSource"], "skos:prefLabel": "The owner's appliance"}],
        "dpv:hasRecipient": [_CONTROLLER, *(f"trivet:recipient-{n + 1}" for n in range(len(vendor.recipients)))],
        "dpv:hasStorageCondition": [
            {"@type": ["dpv:StorageLocation"], "dpv:hasLocation": f"loc:{vendor.country}"},
            {
                "@type": ["dpv:StorageDuration"],
                "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": f"P{kept.of(one.purpose)}D"},
            },
        ],
        "dpv:hasLegalBasis": ["eu-gdpr:A6-1-c" if legal else "eu-gdpr:A6-1-a-explicit-consent"],
        "dpv:hasJurisdiction": f"loc:{vendor.country}",
        "dpv:hasRight": _RIGHTS,
        "dpv:hasConsentControl": [
            {
                "@type": ["dpv:WithdrawConsent"],
                "skos:prefLabel": "At the appliance or in the account, at any time, as easily as it was given; "
                "the warranty stays the same",
                "dpv:isExercisedAt": house.url or "the appliance itself",
            }
        ],
        "dpv:hasConsentStatus": [_status(one, refused=refused)],
    }


def _status(one: state.Decision, *, refused: bool) -> dict[str, Any]:
    kind = "dpv:ConsentGiven" if one.granted else "dpv:ConsentRefused" if refused else "dpv:ConsentWithdrawn"
    return {
        "@type": [kind, "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedAtTime": one.at.isoformat(),
        "dpv:isExercisedAt": _AT.get(one.channel, one.channel),
        "dpv:isIndicatedBy": _SUBJECT,
        "dpv:hasDuration": {"@type": ["dpv:UntilEventDuration"], "rdf:value": "until the owner decides otherwise"},
    }


async def _provenance(session: AsyncSession, device: str, row: ConsentRow) -> dict[str, Any]:
    """Which message told it, and what the appliance signed: a COSE_Sign1 that anybody verifies with its public key."""
    message = await session.get(MessageRow, (device, row.boot, row.seq)) if row.boot is not None else None
    cose = None
    if message is not None:
        start = envelope.structure(message.raw, 0, len(message.raw))
        statement = signed.statement(device, message.raw[start : -envelope.TAILROOM])
        cose = base64.b64encode(statement.cose()).decode() if statement else None
    return {
        "trivet:device": device,
        "trivet:consent-seq": row.consent_seq,
        "trivet:boot": row.boot,
        "trivet:seq": row.seq,
        "trivet:mask-after": row.mask,
        "trivet:cose-sign1": cose,
    }
