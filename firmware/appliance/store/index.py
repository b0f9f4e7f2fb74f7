"""Where each live record lies: a small table of (type, key) -> address, in arrays.

Takes and gives integers; a few bytes a record instead of a dict of tuples. Never touches flash.
"""

from array import array


class Index:
    """At most `size` live records, unsorted; a key is 0..65535, unique within its type."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0
        self.kind = bytearray(size)
        self.key = array("H", [0] * size)
        self.at = array("I", [0] * size)
        self.length = array("H", [0] * size)

    def find(self, kind: int, key: int) -> int:
        """Slot of a record, or -1."""
        for slot in range(self.count):
            if self.kind[slot] == kind and self.key[slot] == key:
                return slot
        return -1

    def set(self, kind: int, key: int, at: int, length: int) -> None:
        """Enter a record or move it; IndexError when the table is full."""
        slot = self.find(kind, key)
        if slot < 0:
            if self.count == self.size:
                raise IndexError
            slot = self.count
            self.count += 1
            self.kind[slot] = kind
            self.key[slot] = key
        self.at[slot] = at
        self.length[slot] = length

    def drop(self, slot: int) -> None:
        """Forget one slot; the last one takes its place."""
        self.count -= 1
        last = self.count
        self.kind[slot] = self.kind[last]
        self.key[slot] = self.key[last]
        self.at[slot] = self.at[last]
        self.length[slot] = self.length[last]

    def next_key(self, kind: int, after: int) -> int:
        """The lowest key above `after` (-1 to begin), or -1."""
        best = -1
        for slot in range(self.count):
            key = self.key[slot]
            if self.kind[slot] == kind and key > after and (best < 0 or key < best):
                best = key
        return best

    def lowest(self, first: int, end: int) -> int:
        """Slot of the record with the lowest address in [first, end), or -1."""
        best = -1
        for slot in range(self.count):
            at = self.at[slot]
            if first <= at < end and (best < 0 or at < self.at[best]):
                best = slot
        return best
