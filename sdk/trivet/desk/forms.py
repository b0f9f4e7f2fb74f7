"""Forms of the desk. Takes a literal table of fields and what to do with them, gives a form whose text stays in the
browser until the service has said yes: a refusal stands beside it in plain words, and nothing typed is lost.

Values are never bound to the server: a page that draws itself anew leaves alone what somebody is typing.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui
from nicegui.events import GenericEventArguments
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from trivet.cases.problem import CaseError
from trivet.desk.frame import Frame, Island
from trivet.inbound.problem import LetterError

Values = Mapping[str, str]
Do = Callable[[Values], Awaitable[None]]
# What stands in the form, and which of its buttons was pressed.
SUBMIT = """(event) => { event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  if (event.submitter?.name) values[event.submitter.name] = event.submitter.value;
  event.target.sent = values;
  emit(values); }"""
# Empties what was sent; what somebody typed since then stays.
EMPTY = """(() => { const form = getHtmlElement(%d);
  for (const box of form?.sent ? form.elements : []) {
    if (box.type === "checkbox" ? box.checked === (box.name in form.sent) : box.value === form.sent[box.name]) {
      if (box.type === "checkbox") box.checked = box.defaultChecked;
      else if (box.options) box.selectedIndex = Math.max(0, [...box.options].findIndex((one) => one.defaultSelected));
      else if (box.type !== "submit") box.value = box.defaultValue;
    } } })()"""
TWICE_S = 1.0  # the same again within this time is one press of a nervous finger
MOST, MOST_FIELDS = 2000, 60  # characters of a field, and fields of a form


@dataclass(frozen=True)
class Field:
    """`kind`: line, text, choice, check, day. `name`: as the service calls it; its label is `form.NAME`."""

    name: str
    kind: str = "line"
    need: bool = True
    most: int = MOST
    label: str = ""


WHY = Field("why")


class Form:
    """One form. `acts`: names of its buttons, labelled `act.NAME`; the first is what Enter means. `hot`: the key that
    leads to its first field, or to its button."""

    def __init__(  # noqa: PLR0917  the parts of a form, in the order in which they stand
        self, frame: Frame, name: str, fields: Sequence[Field], acts: Sequence[str], do: Do, hot: str = ""
    ) -> None:
        self.frame, self.name, self.do = frame, name, do
        self.fields = {field.name: field for field in fields}
        self.key = secrets.token_hex(12)  # the same submission twice makes one thing
        self.choices: dict[str, dict[str, str]] = {}
        self._boxes: dict[str, ui.element] = {}
        self._options: dict[str, dict[str, Island]] = {}
        self.wraps: dict[str, ui.element] = {}
        self._let: tuple[str, ...] = ()
        self._turn = asyncio.Lock()
        self._doing: Values | None = None
        self._twice_until = 0.0  # the loop's time
        self.keeps = False  # what was entered stays after it was done
        with ui.element("form").classes("form").props(f"data-form={name}") as self.element:
            for field in fields:
                self._field(field, hot if field is fields[0] else "")
            self._row = ui.element("div").classes("acts")
            self.wrong = Island("refused", props="role=alert")
            self.right = Island("done", props="role=status")
        self.element.on("submit", self._submit, js_handler=SUBMIT)
        self._hot = "" if fields else hot
        self.let(acts)

    def _field(self, field: Field, hot: str) -> None:
        words = self.frame.words
        tag = {"text": "textarea", "choice": "select"}.get(field.kind, "input")
        classes = "field check" if field.kind == "check" else "field"
        with ui.element("label").classes(classes) as self.wraps[field.name]:
            Island(tag="span", html=words(field.label or f"form.{field.name}"))
            box = ui.element(tag).props(f"name={field.name}")
            types = {"check": "checkbox", "day": "date", "line": "text"}
            if tag == "input":
                box.props["type"] = types[field.kind]
            if field.kind == "text":
                box.props["rows"] = "2"
            if field.kind in ("line", "text"):
                box.props["maxlength"] = str(field.most)
                box.props["autocomplete"] = "off"
            if field.need and field.kind != "check":
                box.props["required"] = True
            if hot:
                box.props["data-hot"] = hot
        self._boxes[field.name] = box
        self._options[field.name] = {}

    def offer(self, name: str, choices: Mapping[str, str]) -> None:
        """What may be chosen, by value; what stays keeps its place, so that a choice made is not lost."""
        have = self._options[name]
        for value in have.keys() - choices.keys():
            have.pop(value).element.delete()
        for position, (value, html) in enumerate(choices.items()):
            option = have.get(value)
            if option is None:
                with self._boxes[name]:
                    option = have[value] = Island(tag="option", html=html)
                option.element.props["value"] = value
            option.show(html)
            if self._boxes[name].default_slot.children.index(option.element) != position:
                option.element.move(target_index=position)

    def clear(self) -> None:
        """Nothing of what could be chosen stays."""
        for name in self._options:
            self.offer(name, {})

    def let(self, acts: Sequence[str]) -> None:
        """Only these buttons are there; Enter presses the first."""
        if tuple(acts) == self._let:
            return
        self._let = tuple(acts)
        self._row.clear()
        with self._row:
            for act in acts:
                classes = "button primary" if act == acts[0] else "button"
                props = f"type=submit name=act value={act} data-act={act}"
                props += f" data-hot={self._hot}" if self._hot else ""
                Island(classes, "button", self.frame.words(f"act.{act}"), props)

    def say(self, key: str, **values: object) -> None:
        """A word beside the form, of no harm."""
        self.right.show(self.frame.draw("form.html", "said", text=self.frame.words(key, **values)))

    async def _submit(self, event: GenericEventArguments) -> None:
        if not isinstance(event.args, dict):
            return
        values = {str(name)[:64]: str(value)[: MOST + 1] for name, value in list(event.args.items())[:MOST_FIELDS]}
        clock = asyncio.get_running_loop().time
        if values == self._doing and clock() < self._twice_until:
            return
        self._doing, self._twice_until = values, math.inf
        done = False
        try:
            async with self._turn:
                done = await self._answered(values)
        finally:
            if self._doing is values:
                self._twice_until = clock() + TWICE_S if done else 0.0

    async def _answered(self, values: Values) -> bool:
        self.right.show("")
        self.wrong.show("")
        refused = await self._try(values)
        if refused:
            self.wrong.show(self.frame.draw("form.html", "refused", text=refused))
        return not refused

    async def _try(self, values: Values) -> str:
        """Why not, in words; nothing when it was done."""
        words = self.frame.words
        try:
            await self.do(values)
        except (CaseError, LetterError) as error:
            return words.refusal(error.kind, str(error))
        except ValidationError as error:
            return self._asks(error)
        except (SQLAlchemyError, OSError):
            return words("refusal.away")
        self.key = secrets.token_hex(12)
        if self.keeps:
            return ""
        ui.run_javascript(EMPTY % self.element.id)
        if not self.right.element.content:
            self.say("form.done")
        return ""

    def _asks(self, error: ValidationError) -> str:
        words = self.frame.words
        wrong = dict.fromkeys(str(one["loc"][0]) if one["loc"] else "" for one in error.errors())
        names = [words(self.fields[name].label or f"form.{name}") for name in wrong if name in self.fields]
        return words("form.correct", fields=", ".join(names) or "?")


def plain(values: Values, *names: str) -> dict[str, str | None]:
    """These fields, None where nothing was entered."""
    return {name: values.get(name, "").strip() or None for name in names}
