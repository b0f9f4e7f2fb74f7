"""What the audit tries out itself, on the very system it reports on. Each check takes what was gathered and gives
whether it holds and what it saw, with figures; a check that cannot be made says so and does not hold.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet import paths
from trivet.audit import holdings, keyring
from trivet.config import Settings
from trivet.consent import texts
from trivet.consent.periods import Periods
from trivet.store.tables import ConsentRow, DeviceRow, LoginRow, MessageRow, OwnerLoginRow


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What a check saw. `ok`: it holds."""

    name: str
    asks: str
    ok: bool
    saw: str


@dataclass(frozen=True)
class Gathered:
    """What checks look at."""

    settings: Settings
    session: AsyncSession
    periods: Periods
    keys: list[keyring.Key]
    kept: list[holdings.Kept]
    erasures: list[holdings.Erasure]


Result = tuple[bool, str]


async def keys_private(found: Gathered) -> Result:
    """Secret files and their folder are readable by their owner alone"""
    open_ = [key.name for key in found.keys if not key.private]
    folder = keyring.folder_private(found.settings)
    says = (
        f"{len(found.keys)} keys; open to others: {', '.join(open_) or 'none'}; folder {'closed' if folder else 'open'}"
    )
    return not open_ and folder, says


async def keys_sealed(found: Gathered) -> Result:
    """Master secret, command key and certificate authority are sealed by a passphrase or lie outside this folder"""
    important = [key for key in found.keys if key.name in ("master.key", "command.key", "ca.key")]
    outside = {key.name for key in important if not key.where.startswith(str(found.settings.secrets_dir))}
    plain = [key.name for key in important if not key.sealed and key.name not in outside and key.mode]
    return not plain, f"plain on disk: {', '.join(plain) or 'none'}"


async def passwords_hashed(found: Gathered) -> Result:
    """Every password is kept as a salted scrypt hash, and no two are equal"""
    hashes = list(await found.session.scalars(select(LoginRow.password_hash)))
    hashes += list(await found.session.scalars(select(OwnerLoginRow.password_hash)))
    good = all(re.fullmatch(r"scrypt\$\d+\$\d+\$\d+\$[^$]+\$[^$]+", one) for one in hashes)
    return good and len(set(hashes)) == len(hashes), f"{len(hashes)} logins"


async def identities_unique(found: Gathered) -> Result:
    """No two appliances share a certificate or a claim secret"""
    count, serials, claims = (
        await found.session.execute(
            select(
                func.count(), func.count(DeviceRow.cert_serial.distinct()), func.count(DeviceRow.claim_hash.distinct())
            ).select_from(DeviceRow)
        )
    ).one()
    return count == serials == claims, f"{count} appliances, {serials} certificates, {claims} claim secrets"


async def messages_covered(found: Gathered) -> Result:
    """Every stored message is covered by the decision that held when it was made"""
    row = MessageRow
    joined = select(row.purpose, ConsentRow.mask, func.count()).join(
        ConsentRow, (ConsentRow.device == row.device) & (ConsentRow.consent_seq == row.consent_seq), isouter=True
    )
    covered = bare = 0
    for purpose, mask, count in await found.session.execute(joined.group_by(row.purpose, ConsentRow.mask)):
        if purpose == ids.SAFETY or (mask is not None and mask >> purpose & 1):
            covered += count
        else:
            bare += count
    return bare == 0, f"{covered} messages covered, {bare} not"


async def retention_kept(found: Gathered) -> Result:
    """No message is older than its purpose allows (one day of grace: the job runs daily)"""
    overdue = sum(one.overdue for one in found.kept)
    return overdue == 0, f"{sum(one.messages for one in found.kept)} messages, {overdue} overdue"


async def erasures_proven(found: Gathered) -> Result:
    """Every erasure that an owner asked for has a proof"""
    asked = [one for one in found.erasures if one.cause == "erasure"]
    bare = [one for one in asked if not one.proof]
    return not bare, f"{len(asked)} erasures asked for, {len(bare)} without proof"


async def texts_kept(found: Gathered) -> Result:
    """The words behind every decision that names a text are kept"""
    query = select(ConsentRow.text_hash).distinct().where(ConsentRow.text_hash.is_not(None), ConsentRow.text_hash != 0)
    wanted = {number for number in await found.session.scalars(query) if number is not None}
    known = (await texts.find(found.session, wanted)).keys() | {one.hash for one in texts.all_texts(found.periods)}
    return wanted <= known, f"{len(wanted)} texts named by decisions, {len(wanted - known)} unknown"


_PEM = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{16}")


async def no_keys_in_source(found: Gathered) -> Result:
    """Neither firmware nor cloud carries a private key in its source"""
    roots = [paths.firmware(), paths.boards(), Path(str(importlib.resources.files("trivet")))]
    files = [
        path for root in roots for path in root.rglob("*") if path.suffix in (".py", ".toml", ".pem", ".key", ".der")
    ]
    found_in = [path.name for path in files if path.suffix in (".key", ".der") or _PEM.search(path.read_bytes())]
    return not found_in, f"{len(files)} files; private keys in: {', '.join(found_in) or 'none'}"


async def folder_closed(found: Gathered) -> Result:
    """The database and the keys of this cloud lie in a folder that its owner alone may enter"""
    mode = found.settings.data_dir.stat().st_mode
    closed = not mode & keyring.PRIVATE
    return closed, f"{found.settings.data_dir} is {'closed' if closed else 'open'} to others ({mode & 0o777:04o})"


CHECKS: dict[str, Callable[[Gathered], Awaitable[Result]]] = {
    check.__name__: check
    for check in (
        keys_private,
        keys_sealed,
        folder_closed,
        passwords_hashed,
        identities_unique,
        messages_covered,
        retention_kept,
        erasures_proven,
        texts_kept,
        no_keys_in_source,
    )
}


async def run(found: Gathered) -> list[Check]:
    """All of them, in this order."""
    done = []
    for name, check in CHECKS.items():
        try:
            ok, saw = await check(found)
        except Exception as error:  # an audit reports what it cannot see, and goes on
            ok, saw = False, f"could not be made: {type(error).__name__}: {error}"
        done.append(Check(name=name, asks=(check.__doc__ or "").strip(), ok=ok, saw=saw))
    return done
