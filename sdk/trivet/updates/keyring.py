"""The root of keys of this cloud: which release keys it believes, as a file beside the payloads. Takes the updates'
folder, gives the set; the next one comes by a key manifest alone, as on an appliance.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.release import ReleaseError, envelope, roots
from trivet.store.updates import KeyManifestRow
from trivet.updates.payloads import Payloads
from trivet.updates.problem import UpdateError

FILE = "roots.cbor"


def known(updates_dir: Path) -> roots.Roots | None:
    """The present set; None before the first one came. UpdateError for a file that is damaged."""
    try:
        return roots.read((updates_dir / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ReleaseError as error:
        raise UpdateError("keys", f"{updates_dir / FILE}: {error}. Bring the file back from the backup") from error


def needed(updates_dir: Path) -> roots.Roots:
    """`known`, or an UpdateError that says how to get one."""
    found = known(updates_dir)
    if found is None:
        raise UpdateError(
            "keys", "this cloud knows no root of keys yet: say --roots roots.cbor (trivet release keys makes one)"
        )
    return found


def keep(updates_dir: Path, data: bytes) -> roots.Roots:
    """The first set of keys, from the bytes of its file. The same changes nothing; UpdateError for another one."""
    try:
        given = roots.read(data)
    except ReleaseError as error:
        raise UpdateError("keys", str(error)) from error
    present = known(updates_dir)
    if present is None:
        _write(updates_dir, data)
    elif present != given:
        raise UpdateError(
            "keys",
            f"this cloud believes set {present.number} of the release keys, and the file is another set, number "
            f"{given.number}: keys change by a key manifest (trivet release offer DEVICE --keys FILE)",
        )
    return given


async def take(session: AsyncSession, updates_dir: Path, data: bytes, who: str) -> KeyManifestRow:
    """A key manifest that leads on from the present set, and from now on is the present one; one that was taken before
    is found again. UpdateError for any other."""
    payload = Payloads(updates_dir).put(data)
    present = needed(updates_dir)
    try:
        new = roots.read(roots.read_manifest(data).payload)
        row = await session.get(KeyManifestRow, new.number)
        if row is not None and row.payload == payload:
            return row
        if new != present:  # else the file was written, and the row was not
            new = roots.following(present, data)
    except ReleaseError as error:
        raise UpdateError("keys", str(error)) from error
    row = KeyManifestRow(number=new.number, payload=payload, size=len(data), taken_by=who[:64])
    session.add(row)
    await session.flush()
    _write(updates_dir, new.encode())
    return row


def believed(updates_dir: Path, sha256: str) -> list[str]:
    """Ids of the keys whose signatures on this envelope count now. UpdateError when they are not enough."""
    present = needed(updates_dir)
    try:
        enclosed = envelope.read(Payloads(updates_dir).path(sha256).read_bytes())
    except (ReleaseError, OSError) as error:
        raise UpdateError("damaged", f"the manifest {sha256} cannot be read any more: publish it again") from error
    verdict = present.judge(enclosed.signatures, enclosed.digest)
    if verdict.reason:
        name = ids.REASON_NAMES[verdict.reason]
        raise UpdateError(
            "signatures", f"{verdict.words()}, by set {present.number} of keys ({name}): sign it anew, publish it again"
        )
    return [kid.hex() for kid in verdict.good]


def _write(updates_dir: Path, data: bytes) -> None:
    updates_dir.mkdir(parents=True, exist_ok=True)
    draft = updates_dir / f"{FILE}.new"
    draft.write_bytes(data)
    draft.replace(updates_dir / FILE)
