"""A traceback with the files and lines of the sources: a ROM image holds compiled files, the modules of a room stand in
one of them, and `places.txt`, written by who built the image, says where each begins there. Takes texts, gives a text.
Loaded when something crashed.
"""

# The stubs of the interpreter's files leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownVariableType=false

_FILE = '  File "'
_LINE = '", line '


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_PLACES = "/rom/board/places.txt"


def real(trace: str) -> str:
    """By what the image itself says. OSError where it does not."""
    return placed(trace, _places)


def _places() -> "Iterable[str]":
    return open(_PLACES)


def placed(trace: str, rooms: "Callable[[], Iterable[str]]") -> str:
    """`rooms()` gives a line for each room: its file, then a source and the lines before it in turn. Asked for anew for
    each line of the trace: a crash may well be one for want of heap."""
    return "\n".join([_placed(line, rooms) for line in trace.split("\n")])


def _placed(line: str, rooms: "Callable[[], Iterable[str]]") -> str:
    start = len(_FILE)
    end = line.find(_LINE)
    if line[:start] != _FILE or end < start:
        return line
    for room in rooms():
        name = "/" + room[: room.find(" ")]
        if len(name) > 1 and line[:end].endswith(name):
            words = room.split()
            at = end + len(_LINE)
            after = line.find(",", at)
            number = int(line[at:after])
            best = 1
            for i in range(1, len(words), 2):
                if int(words[i + 1]) < number:
                    best = i
            where = line[: end - len(words[0])] + words[best]
            return where + _LINE + str(number - int(words[best + 1])) + line[after:]
    if line[:end].endswith(".mpy"):
        return line[: end - 3] + "py" + line[end:]
    return line
