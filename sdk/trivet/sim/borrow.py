"""Borrows names for ROM images: the interpreter keeps every name that it does not know yet in RAM (its text, a pointer,
a hash), and has hundreds of its own in ROM. An attribute, argument or variable of the firmware that is called as one of
those costs nothing.

Takes sources by path, gives sources in which such names are replaced, the same everywhere. Lines stay. Functions,
classes and modules keep their names, for tracebacks; so does every word that a string, a maker's program or a foreign
library mentions. Never changes what a program computes.
"""

import ast
import keyword
import re
from collections.abc import Iterator

FOREIGN = ("drivers.py", "ussl.py", "umqtt/")
# Names of functions, methods and constants in every port of MicroPython, none of which C code looks for in an instance
# of a class of ours. One that a port does not have is a name like any other there.
_NAMES = """
    ArithmeticError AssertionError CancelledError ECONNABORTED ECONNRESET EADDRINUSE EAGAIN EALREADY EBADF EEXIST
    EHOSTUNREACH EINVAL EISDIR ENOBUFS ENODEV ENOENT ENOMEM ENOTCONN EOFError EOPNOTSUPP EPERM ETIMEDOUT Ellipsis
    GeneratorExit IndentationError KeyboardInterrupt LookupError NotImplementedError OrderedDict OverflowError
    StopAsyncIteration StreamReader StreamWriter SyntaxError TaskQueue ThreadSafeFlag TimeoutError UnicodeError
    ViperTypeError ZeroDivisionError NameError ImportError IOBase Lock Loop BIG_ENDIAN LITTLE_ENDIAN NATIVE VOID PTR
    BFINT16 BFINT32 BFINT8 BFUINT16 BFUINT32 BFUINT8 BF_LEN BF_POS FLOAT32 FLOAT64 INT INT16 INT32 INT64 INT8 LONG
    LONGLONG SHORT UINT UINT16 UINT32 UINT64 UINT8 ULONG ULONGLONG USHORT ARRAY AF_INET AF_INET6 SOCK_DGRAM SOCK_RAW
    SOCK_STREAM SOL_SOCKET SO_BROADCAST SO_KEEPALIVE SO_REUSEADDR CERT_NONE CERT_OPTIONAL FrameBuffer FrameBuffer1
    GS2_HMSB GS4_HMSB GS8 MONO_HLSB MONO_HMSB MONO_VLSB MVLSB RGB565 GZIP ZLIB RAW AUTO DeflateIO
    a2b_base64 accept acos acosh addressof aes all allocate_lock appendleft asin asinh atan atan2 atanh awrite awritestr
    b2a_base64 bind bytes_at call_exception_handler callable ceil center choice chr classmethod complex copysign cos
    cosh create_task cur_task current_task decrypt default_exception_handler degrees delattr deleter deque difference
    difference_update discard divmod drain ellipse encrypt endswith enumerate erf erfc errorcode eval exc_info exec
    execfile exp expm1 fabs fill_rect filter floor fmod frexp fromkeys frozenset gamma gather get_event_loop
    get_exception_handler get_extra_info get_ident getrandbits getter globals gmtime hasattr heapify heappop heappush
    hexlify hline idle ilistdir implementation inf insert intersection intersection_update is_set isalpha isclose
    isdisjoint isfinite isinf islower isnan isspace issubclass issubset issuperset isupper kbd_intr ldexp lgamma listen
    locals localtime lstrip makefile maxsize mem16 mem32 mem8 mem_info mktime modf modules namedtuple nan
    new_event_loop oct open_connection opt_level partition pend_throw phase pi platform polar poly popitem popleft pow
    python_compiler qstr_info queue_read queue_write radians randint randrange recv recvfrom rect replace repr reversed
    rindex round rpartition rsplit rstrip run_forever run_until_complete scroll seed sendall sendto
    set_exception_handler setattr setdefault setsockopt setter settimeout sha1 sin sinh sizeof sleep sleep_ms sleep_us
    sockaddr soft_reset sorted splitlines sqrt stack_use start_new_thread start_server startswith staticmethod super
    symmetric_difference symmetric_difference_update tan tanh tau ticks_add ticks_cpu ticks_us time_ns time_pulse_us
    trunc unhexlify uniform union unlink upper version_info vline wait_closed wait_for wait_for_ms wait_io_event
"""
_ROM = _NAMES.split()
_WORD = re.compile(rb"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*")


def borrow(sources: dict[str, bytes]) -> dict[str, bytes]:
    """Sources under the same paths."""
    own = {path: source for path, source in sources.items() if not path.startswith(FOREIGN)}
    trees = {path: ast.parse(source) for path, source in own.items()}
    words = {word.decode() for source in sources.values() for word in _WORD.findall(source)}
    kept = _kept(sources, own, trees)
    names = sorted({name for tree in trees.values() for name in _names(tree)} - kept)
    free = [name for name in _ROM if name not in words and not keyword.iskeyword(name)]
    table = {name.encode(): other.encode() for name, other in zip(_dearest(names), free, strict=False)}
    return sources | {
        path: _WORD.sub(lambda found: table.get(found.group(), found.group()), source) for path, source in own.items()
    }


def _dearest(names: list[str]) -> list[str]:
    """The longest first: what is not replaced, because there are more names than ROM has, is short."""
    return sorted(names, key=len, reverse=True)


def _names(tree: ast.Module) -> Iterator[str]:
    """What a module binds itself: attributes of its objects, arguments, variables of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _kept(sources: dict[str, bytes], own: dict[str, bytes], trees: dict[str, ast.Module]) -> set[str]:
    kept = {"self", *_ROM}
    for path, source in sources.items():
        kept.update(path.removesuffix(".py").split("/"))
        if path not in own:
            kept.update(word.decode() for word in _WORD.findall(source))
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                kept.add(node.name)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                kept.update(alias.name for alias in node.names if "." in alias.name or isinstance(node, ast.Import))
        kept.update(_mentioned(tree))
    return kept


def _mentioned(tree: ast.Module) -> Iterator[str]:
    """Words in strings and bytes that a program can see."""
    unseen = set(_unseen(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in unseen:
            if isinstance(node.value, str):
                yield from re.findall(r"\w+", node.value)
            elif isinstance(node.value, bytes):
                yield from (word.decode() for word in _WORD.findall(node.value))


def _unseen(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings and annotations: neither is compiled."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield from ast.walk(node.returns)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield from ast.walk(node.annotation)
