"""The ways out of one running cloud: webhooks, notifications, pages, reminders, tickets. Takes the cloud's folder and
parts, gives the jobs that serve them; each goes on by itself whatever fails, and stops when it is cancelled.
"""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from trivet.care.reminder import Reminder
from trivet.notify import config as notify
from trivet.notify import oncall
from trivet.notify import plan as notices
from trivet.notify.sender import Teller
from trivet.outward.http import Client
from trivet.outward.router import Plan, Router
from trivet.outward.seal import Seal
from trivet.store import Store
from trivet.tickets import config as tickets
from trivet.tickets import plan as ticket_plan
from trivet.tickets.clerk import Clerk
from trivet.webhooks.events import Queue
from trivet.webhooks.sender import Sender


class Ways:
    """Settings are read when it is made: NotifyError or TicketsError says what is wrong in them."""

    def __init__(self, folder: Path, store: Store, seal: Seal, client: Client) -> None:
        self._store, self._seal, self._client = store, seal, client
        self._told = notify.load(folder)
        self._tickets = tickets.load(folder)
        self._system = tickets.adapter(self._tickets, folder, client) if self._tickets else None

    def jobs(self, base: str) -> dict[str, Coroutine[Any, Any, None]]:
        """By name. `base`: what links in messages begin with."""
        plans: list[Plan] = [Queue(base), notices.Plan(self._told), oncall.Plan(self._told.oncall)]
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "webhooks": Sender(self._store, self._seal, self._client).run(),
            "notifications": Teller(self._store, self._told, base).run(),
            "reminders": Reminder(self._store, self._told, self._seal, base).run(),
        }
        if self._told.oncall is not None:
            jobs["oncall"] = oncall.Pager(self._store, self._told.oncall, base).run()
        if self._system is not None and self._tickets is not None:
            plans.append(ticket_plan.Plan(self._system.name, self._tickets.kinds))
            jobs["tickets"] = Clerk(self._store, self._system, base).run()
        jobs["outbox"] = Router(self._store, plans).run()
        return jobs
