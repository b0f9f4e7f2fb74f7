"""Which appliances belong to this cloud and to whom. Enrols, claims, revokes; says who may connect and with which keys.

Takes the store and the vault, gives `Identity` (what is written into an appliance, once); never keeps a device's
private key, and of a claim secret only its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import cbor, ids
from trivet_wire import sign1 as wire
from trivet_wire.refuse import WireError

from trivet import control, keys, phones, sign1
from trivet.config import updates_dir
from trivet.consent import owners, vendor
from trivet.engine import pki
from trivet.release.roots import Roots
from trivet.store import Store
from trivet.store.tables import CaseEventRow, CaseRecord, DeviceRow, OwnerRow, OwnershipRow, utcnow
from trivet.store.updates import InstalledRow
from trivet.updates import keyring
from trivet.vault import Vault

FIRST_EPOCH = 1
NONCE = 16  # bytes
PROOF_VERSION = 1
CLAIM_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
CLAIM_LENGTH = 16  # 80 bits


class RegistryError(ValueError):
    """What was asked cannot be done; the text says why and what to do."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that makes a board this appliance. Secret: it goes into the appliance and nowhere else;
    `claim_secret` also goes on the sticker."""

    device: str
    model: str
    epoch: int
    message_key: bytes
    key_der: bytes
    cert_der: bytes
    ca_der: bytes
    brokers: list[tuple[str, int]]
    claim_secret: str
    command_key: bytes = b""  # x ‖ y: whose signature commands carry
    vendor: str = ""  # domain: by which it knows its vendor in an update
    roots: bytes = b""  # whose signatures on updates it believes; empty: nobody's


class Offer(NamedTuple):
    """An id for a board that has none yet, and what its proof must be made for."""

    device: str
    nonce: bytes


class Registry:
    def __init__(
        self, store: Store, vault: Vault, brokers: list[tuple[str, int]], data_dir: Path | None = None
    ) -> None:
        """`data_dir`: the cloud's folder, where vendor and release keys stand; without it appliances take no update."""
        self._store = store
        self._vault = vault
        self._data_dir = data_dir
        self.brokers = brokers

    def offer(self) -> Offer:
        """Begins the provisioning of one board; nothing is kept of it until the board proves its key."""
        return Offer(secrets.token_hex(8), secrets.token_bytes(NONCE))

    async def provision(self, model: str, offer: Offer, proof: bytes, *, name: str = "") -> Identity:
        """Certifies the key that a board made itself and proved to have for this offer; the identity given back holds
        no private key. Raises RegistryError."""
        return await self._enrol(model, name, offer.device, _proven(offer, proof), b"")

    async def enrol(self, model: str, *, name: str = "", device: str | None = None) -> Identity:
        """A new appliance of `model` whose key this process makes in the place of a board: for load and tests without
        boards. Raises RegistryError when `device` is enrolled already."""
        key = pki.new_key()
        return await self._enrol(model, name, device or secrets.token_hex(8), key.public_key(), pki.key_der(key))

    async def _enrol(
        self, model: str, name: str, device: str, public: ec.EllipticCurvePublicKey, key_der: bytes
    ) -> Identity:
        keys.device_bytes(device)
        certificate = pki.new_device(self._vault.ca, device, public)
        domain, roots = self._maker()
        claim = "".join(secrets.choice(CLAIM_ALPHABET) for _ in range(CLAIM_LENGTH))
        row = DeviceRow(
            id=device,
            model=model,
            name=name or f"{model} {device[-4:]}",
            key_epoch=FIRST_EPOCH,
            cert_serial=f"{certificate.serial_number:x}",
            public_key=sign1.public_bytes(public),
            claim_hash=_claim_hash(device, claim),
        )
        try:
            async with self._store.writing() as session:
                session.add(row)
                if roots is not None:
                    session.add(InstalledRow(device=device, version="", sequence=0, boot=0, seq=0, keys=roots.number))
        except IntegrityError as error:
            raise RegistryError(f"{device} is enrolled already: revoke it first, or choose another id") from error
        return Identity(
            device=device,
            model=model,
            epoch=FIRST_EPOCH,
            message_key=self._vault.master.message_key(device, FIRST_EPOCH),
            key_der=key_der,
            cert_der=pki.certificate_der(certificate),
            ca_der=pki.certificate_der(self._vault.ca.certificate),
            brokers=list(self.brokers),
            claim_secret=claim,
            command_key=self._vault.command_key.public,
            vendor=domain,
            roots=roots.encode() if roots else b"",
        )

    def _maker(self) -> tuple[str, Roots | None]:
        """Domain of the vendor, and the present root of release keys."""
        if self._data_dir is None:
            return "", None
        return vendor.load(self._data_dir).domain, keyring.known(updates_dir(self._data_dir))

    async def claim(
        self,
        device: str,
        secret: str,
        name: str,
        *,
        phone: str | None = None,
        email: str | None = None,
        language: str = "en",
    ) -> int:
        """Binds appliance and owner, gives the owner's id. The same person (phone or mail) stays one owner."""
        async with self._store.writing() as session:
            await check_sticker(session, device, secret)
            if await owner_of(session, device) is not None:
                raise RegistryError("this appliance has an owner: they release it, or a factory reset does")
            owner = await _same_person(session, phone, email)
            if owner is None:
                owner = OwnerRow(name=name, phone=phone, email=email, language=language)
                session.add(owner)
                await session.flush()
            await bind(session, device, owner.id)
            return owner.id

    async def release(self, device: str, *, by: str = "owner") -> None:
        """Ends the present ownership: its data goes at once, and the appliance is told to begin anew. `by`: the role of
        who asked. Raises RegistryError."""
        async with self._store.writing() as session:
            row = await session.get(DeviceRow, device, with_for_update=True)
            if row is None:
                raise RegistryError(f"{device} is not enrolled here")
            await owners.end(session, row, "ownership", by=by)
            if row.revoked_at is None:
                row.releasing = True
                await control.queue(session, device, ids.C_RELEASE, [], ids.G_ACCOUNT, who=by)

    async def revoke(self, device: str) -> None:
        """From now on it may not connect and its messages are refused. For ever."""
        async with self._store.writing() as session:
            row = await session.get(DeviceRow, device)
            if row is None:
                raise RegistryError(f"{device} is not enrolled here")
            row.revoked_at = row.revoked_at or utcnow()
            row.connected = False

    async def allowed(self, device: str) -> bool:
        """Whether the device may connect."""
        async with self._store.reading() as session:
            row = await session.get(DeviceRow, device)
            return row is not None and row.revoked_at is None


