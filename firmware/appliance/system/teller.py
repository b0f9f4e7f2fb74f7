"""What a crash says to people. Takes an exception, gives its traceback as a text; keeps nothing."""

# The stubs of the interpreter's modules leave much untyped; what comes out of this file is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import io
import sys


def traced(error: BaseException) -> str:
    """With the files and lines of the sources, where there is heap left to find them."""
    text = io.StringIO()
    sys.print_exception(error, text)
    trace = text.getvalue()
    try:
        from .trace import real  # few appliances ever need it

        return real(trace)
    except (MemoryError, OSError):
        return trace
