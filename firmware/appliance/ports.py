"""What the appliance needs from the world, as Protocols. Implemented in `sim/` and `esp32/`; never imported at run time
by pure rooms. Misuse raises ValueError; transport raises OSError; a bad sensor is a validity value, never an exception.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any, Protocol

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
            """The next start tries this image. Atomic."""
            ...

        def mark_valid(self) -> None:
            """The running image is good: no start goes back from it by itself. Atomic."""
            ...

    class Stream(Protocol):
        """A TLS stream that never blocks. Failures of network, handshake or certificate are OSError."""

        def readinto(self, buf: bytearray | memoryview) -> int | None:
            """Bytes read, 0 when the peer closed, None when there is nothing now."""
            ...

        def write(self, buf: bytes | bytearray, off: int, n: int) -> int | None:
            """Bytes of `buf[off:off + n]` taken, None when none can go now."""
            ...

        def close(self) -> None: ...

    class Link(Protocol):
        def open(self, host: str, port: int) -> Stream:
            """Start a connection; OSError at once or from the stream later."""
            ...

    class Files(Protocol):
        def read(self, name: str) -> bytes | None:
            """A provisioned file's bytes, None when it is not there."""
            ...

        def write(self, name: str, data: bytes | bytearray | memoryview) -> None:
            """Replace a file, whole or not at all, whatever moment the power goes. OSError where there is no room."""
            ...

    class Packed(Protocol):
        def read(self, name: str) -> memoryview:
            """A file of the board (board.cbor, catalogue.bin, …) where it lies in flash: no copy."""
            ...

    class Watchdog(Protocol):
        def feed(self) -> None:
            """Not fed for some seconds, it resets the appliance. Allocates nothing."""
            ...

    class Teller(Protocol):
        """Whoever watches the appliance: the person at its display, a service port, a simulation."""

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
        def teller(self) -> Teller: ...
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

        def reset(self) -> None:
            """Restart the appliance; does not return."""
            ...
