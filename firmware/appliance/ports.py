"""What the appliance needs from the world, as Protocols. Implemented in `sim/` and `esp32/`; never imported at run time
by pure rooms. Misuse raises ValueError; transport raises OSError; a bad sensor is a validity value, never an exception.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from typing import Any, Protocol

    from .store.journal import Journal

    class Clock(Protocol):
        def ticks_ms(self) -> int:
            """Milliseconds since start, monotonic; the appliance's time (virtual in simulation)."""
            ...

        def link_ms(self) -> int:
            """Milliseconds, monotonic, real time: for timeouts on the network only."""
            ...

        def wall_s(self) -> int:
            """Unix time in seconds, or 0 while no trusted clock was seen."""
            ...

    class Sensors(Protocol):
        def read(self, raw: array[int]) -> None:
            """Fill `raw` (int32, one per input in the order of board.toml; NO_SAMPLE where silent). Allocates
            nothing."""
            ...

    class Actuators(Protocol):
        def write(self, levels: array[int]) -> None:
            """Drive the outputs (int16, in the order of board.toml). Allocates nothing."""
            ...

    class Flash(Protocol):
        """A NOR partition: erase sets a sector to 0xFF, programming only clears bits, in `write_size` units."""

        sector_size: int  # bytes, 4096 on the chip
        sectors: int
        write_size: int  # bytes, alignment of address and length of `program`

        def read(self, addr: int, buf: bytearray | memoryview) -> None: ...

        def program(self, addr: int, buf: bytes | bytearray | memoryview) -> None: ...

        def erase(self, sector: int) -> None: ...

    class Slots(Protocol):
        """The two base images (ESP-IDF: ota_0 and ota_1 under otadata). Only the one that does not run may be
        written."""

        running: int  # 0 or 1
        size: int  # bytes of each
        sector_size: int  # bytes that `erase` takes
        write_size: int  # bytes, alignment of offset and length of `program`

        def length(self, slot: int) -> int:
            """Bytes of the image that stands there, as its own header says; 0 for none."""
            ...

        def state(self) -> int:
            """Of the running image (update/otadata.py: NEW … ABORTED, UNDEFINED)."""
            ...

        def read(self, slot: int, off: int, buf: bytearray | memoryview) -> None: ...

        def erase(self, slot: int, off: int) -> None:
            """One sector; ValueError for the running image."""
            ...

        def program(self, slot: int, off: int, buf: bytes | bytearray | memoryview) -> None:
            """Over erased flash only; ValueError for the running image."""
            ...

        def set_boot(self, slot: int) -> None:
            """The next start tries this image. Atomic. OSError for one that cannot start."""
            ...

        def mark_valid(self) -> None:
            """The running image is good: no start goes back from it by itself. OSError where it was not chosen. A cut
            may leave the other image chosen."""
            ...

    class Stream(Protocol):
        """A stream, with TLS where nothing else is said, that never blocks. Failures of network, handshake or
        certificate are OSError."""

        def readinto(self, buf: bytearray | memoryview) -> int | None:
            """Bytes read, 0 when the peer closed, None when there is nothing now."""
            ...

        def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
            """Bytes of `buf[off:off + n]` taken, None when none can go now."""
            ...

        def close(self) -> None: ...

    class Link(Protocol):
        def open(self, host: str, port: int, tls: bool = True) -> Stream:
            """Start a connection; OSError at once or from the stream later. Without TLS only what is judged by its own
            digest may come in, and nothing of this house go out."""
            ...

    class Files(Protocol):
        def read(self, name: str) -> bytes | None:
            """A provisioned file's bytes, None when it is not there."""
            ...

        def write(self, name: str, data: bytes | bytearray | memoryview) -> None:
            """Replace a file, whole or not at all, whatever moment the power goes. OSError where there is no room."""
            ...

    class File(Protocol):
        """Of the host's own: what is written is there, whatever moment the power goes, after `flush` or `close`."""

        def seek(self, off: int) -> int: ...

        def readinto(self, buf: bytearray | memoryview) -> int: ...

        def write(self, buf: bytes | bytearray | memoryview) -> int: ...

        def flush(self) -> None: ...

        def close(self) -> None: ...

    class Folders(Files, Protocol):
        """The same file system with all it can do. Names may lead into a folder: `a/index`."""

        def open(self, name: str, mode: str = "rb") -> File:
            """`rb`, `wb` (what was there is gone once it is closed) or `ab`. OSError where there is none, or no
            room."""
            ...

        def size(self, name: str) -> int:
            """Bytes of a file, -1 for none."""
            ...

        def remove(self, name: str) -> None:
            """A file; nothing where there is none."""
            ...

        def rename(self, old: str, new: str) -> None:
            """In one step; what had the new name is gone."""
            ...

        def list(self, folder: str) -> list[str]:
            """Names in a folder, none where there is no such."""
            ...

        def make(self, folder: str) -> None:
            """A folder; nothing where it is there."""
            ...

        def free(self) -> int:
            """Bytes of room, about."""
            ...

    class Packed(Protocol):
        def read(self, name: str) -> bytes | memoryview:
            """A file of the board (board.cbor, catalogue.bin): of the firmware's own bundle where it lies in flash, no
            copy."""
            ...

        def piece(self, name: str, off: int, length: int) -> bytes:
            """Some bytes of a file, for one that is too large to be held."""
            ...

    class Watchdog(Protocol):
        def feed(self) -> None:
            """Not fed for some seconds, it resets the appliance. Allocates nothing."""
            ...

    class Uart(Protocol):
        """The service port's bytes, either way (115200 8N1, or USB). Never waits, never raises: what a buffer has no
        room for is lost, as on any line without handshake."""

        def readinto(self, buf: bytearray) -> int | None:
            """Bytes that came, up to the length of `buf`; None when there are none now. Allocates nothing."""
            ...

        def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
            """Bytes of `buf[off:off + n]` taken, None when none can go now."""
            ...

    class Teller(Protocol):
        """Whoever watches the appliance: the person at its display, a service port, a simulation."""

        listener: Callable[[dict[str, Any]], object] | None  # of the service port: is told each event too

        def tell(self, event: dict[str, Any]) -> None:
            """Something happened; `event["e"]` names it. Never called from the tick."""
            ...

        def show(self, text: str) -> None:
            """The display's text from now on; empty when there is nothing to say."""
            ...

        def trace(self, error: BaseException) -> str:
            """The traceback as text."""
            ...

    class Ports(Protocol):
        """All of them, as the composition root takes them."""

        cause: int  # ids.RESET_*: why the appliance started
        running: int  # number of the base image that runs, as `slots` says too
        locked: bool  # provisioned for a home: no REPL
        retained: bytearray  # 4 bytes that outlive a reset, though not a power cut (RTC memory)

        @property
        def clock(self) -> Clock: ...
        @property
        def sensors(self) -> Sensors: ...
        @property
        def actuators(self) -> Actuators: ...
        @property
        def flash(self) -> Flash: ...
        @property
        def ledger_flash(self) -> Flash | None: ...  # None: no such partition; then nothing is sent
        @property
        def files(self) -> Files: ...
        @property
        def folders(self) -> Folders: ...  # made when asked for: hold it no longer than it is needed
        @property
        def slots(self) -> Slots: ...  # likewise
        @property
        def teller(self) -> Teller: ...
        @property
        def uart(self) -> Uart | None: ...  # the service port; None: the board has none, or nobody ever plugged in
        @property
        def link(self) -> Link: ...
        @property
        def packed(self) -> Packed: ...  # board.cbor, catalogue.bin, texts_<language>.bin
        @property
        def watchdog(self) -> Watchdog: ...

        def random(self, n: int) -> bytes: ...

        def unload(self, module: str) -> None:
            """Forget a module (`appliance.trust.p256`) that is rarely needed: its code is in flash, its objects cost
            heap. The next import loads it again."""
            ...

        def install(self, bundle: int) -> None:
            """From now on modules and packed files are those of an installed bundle (1 or 2); what it lacks comes from
            the firmware's own."""
            ...

        def spare(self) -> None:
            """Forget what `folders` and `slots` were loaded for; the next use loads it again."""
            ...

        def witnessed(self, journal: Journal) -> None:
            """Compare with what the board keeps besides the journal, where it does: numbers that never go back."""
            ...

        def answers(self) -> bool:
            """Whether the service port has answered since this start."""
            ...

        def reset(self) -> None:
            """Restart the appliance; does not return."""
            ...

        def repl(self) -> None:
            """Leave the appliance's program for the interpreter's prompt on the service port; does not return. Never
            called on a locked board, and outputs are at their safe levels."""
            ...
