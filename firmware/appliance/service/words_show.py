"""Everything about one code: `show CODE`. Takes the heart and the board's packed texts, gives rows for programs and
lines for people (console.py): what it is, how often and when, what its signals say now, what was measured before it,
what to do, likely causes and their parts, and what a clear left of it.
"""

from ..store import records
from ..store.binary import unpack_from
from . import console
from .cells import Cells, Names, event_of, padded, validity, wrapped
from .words_codes import facts, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .console import Answer, Talk

_LOADED = (
    "appliance.service.cells",
    "appliance.service.dates",
    "appliance.service.words_codes",
)
_BITS = (
    "test_failed|test_failed_this_cycle|pending|confirmed|not_completed_since_clear|failed_since_clear|"
    "not_completed_this_cycle|warning_indicator"
)
_TRIGGERS = "fdc|test_failed|pending|confirmed"
_TITLES = {
    "en": "status|first seen|last seen|now|before it|what to do|likely|cleared|in stock on the van|start|min",
    "de": "Status|zuerst|zuletzt|jetzt|davor|was zu tun ist|wahrscheinlich|gelöscht|im Wagen vorrätig|Start|min",
}
_STATUS, _FIRST, _LAST, _NOW, _BEFORE, _DO, _LIKELY, _CLEARED, _VAN, _START, _MIN = range(11)
_STEPS, _CAUSES = 2, 3  # columns


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer."""
    try:
        event = event_of(talk.app.heart, said[1])
        titles = _TITLES[talk.language].split("|")
        yield from _facts(talk, event, titles)
        yield from _signals(talk, event, titles)
        yield from _frame(talk, event, titles)
        yield from _advice(talk, event, titles)
        yield from _grave(talk, event, titles)
    finally:
        for module in _LOADED:
            talk.app.ports.unload(module)
    return None


def _facts(talk: "Talk", event: int, titles: "list[str]") -> "Answer":
    manager = talk.app.heart.manager
    state = manager.state
    status = manager.status[event]
    bits = [name for at, name in enumerate(_BITS.split("|")) if status >> at & 1]
    texts = talk.app.heart._panel._texts
    entry = talk.app.heart.memory.entry(event)
    if talk.people:
        yield line(talk, event)
        yield wrapped(texts.owner(event))
        yield wrapped(texts.now(event))
        yield "%s 0x%02x:" % (titles[_STATUS], status)
        yield wrapped(", ".join(bits), "  ")
        yield "FDC %d (max %d)" % (manager.fdc(event), state.fdc_max[event])
        if entry is not None:
            yield "%s: %s" % (titles[_FIRST], _moment(entry, records.E_FIRST, titles))
            yield "%s: %s" % (titles[_LAST], _moment(entry, records.E_LAST, titles))
        return None
    yield facts(talk, event)
    yield console.row("bits fdc fdc_max near", bits, manager.fdc(event), state.fdc_max[event], state.near[event])
    yield console.row("failures heals ages", state.failures[event], state.heals[event], state.ages[event])
    yield console.row("owner now", texts.owner(event), texts.now(event))
    if entry is not None:
        yield console.row("first last", _stamp(entry, records.E_FIRST), _stamp(entry, records.E_LAST))
        operation, cycle = unpack_from("<II", entry, records.E_OPERATION_S)
        returned = entry[records.E_FLAGS] & records.RETURNED != 0
        yield console.row("cycle operation_s returned", cycle, operation, returned)
    return None


def _stamp(entry: "bytearray | memoryview", at: int) -> "dict[str, int]":
    return console.row("boot s wall", *unpack_from("<III", entry, at))


def _moment(entry: "bytearray | memoryview", at: int, titles: "list[str]") -> str:
    boot, seconds, wall = unpack_from("<III", entry, at)
    if wall:
        from .dates import when

        return when(wall)
    return "%s %d, %d %s" % (titles[_START], boot, seconds // 60, titles[_MIN])


def _signals(talk: "Talk", event: int, titles: "list[str]") -> "Answer":
    """What the signals that it needs say now."""
    signals, packed = talk.app.heart.signals, talk.app.ports.packed
    names = Names(packed)
    needs = Cells(packed, "service_" + talk.language + ".bin").text(event, 1)
    if talk.people:
        yield titles[_NOW] + ":"
    for word in needs.split():
        source = int(word)
        value, valid = names.scaled(source, signals.values[source]), validity(signals.validity[source])
        if talk.people:
            yield "  %-28s %10.7g %s %s" % (names.name(source), value, padded(names.unit(source), 6), valid)
        else:
            yield console.row("signal value unit validity", names.name(source), value, names.unit(source), valid)
    return None


class _Column:
    """One signal's samples in a FRAME record, read on and on."""

    def __init__(self, buf: bytes, at: int, names: Names) -> None:
        self._buf = buf
        self.source = buf[at]
        self.name = names.name(self.source)
        self.valid = buf[at + 1]
        self.at = at + 3
        self.end = self.at + buf[at + 2]
        self._value = 0

    def count(self) -> int:
        """Samples that are still to be read."""
        return sum([1 for byte in self._buf[self.at : self.end] if byte < 0x80])

    def next(self) -> int:
        """Zigzag and LEB128, the difference to the one before."""
        number = shift = 0
        while True:
            byte = self._buf[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        self._value += number >> 1 if not number & 1 else -(number >> 1) - 1
        return self._value


def _frame(talk: "Talk", event: int, titles: "list[str]") -> "Answer":
    """The freeze frame, a line for each moment; the last one is the trigger's own."""
    scratch = talk.app.journal.scratch
    length = talk.app.heart.memory.frame(event, scratch)
    if length < records.FRAME_HEAD:
        return None
    buf = bytes(memoryview(scratch)[:length])
    trigger, good, signals, _, boot, uptime, _, period = unpack_from(records.FRAME_FORMAT, buf)
    names = Names(talk.app.ports.packed)
    columns: "list[_Column]" = []
    at = records.FRAME_HEAD
    for _ in range(signals):
        columns.append(_Column(buf, at, names))
        at = columns[-1].end
    counts = [column.count() for column in columns]
    depth = max(counts + [0])
    if talk.people:
        yield titles[_BEFORE] + ":"
        for i in range(len(columns)):
            yield "  (%d) %s %s" % (i + 1, columns[i].name, names.unit(columns[i].source))
        yield "  %8s" % "s" + "".join(["%9s" % ("(%d)" % (i + 1)) for i in range(len(columns))])
    else:
        yield console.row("trigger boot uptime_s good", _TRIGGERS.split("|")[trigger], boot, uptime, good != 0)
        units = {column.name: names.unit(column.source) for column in columns}
        yield console.row("units validity", units, {column.name: validity(column.valid) for column in columns})
    for moment in range(depth):
        values: "dict[str, Any]" = {}
        for i in range(len(columns)):
            if moment >= depth - counts[i]:
                values[columns[i].name] = names.scaled(columns[i].source, columns[i].next())
        ago = (moment + 1 - depth) * period / 1000
        if talk.people:
            cells = ["%9.6g" % values[one.name] if one.name in values else " " * 9 for one in columns]
            yield "  %8.6g" % ago + "".join(cells)
        else:
            yield console.row("frame s values", moment, ago, values)
    return None


def _advice(talk: "Talk", event: int, titles: "list[str]") -> "Answer":
    """Steps, then causes with their parts, the likeliest first."""
    cells = Cells(talk.app.ports.packed, "service_" + talk.language + ".bin")
    if talk.people:
        yield titles[_DO] + ":"
    for step, text in enumerate(cells.text(event, _STEPS).split("\n"), 1):
        yield wrapped(text, "  %d. " % step) if talk.people else console.row("step text", step, text)
    if talk.people:
        yield titles[_LIKELY] + ":"
    for text in cells.text(event, _CAUSES).split("\n"):
        fields = text.split("|")
        if talk.people:
            part = ": %s %s" % (fields[1], fields[2]) if len(fields) > 1 else ""
            yield wrapped(fields[0] + part + (", " + titles[_VAN] if len(fields) > 3 and fields[3] else ""), "  - ")
        elif len(fields) == 1:
            yield console.row("cause part", fields[0], None)
        else:
            yield console.row("cause part part_text van", fields[0], fields[1], fields[2], fields[3] != "")
    return None


def _grave(talk: "Talk", event: int, titles: "list[str]") -> "Answer":
    """What the last clear left."""
    scratch = talk.app.journal.scratch
    if talk.app.heart.memory.tombstone(event, scratch) < records.ENTRY_SIZE:
        return None
    if talk.people:
        yield "%s: %s" % (titles[_CLEARED], _moment(scratch, records.E_CLEARED, titles))
    else:
        grant: int = unpack_from("<I", scratch, records.E_GRANT)[0]
        left = (scratch[records.E_WHO], grant, scratch[records.E_STATUS], scratch[records.E_OCCURRENCE])
        yield console.row("who grant status seen cleared", *left, _stamp(scratch, records.E_CLEARED))
    return None
