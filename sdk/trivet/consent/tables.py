"""An export as flat tables: a ZIP of CSV files (RFC 4180, UTF-8) that a spreadsheet opens. Takes the value of
`export.of`, gives bytes. Units stand in the column's heading.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

_HEAD = ("boot", "seq", "purpose", "at", "received_at", "uptime_s", "delete_after", "consent_seq", "size")
Table = tuple[list[str], Iterable[list[Any]]]


def zipped(export: Mapping[str, Any]) -> bytes:
    """The whole export."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, (head, rows) in _tables(export).items():
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            writer.writerow(head)
            writer.writerows([[_cell(value) for value in row] for row in rows])
            archive.writestr(f"{name}.csv", text.getvalue().encode())
    return buffer.getvalue()


def _tables(export: Mapping[str, Any]) -> dict[str, Table]:
    found: dict[str, Table] = {"appliance": _flat([export["device"]])}
    for name in (
        "ownership",
        "consents",
        "requests",
        "uses",
        "commands",
        "visits",
        "feedback",
        "care",
        "letters",
        "notices",
        "recipients",
        "security",
        "erasures",
    ):
        found[name] = _flat(export[name])
    found["choices"] = _flat([export["choices"]] if export["choices"] else [])
    found["sessions"] = _flat([{**one, "acts": len(one["acts"])} for one in export["sessions"]])
    found["session_acts"] = _flat([{"session": one["id"], **act} for one in export["sessions"] for act in one["acts"]])
    found["updates"] = _updates([*export["updates"]["open"], *export["updates"]["history"]])
    days = export["retention_days"]
    found["retention"] = ["name", "days [d]"], [[name, days[name]] for name in days]
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for message in export["messages"]:
        kinds.setdefault(message["kind"], []).append(message)
    for kind, messages in kinds.items():
        found[f"messages_{kind}"] = _messages(messages, export["units"].get(kind, {}))
    found["samples"] = ["boot", "seq", "signal", "unit", "validity", "time [s]", "value"], _samples(export["messages"])
    found["cases"] = _cases(export["cases"])
    found["case_timeline"] = ["case", "at", "actor", "kind", "text"], _timelines(export["cases"])
    return found


def _flat(rows: list[Mapping[str, Any]]) -> Table:
    head = list(rows[0]) if rows else []
    return head, [[row[name] for name in head] for row in rows]


def _updates(updates: Sequence[Mapping[str, Any]]) -> Table:
    """The appliance's and the owner's word on each stand in columns of their own."""
    plain: list[Mapping[str, Any]] = []
    for one in updates:
        report, answer = one["report"] or {}, one["answer"] or {}
        row = {name: value for name, value in one.items() if name not in ("report", "answer")}
        row |= {f"report_{name}": report.get(name) for name in ("number", "signed", "trial_s", "trial_cycles", "code")}
        plain.append(row | {f"answer_{name}": answer.get(name) for name in ("answer", "until", "at", "state")})
    return _flat(plain)


def _messages(messages: list[Mapping[str, Any]], units: Mapping[str, Mapping[str, str]]) -> Table:
    said = dict.fromkeys(name for message in messages for name in message["values"])  # later versions say more
    names = [name for name in said if name not in ("frames", "verdicts")]
    titled = [f"{name} [{units[name]['unit']}]" if units.get(name, {}).get("unit") else name for name in names]
    coded = messages[0]["meaning"] is not None
    head = [*_HEAD, *titled, *(["code", "title"] if coded else [])]
    head[head.index("uptime_s")] = "uptime [s]"
    head[head.index("size")] = "size [B]"
    return head, [
        [*(message[name] for name in _HEAD), *(message["values"].get(name) for name in names)]
        + ([message["meaning"]["code"], message["meaning"]["title"].get("en", "")] if coded else [])
        for message in messages
    ]


def _samples(messages: list[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for message in messages:
        for series in (message["meaning"] or {}).get("series", ()):
            for time_s, sample in zip(series["times_s"], series["samples"], strict=True):
                whose = message["boot"], message["seq"], series["signal"], series["unit"], series["validity"]
                yield [*whose, time_s, sample]


def _cases(cases: list[Any]) -> Table:
    names = ["id", "state", "code", "severity", "hazard", "first_cause", "confidence", "next_step", "occurrences"]
    names += ["opened_at", "updated_at"]
    return [*names, "title"], [
        [*(getattr(case.row, name) for name in names), case.row.title.get("en", "")] for case in cases
    ]


def _timelines(cases: list[Any]) -> Iterator[list[Any]]:
    for case in cases:
        for entry in case.timeline:
            yield [case.row.id, entry.at, entry.actor, entry.kind, entry.text]


def _text(value: str) -> str:
    """A spreadsheet would take these beginnings for a formula."""
    return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_CELLS: dict[type, Callable[[Any], Any]] = {str: _text, dt.datetime: dt.datetime.isoformat, dict: _json, list: _json}


def _cell(value: Any) -> Any:
    way = _CELLS.get(type(value))
    return way(value) if way else value
