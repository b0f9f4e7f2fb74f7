"""Removes every row that belongs to the owner of an appliance. Takes a transaction, gives how many rows went from which
table; raises the receipts' floors so that an old message is refused and never stored again. Touches no file and no
stream. Which table goes and which stays stands here, and a test holds every table against it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Result, delete, func, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from trivet_wire import ids

from trivet.consent import security
from trivet.store.care import CareRow
from trivet.store.letters import LetterRow
from trivet.store.notices import NoticeRow
from trivet.store.outward import DeliveryRow
from trivet.store.pages import PageRow
from trivet.store.privacy import RequestRow, SecurityEventRow, UseRow
from trivet.store.tables import (
    CaseEventRow,
    CaseRecord,
    CommandRow,
    ConsentRow,
    DeviceRow,
    MessageRow,
    ReceiptRow,
    RefusedRow,
)
from trivet.store.tickets import TicketJobRow, TicketRow
from trivet.store.updates import OfferRow, UpdateHoursRow
from trivet.store.visits import VisitRow

# Tables with something of an appliance, and why those that stay may stay.
GOES = {"messages", "refused", "cases", "case_events", "consents", "consent_requests", "uses", "commands"}
GOES |= {"security_events", "ownerships", "owners", "owner_logins", "offers", "update_hours", "visits", "care"}
GOES |= {
    "webhook_deliveries",
    "letters",
    "notices",
    "pages",
    "notify_choices",
    "tickets",
    "ticket_jobs",
}  # the last with its owner
GOES |= {"case_work", "proposals", "case_tests", "feedback", "remote_sessions", "remote_acts"}  # with their case
STAYS = {
    "devices": "enrolment: the identity of the machine; its name for people goes back to the model's",
    "receipts": "numbers alone: up to where an old message is refused",
    "erasures": "that it was erased, when and how much; nothing of the owner",
    "ledger_heads": "numbers and hashes that tell an older flash of the machine; nothing of what was noted",
    "installed": "which software the machine runs: without it an older one could be offered",
    "outcomes": "what a fault of the model was in the end; its case is no longer named",
    "ledger_states": "numbers of the machine's last contact, for the same",
}
# What stays of an offer that is open: the machine goes on with it, the owner's word on it goes.
_UNANSWERED = {"answer": None, "answer_until": 0, "answer_at": None, "answer_counter": None, "answer_state": None}
_UNANSWERED |= {"answer_reason": 0, "report_boot": None, "report_seq": None, "report_signed": None}
_MACHINE = (security.LEDGER, security.SIGNATURE)  # about a tampered machine, whoever owns it: kept without data


async def device(session: AsyncSession, row: DeviceRow, *, below: int | None = None) -> dict[str, int]:
    """Removes all rows of the appliance, or those recorded before its decision `below`."""
    removed: dict[str, int] = {}
    await _raise_floors(session, row.id, below)
    cases = select(CaseRecord.id).where(CaseRecord.device == row.id)
    steps: list[tuple[str, Any]] = [
        ("visits", delete(VisitRow).where(VisitRow.device == row.id)),
        ("webhook_deliveries", delete(DeliveryRow).where(DeliveryRow.case.in_(cases))),
        ("notices", delete(NoticeRow).where(NoticeRow.case.in_(cases))),
        ("pages", delete(PageRow).where(PageRow.case.in_(cases))),
        ("ticket_jobs", delete(TicketJobRow).where(TicketJobRow.case.in_(cases))),
        ("tickets", delete(TicketRow).where(TicketRow.case.in_(cases))),
        ("letters", delete(LetterRow).where(LetterRow.case.in_(cases))),
        ("case_events", delete(CaseEventRow).where(CaseEventRow.case.in_(cases))),
        ("cases", delete(CaseRecord).where(CaseRecord.device == row.id)),
        ("messages", _older(delete(MessageRow).where(MessageRow.device == row.id), MessageRow.consent_seq, below)),
        ("care", delete(CareRow).where(CareRow.device == row.id)),
        ("refused", delete(RefusedRow).where(RefusedRow.device == row.id)),
        ("consents", _older(delete(ConsentRow).where(ConsentRow.device == row.id), ConsentRow.consent_seq, below)),
        ("consent_requests", delete(RequestRow).where(RequestRow.device == row.id)),
        ("uses", delete(UseRow).where(UseRow.device == row.id)),
        ("offers", delete(OfferRow).where(OfferRow.device == row.id, OfferRow.ended_at.is_not(None))),
        ("update_hours", delete(UpdateHoursRow).where(UpdateHoursRow.device == row.id)),
        ("commands", delete(CommandRow).where(CommandRow.device == row.id, _owners_command())),
        (
            "security_events",
            delete(SecurityEventRow).where(SecurityEventRow.device == row.id, SecurityEventRow.kind.not_in(_MACHINE)),
        ),
    ]
    for table, statement in steps:
        removed[table] = count(await session.execute(statement.execution_options(synchronize_session=False)))
    await session.execute(update(CommandRow).where(CommandRow.device == row.id).values(who="system"))
    await session.execute(update(OfferRow).where(OfferRow.device == row.id).values(_UNANSWERED))
    await session.execute(update(SecurityEventRow).where(SecurityEventRow.device == row.id).values(data_json={}))
    return removed


async def letters(session: AsyncSession, words: Iterable[str]) -> int:
    """Removes every letter that names one of these: as its sender, or anywhere in it."""
    gone = 0
    columns = LetterRow.sender, LetterRow.subject, LetterRow.text
    senders = {row.id: _digits(row.sender) for row in await session.execute(select(LetterRow.id, LetterRow.sender))}
    for word in words:
        same = [column.icontains(word, autoescape=True) for column in columns]
        phone = _digits(word) if not any(letter.isalpha() for letter in word) else ""
        called = [number for number, digits in senders.items() if len(phone) >= 6 and digits.endswith(phone[-9:])]
        gone += count(await session.execute(delete(LetterRow).where(or_(*same, LetterRow.id.in_(called)))))
    return gone


def _digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isdecimal())


def count(result: Result[Any]) -> int:
    """Rows that a statement touched."""
    return int(getattr(result, "rowcount", 0))


def _owners_command() -> Any:
    """Answered ones, and what the earlier owner decided; an open key rotation or update goes on."""
    return CommandRow.reason.is_not(None) | CommandRow.command.in_((ids.C_CONSENT, ids.C_ANSWER, ids.C_HOURS))


def _older(statement: Any, column: Any, below: int | None) -> Any:
    return statement if below is None else statement.where(column < below)


async def _raise_floors(session: AsyncSession, device: str, below: int | None) -> None:
    """In every boot, the highest number that goes now: what is not above it never comes back."""
    messages = _older(select(MessageRow.boot, MessageRow.seq), MessageRow.consent_seq, below)
    both = union_all(
        messages.where(MessageRow.device == device),
        select(RefusedRow.boot, RefusedRow.seq).where(RefusedRow.device == device),
    ).subquery()
    highest = dict((await session.execute(select(both.c.boot, func.max(both.c.seq)).group_by(both.c.boot))).all())
    receipts = {row.boot: row for row in await session.scalars(select(ReceiptRow).where(ReceiptRow.device == device))}
    for boot in highest.keys() | receipts.keys():
        receipt = receipts.get(boot)
        if receipt is None:
            receipt = ReceiptRow(device=device, boot=boot, floor=0, gone=0)
            session.add(receipt)
        floor = receipt.floor if below is None else 0
        receipt.gone = max(receipt.gone, floor, highest.get(boot, 0))
        receipt.floor = max(receipt.floor, receipt.gone)
    await session.flush()
