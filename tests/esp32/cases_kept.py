"""What outlives a start, in the journal, in NVS and in littlefs of the fake chip, in MicroPython: each case takes the
board and a time that it turns.
"""


def nvs_that_is_broken_leaves_the_journal_alone(board, time):
    from appliance.esp32.flash import PartitionFlash
    from appliance.esp32.witness import compare
    from appliance.store.binary import pack
    from appliance.store.boot import count_boot
    from appliance.store.journal import Journal
    from appliance.store.records import INSTALLED

    journal = Journal(PartitionFlash("journal"))
    journal.mount()
    board.broken_nvs = True
    compare(journal)
    assert count_boot(journal) == 1
    board.broken_nvs = False
    journal.put(INSTALLED, 0, pack("<I", 7))
    compare(journal)
    assert board.nvs == {"trivet": {"boot": 2, "installed": 7}}
    journal.put(INSTALLED, 0, pack("<I", 3))
    compare(journal)
    buf = bytearray(4)
    journal.get(INSTALLED, 0, buf)
    assert buf[0] == 7, "an older journal was put back"


def a_factory_reset_forgets_the_network_of_the_house(board, time):
    import vfs
    from appliance.esp32.flash import PartitionFlash
    from appliance.esp32.ports import Ports
    from appliance.esp32.wifi import FILE, OFF, Wifi
    from appliance.store.journal import Journal
    from appliance.store.records import RESET
    from appliance.system.disk import Files
    from esp32 import Partition

    device = Partition.find(Partition.TYPE_DATA, label="vfs")[0]
    vfs.VfsLfs2.mkfs(device)
    ports = object.__new__(Ports)
    ports.files = Files("", device)
    ports.wifi = Wifi(ports.files)
    journal = Journal(PartitionFlash("journal"))
    journal.mount()
    ports.wifi.take("house", "a long secret", 0)
    ports.wifi.keep()
    ports.witnessed(journal)
    assert ports.files.read(FILE) and ports.wifi.known
    journal.put(RESET, 0, b"\x01")
    ports.witnessed(journal)
    assert ports.files.read(FILE) is None and ports.wifi.state == OFF
