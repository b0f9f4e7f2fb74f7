"""What the appliance measures, until the next line: `live`, `live SIGNAL …`, `live … every MS` (100 ms to a minute,
usually a second). Takes the heart, gives lines (console.py): to a program first the units, then one object a sample.
"""

from json import dumps

from trivet_wire import ids
from trivet_wire.refuse import WireError

from .cells import Names, padded, validity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .console import Answer, Talk

_LOADED = "appliance.service.cells"
_USUAL_MS = 1000
_FASTEST_MS, _SLOWEST_MS = 100, 60_000
_PIECE = 200  # characters


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """Goes on until it is ended."""
    if talk.app.heart is None:
        raise WireError(ids.R_BUSY)
    try:
        names = Names(talk.app.ports.packed)
        period, sources = _asked(said[1:], names)
        if not talk.people:
            for piece in _units(talk, names, sources):
                yield piece
        due = talk.now
        while True:
            if talk.now < due:
                yield None
                continue
            due = talk.now + period
            for piece in _people(talk, names, sources) if talk.people else _sample(talk, names, sources):
                yield piece
    finally:
        talk.app.ports.unload(_LOADED)


def _asked(words: "list[str]", names: Names) -> "tuple[int, bytes]":
    """Period and rows of signals; WireError where there are no such."""
    period = _USUAL_MS
    if len(words) > 1 and words[-2] == "every":
        if not words[-1].isdigit() or len(words[-1]) > 5 or not _FASTEST_MS <= int(words[-1]) <= _SLOWEST_MS:
            raise WireError(ids.R_FIELD)
        period = int(words[-1])
        words = words[:-2]
    sources = bytearray()
    for word in words:
        source = names.find(word)
        if source < 0:
            raise WireError(ids.R_CATALOGUE)
        sources.append(source)
    return period, bytes(sources or range(names.rows))


def _units(talk: "Talk", names: Names, sources: bytes) -> "Answer":
    text = talk.head + '"signals":{'
    for at, source in enumerate(sources):
        if len(text) > _PIECE:
            yield text
            text = ""
        text += ("," if at else "") + dumps(names.name(source)) + ":" + dumps(names.unit(source))
    yield text + "}}\n"
    return None


def _sample(talk: "Talk", names: Names, sources: bytes) -> "Answer":
    signals = talk.app.heart.signals
    text = talk.head + '"t":' + str(talk.now)
    for source in sources:
        if len(text) > _PIECE:
            yield text
            text = ""
        value = names.scaled(source, signals.values[source])
        text += ',"%s":[%s,"%s"]' % (names.name(source), dumps(value), validity(signals.validity[source]))
    yield text + "}\n"
    return None


def _people(talk: "Talk", names: Names, sources: bytes) -> "Answer":
    signals = talk.app.heart.signals
    column = 3 if talk.language == "en" else 4
    yield "%d s" % (talk.now // 1000)
    for source in sources:
        value = "%12.7g " % names.scaled(source, signals.values[source])
        head = "  " + padded(names.text(source, column), 36) + value + padded(names.unit(source), 6)
        yield head + validity(signals.validity[source])
    return None
