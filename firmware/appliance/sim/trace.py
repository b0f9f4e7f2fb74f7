"""A traceback with the files and lines of the sources: in a ROM image the modules of a room stand in one file, and
`places.txt`, written by who built the image, says where each begins there. Takes texts, gives a text.
"""

_FILE = '  File "'
_LINE = '", line '


def placed(trace: str, rooms: str) -> str:
    """`rooms`: a line for each room, its file, then a file and the lines before it in turn."""
    return "\n".join([_placed(line, rooms) for line in trace.split("\n")])


def _placed(line: str, rooms: str) -> str:
    start = len(_FILE)
    end = line.find(_LINE)
    if line[:start] != _FILE or end < start:
        return line
    for room in rooms.split("\n"):
        words = room.split(" ")
        if words[0] and line[:end].endswith(words[0]):
            at = end + len(_LINE)
            after = line.find(",", at)
            number = int(line[at:after])
            best = 1
            for i in range(1, len(words), 2):
                if int(words[i + 1]) < number:
                    best = i
            where = line[: end - len(words[0])] + words[best]
            return where + _LINE + str(number - int(words[best + 1])) + line[after:]
    return line
