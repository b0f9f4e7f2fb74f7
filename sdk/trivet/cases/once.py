"""The same request twice makes one thing. Takes a transaction, who asks, their key and what they ask; says what it made
before, or keeps what it makes now, in the same transaction (draft-ietf-httpapi-idempotency-key-header-07). What is kept
is the number of the thing, not the answer: nothing of an owner stands there.
"""

from __future__ import annotations

import hashlib

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.cases.problem import CaseError
from trivet.store.cases import IdempotencyRow


class Once:
    """`made` gives the number of what this request made before, None the first time; then `keep` it."""

    def __init__(self, session: AsyncSession, who: str, key: str, asked: str) -> None:
        """`asked`: everything that makes it this request and no other."""
        self._session, self._who, self._key = session, who, key
        self._digest = hashlib.sha256(asked.encode()).hexdigest()

    async def made(self) -> int | None:
        """CaseError "key-reused" when the key stands for another request."""
        row = await self._session.get(IdempotencyRow, (self._who, self._key))
        if row is None:
            return None
        if row.digest != self._digest:
            raise CaseError("key-reused", "This Idempotency-Key stands for another request: use a new one.")
        return int(row.body_json["id"])

    async def keep(self, number: int) -> None:
        """CaseError "in-progress" when the same request is being worked on at this moment."""
        body = {"id": number}
        row = IdempotencyRow(who=self._who, key=self._key, digest=self._digest, status=201, body_json=body)
        self._session.add(row)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise CaseError("in-progress", "The same request is being worked on: ask again.") from error