def _proven(offer: Offer, proof: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a proof as the board makes it (firmware: trust/provision.py): signed by itself, for this offer."""
    bad = RegistryError(f"this is no proof of a key for {offer.device}: provision the board from the beginning")
    try:
        parts = wire.Signed(proof)
        payload = proof[parts.payload : parts.payload_end]
        version, device, nonce, public = cbor.decode(payload)
        key = sign1.public_key(public)
        signer = sign1.opened(proof, public, keys.device_bytes(offer.device))
    except (WireError, ValueError, TypeError) as error:
        raise bad from error
    if (version, device, nonce) != (PROOF_VERSION, signer.kid, offer.nonce):
        raise bad
    return key


def _claim_hash(device: str, secret: str) -> bytes:
    """A fast hash is enough for 80 random bits. Case and the letters people misread do not matter."""
    plain = secret.upper().replace("-", "").replace(" ", "").translate(str.maketrans("ILO", "110"))
    return hashlib.sha256(f"trivet claim {device} {plain}".encode()).digest()


async def check_sticker(session: AsyncSession, device: str, secret: str) -> None:
    """RegistryError unless both are from one sticker of an appliance that is enrolled here. One answer for an unknown
    device and a wrong secret: nobody learns which ids exist."""
    row = await session.get(DeviceRow, device)
    known = row is not None and hmac.compare_digest(row.claim_hash, _claim_hash(device, secret))
    if row is None or not known or row.revoked_at is not None:
        raise RegistryError("device id and claim secret do not belong together: read both from the sticker")


async def owner_of(session: AsyncSession, device: str) -> int | None:
    """The present owner's number."""
    query = select(OwnershipRow.owner).where(OwnershipRow.device == device, OwnershipRow.until.is_(None))
    return await session.scalar(query)


async def bind(session: AsyncSession, device: str, owner: int) -> None:
    """The appliance belongs to `owner` from now on; it has none at present."""
    session.add(OwnershipRow(device=device, owner=owner))
    cases = await session.scalars(select(CaseRecord.id).where(CaseRecord.device == device))
    for case in cases.all():
        session.add(CaseEventRow(case=case, actor="owner", kind="claimed", text="The owner registered it"))


async def _same_person(session: AsyncSession, phone: str | None, email: str | None) -> OwnerRow | None:
    """Whoever has this mail address or phone number already, however it is written."""
    if email is not None:
        mail = func.lower(func.trim(OwnerRow.email)) == email.strip().lower()
        found = await session.scalar(select(OwnerRow).where(mail).order_by(OwnerRow.id).limit(1))
        if found is not None:
            return found
    if phone is not None:
        query = select(OwnerRow.id, OwnerRow.phone).where(OwnerRow.phone.is_not(None)).order_by(OwnerRow.id)
        for number, known in await session.execute(query):
            if known == phone or phones.equal(phone, known):
                return await session.get_one(OwnerRow, number)
    return None
