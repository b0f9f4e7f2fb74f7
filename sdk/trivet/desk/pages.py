"""The pages of the vendor's people, by address. Takes views of the cases room, gives live pages; never writes."""

from __future__ import annotations

from typing import Protocol

from fastapi import Request
from nicegui import ui

from trivet.desk import keys
from trivet.desk.case_page import CasePage
from trivet.desk.device import DevicePage
from trivet.desk.devices_page import DevicesPage
from trivet.desk.frame import Frame, open_page
from trivet.desk.letters_page import LettersPage
from trivet.desk.queue_page import QueuePage
from trivet.desk.rates_page import RatesPage
from trivet.desk.visits_page import VisitsPage

PATIENCE_S = 30.0  # a database that is busy is waited for, rather than a page shown that says only "not ready"


class Live(Protocol):
    """A page that can be drawn anew."""

    async def refresh(self) -> None: ...


def register() -> None:
    """Tell NiceGUI of the pages. Once per process."""

    async def show(frame: Frame, page: Live) -> None:
        keys.lay(frame.words)
        await frame.live(page.refresh)

    @ui.page("/", response_timeout=PATIENCE_S)
    async def queue_page(request: Request) -> None:
        frame = open_page(request, "queue.title", "queue")
        await show(frame, QueuePage(frame, request.query_params))

    @ui.page("/case/{case_id}", response_timeout=PATIENCE_S)
    async def case_page(request: Request, case_id: int) -> None:
        frame = open_page(request, "queue.title", "case")
        await show(frame, CasePage(frame, case_id))

    @ui.page("/device/{device_id}", response_timeout=PATIENCE_S)
    async def device_page(request: Request, device_id: str) -> None:
        frame = open_page(request, "devices.title", "devices")
        await show(frame, DevicePage(frame, device_id[:16]))

    @ui.page("/devices", response_timeout=PATIENCE_S)
    async def devices_page(request: Request) -> None:
        frame = open_page(request, "devices.title", "devices")
        await show(frame, DevicesPage(frame, request.query_params))

    @ui.page("/visits", response_timeout=PATIENCE_S)
    async def visits_page(request: Request) -> None:
        frame = open_page(request, "visits.title", "visits")
        await show(frame, VisitsPage(frame, request.query_params))

    @ui.page("/letters", response_timeout=PATIENCE_S)
    async def letters_page(request: Request) -> None:
        frame = open_page(request, "letters.title", "letters")
        keys.lay(frame.words)
        page = LettersPage(frame)
        await frame.live(page.refresh, page.stamp)

    @ui.page("/rates", response_timeout=PATIENCE_S)
    async def rates_page(request: Request) -> None:
        frame = open_page(request, "rates.title", "rates")
        await show(frame, RatesPage(frame))
