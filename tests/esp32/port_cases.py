"""What every implementation of the ports must do, run in MicroPython: `port_cases.py FOLDER TABLES sim|chip CASE`.

Each case takes ports and asserts; the last line printed is `passed`. Nothing here knows which ones they are.
"""

import json
import sys
from array import array

import vfs


def flash_reads_what_was_programmed_and_nothing_else(ports):
    flash = ports.flash
    flash.erase(2)
    flash.program(2 * 4096 + 8, b"sixteen bytes ok")
    found = bytearray(20)
    flash.read(2 * 4096 + 6, found)
    assert bytes(found) == b"\xff\xffsixteen bytes ok\xff\xff", found
    flash.erase(2)
    flash.read(2 * 4096 + 6, found)
    assert bytes(found) == b"\xff" * 20


def flash_refuses_misuse(ports):
    flash = ports.flash
    end = flash.sectors * flash.sector_size
    flash.erase(1)
    refused = (
        lambda: flash.program(4096 + 4, bytes(8)),
        lambda: flash.program(4096, bytes(7)),
        lambda: flash.program(2 * 4096 - 8, bytes(16)),
        lambda: flash.program(end, bytes(8)),
        lambda: flash.read(end - 4, bytearray(8)),
        lambda: flash.erase(flash.sectors),
        lambda: flash.read(-8, bytearray(8)),
    )
    for at in range(len(refused)):
        try:
            refused[at]()
        except ValueError:
            continue
        raise AssertionError("not refused: %d" % at)


def two_rings_do_not_touch_each_other(ports):
    ports.flash.erase(0)
    ports.ledger_flash.erase(0)
    ports.flash.program(0, b"journals")
    ports.ledger_flash.program(0, b"ledgers!")
    found = bytearray(8)
    ports.flash.read(0, found)
    assert bytes(found) == b"journals"


def the_journal_lives_on_it(ports):
    from appliance.store.boot import count_boot
    from appliance.store.journal import Journal

    for number in range(1, 4):
        journal = Journal(ports.flash)
        journal.mount()
        assert count_boot(journal) == number


def files_are_replaced_whole(ports):
    assert ports.files.read("none") is None
    ports.files.write("note", b"first")
    ports.files.write("note", b"second, longer")
    assert ports.files.read("note") == b"second, longer"


def folders_hold_what_is_written_piece_by_piece(ports):
    folders = ports.folders
    folders.make("a")
    folders.make("a")
    with folders.open("a/piece", "wb") as file:
        for _ in range(3):
            file.write(b"x" * 1000)
    assert folders.size("a/piece") == 3000
    assert folders.size("a") == folders.size("a/none") == -1
    assert folders.list("a") == ["piece"]
    folders.rename("a/piece", "a/other")
    folders.remove("a/none")
    folders.remove("a/other")
    assert folders.list("a") == []
    assert folders.free() > 50_000


def time_only_goes_forward(ports):
    before = ports.clock.ticks_ms()
    assert ports.clock.ticks_ms() >= before
    assert ports.clock.wall_s() == 0, "nobody said what time it is"


def what_is_random_differs(ports):
    assert len(ports.random(16)) == 16
    assert ports.random(16) != ports.random(16)


def a_module_is_let_go_of_and_comes_again(ports):
    import appliance.update.otadata as before

    ports.unload("appliance.update.otadata")
    assert "appliance.update.otadata" not in sys.modules
    import appliance.update.otadata as after

    assert after is not before


def what_fails_is_told_with_its_trace(ports):
    heard = []
    ports.teller.listener = heard.append
    ports.teller.tell({"e": "something"})
    assert heard == [{"e": "something"}], heard
    try:
        raise ValueError("as a test")
    except ValueError as error:
        trace = ports.teller.trace(error)
    assert "port_cases.py" in trace
    assert "as a test" in trace


def outputs_and_inputs_allocate_nothing(ports):
    import micropython

    raw = array("i", [0] * ports.n_inputs)
    levels = array("h", [0] * ports.n_outputs)
    ports.sensors.read(raw)
    ports.actuators.write(levels)
    ports.watchdog.feed()
    if ports.lean:  # the fake's own judgement of each call needs heap
        micropython.heap_lock()
        ports.actuators.write(levels)
        ports.sensors.read(raw)
        micropython.heap_unlock()


def made(kind, folder, tables):
    if kind == "sim":
        from appliance.sim.ports import Ports

        ports = Ports(folder, 10, 5, [])
    else:
        import chip

        with open(tables) as file, open(folder + "/partitions.json") as rows:
            chip.install(json.load(file), folder, json.load(rows))
        vfs.mount(vfs.VfsPosix(folder + "/rom"), "/rom")
        from appliance.esp32.ports import Ports

        ports = Ports()
    ports.n_inputs, ports.n_outputs, ports.lean = 10, 5, kind == "sim"
    return ports


CASES = [name for name in dir() if name not in ("made", "json", "sys", "array", "vfs") and not name.startswith("__")]

if __name__ == "__main__":
    folder, tables, kind, case = sys.argv[1:]
    globals()[case](made(kind, folder, tables))
    print("passed")
