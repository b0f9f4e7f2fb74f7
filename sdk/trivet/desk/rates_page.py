"""How good the desk is: first guesses that were right, visits that mended at once, visits that found nothing. Takes
`trivet.cases.rates`, gives a page; nothing of an owner is in it.
"""

from __future__ import annotations

import datetime as dt

from nicegui import ui

from trivet.cases.rates import rates
from trivet.desk.forms import Field, Form, Values
from trivet.desk.frame import Frame, Island

FIELDS = (
    Field("model", need=False, most=64),
    Field("code", need=False, most=12),
    Field("since", "day", need=False),
)


class RatesPage:
    """The figures, of all or of one model, one code, since a day."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.model: str | None = None
        self.code: str | None = None
        self.since: dt.datetime | None = None
        with frame.main:
            with ui.element("div").classes("top"):
                Island(tag="h1", html=frame.words("rates.title"))
            self.form = Form(frame, "rates", FIELDS, ("show",), self._choose)
            self.form.keeps = True
            self.figures = Island("rates", props="role=status data-card=rates")

    async def refresh(self) -> None:
        """Ask the database, draw what changed."""
        async with self.frame.cloud.store.reading() as session:
            found = await rates(session, model=self.model, code=self.code, since=self.since)
        self.figures.show(self.frame.draw("desk.html", "rates", of=found))

    async def _choose(self, values: Values) -> None:
        self.model = values.get("model", "").strip()[:64] or None
        self.code = values.get("code", "").strip().upper()[:12] or None
        since = values.get("since", "")
        self.since = dt.datetime.combine(dt.date.fromisoformat(since), dt.time(), dt.UTC) if since else None
        await self.refresh()
