"""What is wrong in a board's files, said so that its maker can put it right."""

from trivet.errors import TrivetError


class BoardError(TrivetError):
    """A mistake in a board's files; the text names file, key and what to write instead."""
