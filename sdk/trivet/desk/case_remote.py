"""The desk at an appliance from afar: begin a session, run self-tests and approved fixes within it, take a fix back,
end it. Takes values of `trivet.remote.listing`, gives a live card; the service does it or says why not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui
from trivet_wire import ids

from trivet.api import schemas_remote as schemas
from trivet.cases import proposals, steps
from trivet.cases.problem import CaseError
from trivet.desk.forms import WHY, Field, Form, Values
from trivet.desk.frame import Island
from trivet.desk.hands import hand_on, once_for, works_here
from trivet.remote import acts, sessions
from trivet.remote.listing import Session
from trivet.store.remote import ENDED, OPEN

if TYPE_CHECKING:
    from trivet.cases.choices import Choices
    from trivet.cases.works import Work
    from trivet.desk.case_page import CasePage

SHOWN = 4  # the newest sessions
MINUTES = (5, 15, 30, 60)
_DO = (Field("remote", "choice"), WHY)


class RemoteCard:
    """Its sessions, the newest first, and what can be done now."""

    def __init__(self, page: CasePage) -> None:
        self.page, self.frame = page, page.frame
        self.now: Session | None = None
        with ui.element("section").classes("card remote").props("data-card=remote"):
            self.list = Island(props="role=status")
            with page.folded("case_remote.connect") as self.connect:
                self.form = Form(self.frame, "connect", (Field("minutes", "choice"), WHY), ("connect",), self._begin)
            self.act = Form(self.frame, "remote", _DO, ("remote",), self._do)
            self.end = Form(self.frame, "disconnect", (WHY,), ("disconnect",), self._end)
        self.form.offer("minutes", {str(one): f"{one} min" for one in MINUTES})

    def show(self, found: list[Session], work: Work, choices: Choices, *, open_: bool) -> None:
        """Draw what changed."""
        draw, may = self.frame.draw, works_here(self.frame)
        self.now = next((one for one in found if one.state != ENDED), None)
        self.list.show(draw("case_remote.html", "sessions", found=found[:SHOWN]))
        self.connect.set_visibility(may and open_ and self.now is None)
        self.act.element.set_visibility(may and self.now is not None and self.now.state == OPEN)
        self.end.element.set_visibility(may and self.now is not None)
        words = self.frame.words
        what = (
            {f"test {one.name}": words("case_remote.test", name=one.name) for one in choices.routines} if open_ else {}
        )
        for one in work.proposals:
            if one.step == steps.REMOTE_FIX and one.state == proposals.APPROVED and one.fix and open_:
                what[f"fix {one.fix} {one.id}"] = words("case_remote.fix", name=words.known("fix", one.fix))
        for done in (act for session in found for act in session.acts if act.undoable):
            what[f"undo {done.name} {done.id}"] = words("case_remote.undo", name=words.known("fix", done.name))
        self.act.offer("remote", what)

    def clear(self) -> None:
        """Nothing of the case stays."""
        self.now = None
        self.list.show("")
        self.act.clear()

    async def _begin(self, values: Values) -> None:
        minutes = values.get("minutes", "")
        seconds = int(minutes) * 60 if minutes.isdecimal() else 0
        body = schemas.Begin.model_validate({"seconds": seconds, "why": values.get("why", "").strip()})
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.form.key, body.model_dump_json())
            if await once.made() is None:
                await once.keep((await sessions.begin(hand, body.seconds, body.why)).id)
        await self.page.refresh()

    async def _do(self, values: Values) -> None:
        why = schemas.Undo.model_validate({"why": values.get("why", "").strip()}).why
        what, _, rest = values.get("remote", "").partition(" ")
        name, _, number = rest.partition(" ")
        if (
            self.now is None
            or what not in (acts.TEST, acts.FIX, acts.UNDO)
            or (what != acts.TEST and not number.isdecimal())
        ):
            raise CaseError("not-now", "Choose what is to be done while the session is open.")
        session = self.now.id
        async with hand_on(self.frame, self.page.case_id) as hand:
            once = once_for(hand, self.act.key, f"{session} {what} {rest} {why}")
            if await once.made() is None:
                if what == acts.TEST:
                    made = await acts.run(hand, session, acts.Wish(what, name, why))
                elif what == acts.FIX:
                    made = await acts.fix(hand, session, acts.Wish(what, name, why, int(number)))
                else:
                    made = await acts.undo(hand, session, int(number), why)
                await once.keep(made.id)
        await self.page.refresh()

    async def _end(self, values: Values) -> None:
        why = schemas.Undo.model_validate({"why": values.get("why", "").strip()}).why
        if self.now is not None:
            async with hand_on(self.frame, self.page.case_id) as hand:
                await sessions.stop(hand, self.now.id, ids.END_DESK, why)
        await self.page.refresh()
