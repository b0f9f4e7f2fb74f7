"""`struct` and `crc32` with the types that strict checking needs: the one door to both for this room and its users."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Buffer = bytes | bytearray | memoryview

    def calcsize(form: str) -> int: ...

    def crc32(data: Buffer, value: int = 0) -> int: ...

    def pack(form: str, *values: int | bytes) -> bytes: ...

    def pack_into(form: str, buf: bytearray | memoryview, off: int, *values: int | bytes) -> None: ...

    def unpack_from(form: str, buf: Buffer, off: int = 0) -> tuple[Any, ...]: ...

else:
    import binascii
    import struct

    calcsize = struct.calcsize
    crc32 = binascii.crc32
    pack = struct.pack
    pack_into = struct.pack_into
    unpack_from = struct.unpack_from
