"""The state of a running cloud as numbers (Prometheus text format). Takes sessions and what the process counted, gives
bytes; labels are states, reasons, kinds and routes: never an appliance, a case or a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.store.letters import LetterRow
from trivet.store.notices import NoticeRow
from trivet.store.outward import OPEN, DeliveryRow, OutboxRow, WebhookRow
from trivet.store.pages import PageRow
from trivet.store.tables import CaseEventRow, CaseRecord, CommandRow, DeviceRow

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One for each application. `seen` counts a request, `text` gives everything."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "trivet_http_request_seconds",
            "Requests answered, by route",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=_BUCKETS,
        )

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route`: the template, as /api/cases/{case_id}; `status` counts by its hundred."""
        self._requests.labels(method, route, f"{status // 100}xx").observe(seconds)

    async def text(self, session: AsyncSession, counted: Mapping[str, int], now: dt.datetime) -> bytes:
        """`counted`: what this process counted since its start, by name."""
        found = [*_counted(counted), *await _state(session, now)]

        class Found:
            def collect(self) -> Iterable[Metric]:
                return found

        once = CollectorRegistry()
        once.register(Found())
        return generate_latest(self._registry) + generate_latest(once)


def _counted(counted: Mapping[str, int]) -> list[Metric]:
    made: list[Metric] = []
    for name, value in sorted(counted.items()):
        family = CounterMetricFamily(f"trivet_{name}", f"{name.replace('_', ' ').capitalize()} since the start")
        family.add_metric([], value)
        made.append(family)
    return made


async def _state(session: AsyncSession, now: dt.datetime) -> list[Metric]:
    revoked = DeviceRow.revoked_at.is_not(None)
    standing = case((revoked, "revoked"), (DeviceRow.connected, "connected"), else_="away")
    health = case(
        (WebhookRow.disabled_at.is_not(None), "disabled"),
        (WebhookRow.failing_since.is_not(None), "failing"),
        else_="well",
    )
    return [
        _build(),
        await _by(session, "trivet_appliances", "Appliances by where they are", {"state": standing}, DeviceRow),
        await _by(
            session,
            "trivet_cases",
            "Cases by state and whether people may be hurt",
            {"state": CaseRecord.state, "hazard": case((CaseRecord.hazard, "yes"), else_="no")},
            CaseRecord,
        ),
        await _by(session, "trivet_webhooks", "Receivers of webhooks by how they do", {"state": health}, WebhookRow),
        await _by(
            session, "trivet_webhook_deliveries", "Deliveries kept, by state", {"state": DeliveryRow.state}, DeliveryRow
        ),
        await _by(
            session,
            "trivet_pages",
            "Hazards that people on call were paged for, by state",
            {"state": PageRow.state},
            PageRow,
        ),
        await _by(session, "trivet_notices", "Messages to owners, by state", {"state": NoticeRow.state}, NoticeRow),
        await _by(session, "trivet_letters", "Letters that came in, by state", {"state": LetterRow.state}, LetterRow),
        *await _waits(session, now),
    ]


async def _waits(session: AsyncSession, now: dt.datetime) -> list[Metric]:
    """How much waits and since when: what an alert is set on."""
    oldest = select(func.count(), func.min(CaseEventRow.at)).select_from(OutboxRow)
    outbox, since = (await session.execute(oldest.join(CaseEventRow, CaseEventRow.id == OutboxRow.event))).one()
    deliveries = select(func.min(DeliveryRow.made_at)).where(DeliveryRow.state == OPEN)
    delivery = await session.scalar(deliveries)
    commands = await session.scalar(select(func.count()).select_from(CommandRow).where(CommandRow.reason.is_(None)))
    return [
        GaugeMetricFamily("trivet_outbox_waiting", "Entries of timelines not yet routed", outbox),
        GaugeMetricFamily("trivet_outbox_oldest_seconds", "Age of the oldest of them", _age(since, now)),
        GaugeMetricFamily("trivet_delivery_oldest_seconds", "Age of the oldest open delivery", _age(delivery, now)),
        GaugeMetricFamily("trivet_commands_open", "Commands without a result", commands or 0),
    ]


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _build() -> Metric:
    family = GaugeMetricFamily("trivet_build", "What runs here", labels=("version",))
    family.add_metric([metadata.version("trivet")], 1)
    return family


async def _by(session: AsyncSession, name: str, says: str, labels: Mapping[str, Any], table: type[Any]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=tuple(labels))
    columns = [column.label(label) for label, column in labels.items()]
    for row in await session.execute(select(*columns, func.count()).select_from(table).group_by(*columns)):
        family.add_metric([str(value) for value in row[:-1]], row[-1])
    return family
