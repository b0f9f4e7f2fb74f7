"""What the appliance needs from the world, as Protocols. Implemented in `sim/` and `esp32/`; never imported at run time
by pure rooms. Misuse raises ValueError; transport raises OSError; a bad sensor is a validity value, never an exception.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Protocol

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
            """Fill `raw` (int32, one per input in the order of board.toml; NO_SAMPLE where silent). Allocates nothing."""
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

    class Socket(Protocol):
        """A TLS stream that never blocks: None from read and 0 or None from write mean "not now"."""

        def read(self, n: int) -> bytes | None: ...

        def write(self, buf: bytes | bytearray | memoryview) -> int | None: ...

        def close(self) -> None: ...
