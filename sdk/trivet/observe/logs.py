"""The log as lines, one a record: JSON for programs, or text for a terminal. Takes records, gives lines without
personal data; never the values that an exception or a foreign library brought along.

Three walls: the house logs numbers and names of things, nothing of people; an exception is its class and its places,
its text stays out (a database says in it which value was doubled); of other libraries the unfilled template is kept.
What still looks like a mail address or phone number is struck out.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

OURS = "trivet"
_SILENT = (
    "apprise",
    "httpcore",
    "httpx",
    "urllib3",
    "aiosqlite",
    "multipart",
    "markdown_it",
)  # they log whom they reach
_MAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,190}\.[a-zA-Z]{2,24}")
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|00)\d[\d ()/.-]{6,20}\d(?!\w)")
_FRAMES = 12
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def scrubbed(text: str) -> str:
    """Without mail addresses and phone numbers."""
    return _PHONE.sub("‹phone›", _MAIL.sub("‹mail›", text))


def said(record: logging.LogRecord) -> str:
    """A record's text: filled in where the house wrote it, else its template."""
    ours = record.name == OURS or record.name.startswith(f"{OURS}.")
    return scrubbed(record.getMessage() if ours else str(record.msg))


class Lines(logging.Formatter):
    """One JSON object a line: at, level, logger, says; error and where for exceptions; what `extra` brought."""

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": said(record),
        }
        line |= {
            name: value
            for name, value in vars(record).items()
            if name not in _STANDARD and isinstance(value, int | float | bool)
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


class Plain(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{record.levelname} {record.name}: {said(record)}"
        if record.exc_info and record.exc_info[1] is not None:
            seen = told(record.exc_info[1])
            line += f" [{' from '.join(seen['error'])}]" + "".join(f"\n    {place}" for place in seen["where"])
        return line


def told(error: BaseException) -> dict[str, list[str]]:
    """Classes of an exception and its causes, and where it came from; without its text."""
    classes, at = [], error
    while True:
        classes.append(type(at).__name__)
        following = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
        if following is None or len(classes) >= 8:
            break
        at = following
    return {"error": classes, "where": _places(error.__traceback__)}


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]


def setup(*, as_json: bool, level: int | None = None, to: TextIO | None = None) -> logging.Handler:
    """The only handler of this process from now on; gives it. `level` of the house's own records; else people at a
    terminal get warnings, programs also what went well."""
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(Lines() if as_json else Plain())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    usual = logging.INFO if as_json else logging.WARNING
    logging.getLogger(OURS).setLevel(usual if level is None else level)
    for name in ("uvicorn", "uvicorn.error", "nicegui"):  # they bring handlers of their own, which write everything
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return handler
