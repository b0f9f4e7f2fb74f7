"""Runs one MicroPython over a ROMFS image. A program of its own, started by `World` as a child process:

    launch.py IMAGE HEAP_KIB [-i] SCRIPT [ARGUMENT]...

`-i`: when the script is through, the interpreter's prompt.
An argument `@FILE` names a file whose bytes the program may change in place; it gets `@ADDRESS` instead, `@0` where
that cannot be.
Maps the image read-only beside MicroPython's heap and hands it the address, so that code and constants cost as little
RAM as they do on a chip with mapped flash. Where the interpreter is not the wheel's C extension but a `micropython`
on the PATH, the image lies in a heap that is larger by exactly its size. Never imports the SDK: the start is to be
quick.
"""

import ctypes
import mmap
import os
import shutil
import sys


def main(argv: list[str]) -> int:
    image, heap_kib, *words = argv
    script = [words.pop(0) for _ in range(2 if words[0] == "-i" else 1)]
    arguments = words
    try:
        import micropython_unix  # type: ignore[import-untyped]  # the wheel has no types
    except ImportError:
        return _on_path(image, int(heap_kib), script, arguments)
    with open(image, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
    where = [str(address), str(len(mapped))]
    arguments = [_shared(word) if word.startswith("@") else word for word in arguments]
    sys.argv = ["micropython", "-X", f"heapsize={heap_kib}k", *script, *where, *arguments]
    return int(micropython_unix.main() or 0)


def _shared(word: str) -> str:
    """A file mapped for as long as this process lives, whatever ends it: what is written is in the file."""
    with open(word[1:], "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    _kept.append(mapped)
    return f"@{ctypes.addressof(ctypes.c_char.from_buffer(mapped))}"


_kept: list[mmap.mmap] = []


def _on_path(image: str, heap_kib: int, script: list[str], arguments: list[str]) -> int:
    program = shutil.which("micropython")
    if program is None:
        print("no MicroPython: `trivet doctor` says how to get one", file=sys.stderr)
        return 127
    size = os.path.getsize(image)
    arguments = ["@0" if word.startswith("@") else word for word in arguments]
    heap = f"heapsize={heap_kib * 1024 + size}"
    os.execv(program, [program, "-X", heap, *script, image, str(size), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
