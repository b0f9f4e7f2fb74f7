"""Single parts of the chip's room on the fake chip, in MicroPython: `part_cases.py FOLDER TABLES CASE`."""

import json
import sys
from array import array

NO_SAMPLE = -(1 << 31)


class Ticks:
    """Time that a case turns."""

    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        return self.now & (1 << 30) - 1

    def ticks_diff(self, a, b):
        return (a - b + (1 << 29) & (1 << 30) - 1) - (1 << 29)

    def sleep_ms(self, ms):
        self.now += ms


def a_converter_is_calibrated_averaged_and_full_at_its_end(board, time):
    from appliance.esp32.adc import Adc

    adc = Adc(36, 16, 4095, 2500)
    for uv, expected in ((0, 0), (610, 1), (1_250_000, 2048), (2_499_999, 4095), (2_700_000, 4095), (3_200_000, 4095)):
        board.uv[36] = uv
        assert adc.read() == expected, (uv, adc.read())


def a_contact_has_its_pull_and_may_be_active_low(board, time):
    from appliance.esp32.digital import Level

    plain, lowered = Level(25, 0, 0), Level(26, 1, 1)
    assert (plain.read(), lowered.read()) == (0, 1)
    board.pins = {25: 1, 26: 1}
    assert (plain.read(), lowered.read()) == (1, 0)


def pulses_are_a_rate_also_when_the_counter_goes_round(board, time):
    from appliance.esp32.pulses import Pulses

    meter = Pulses(26, 0)
    assert meter.read() == 0
    for step in range(1, 400):
        board.pulses[26] = step * 100
        time.now += 500
        assert meter.read() == 200, (step, meter.read())
    time.now += 60_000
    assert meter.read() == 0, "a mean over a minute says nothing"


def edges_are_counted_by_an_interrupt_that_allocates_nothing(board, time):
    import micropython
    from appliance.esp32.edges import Edges

    meter = Edges(4)
    pin, handler, trigger = board.irq[4]
    assert trigger == 1
    for _ in range(70_000):
        handler(pin)
    time.now += 1_000
    assert meter.read() == 70_000 - 65_536
    micropython.heap_lock()
    handler(pin)
    micropython.heap_unlock()


def a_wire_thermometer_is_waited_for_and_its_errors_are_silence(board, time):
    from appliance.esp32.wire import Wire

    rom, other = b"\x28abcdefg", b"\x28bbcdefg"
    pad = bytearray((0x91, 0x01, 0x4B, 0x46, 0x7F, 0xFF, 0x0F, 0x10))
    board.wires[27] = [(other, bytearray(8)), (rom, pad)]
    sensor = Wire(27, 0)
    assert sensor.read() == NO_SAMPLE, "no conversion is over yet"
    time.now += 749
    assert sensor.read() == NO_SAMPLE
    time.now += 1
    assert sensor.read() == 401  # 25.0625 °C, DS18B20 data sheet, table 1
    pad[0], pad[1] = 0x5E, 0xFF
    assert sensor.read() == 401
    time.now += 750
    assert sensor.read() == -162  # -10.125 °C
    pad[0], pad[1], pad[6] = 0x50, 0x05, 0x0C
    time.now += 750
    assert sensor.read() == NO_SAMPLE, "85 °C after power on is no conversion"
    pad[6] = 0x10
    time.now += 750
    assert sensor.read() == 0x550, "a true 85 °C is"
    board.wires[27][1] = (rom, bytes(pad) + b"\x00")
    time.now += 750
    assert sensor.read() == NO_SAMPLE, "a wrong CRC"
    board.wires[27] = []
    time.now += 750
    assert sensor.read() == NO_SAMPLE
    assert Wire(26, 0).read() == NO_SAMPLE


def a_bus_thermometer_is_silent_when_nobody_answers(board, time):
    from appliance.esp32.i2c import Thermometer

    sensor = Thermometer(21, 22, 0x48, 0)
    assert sensor.read() == NO_SAMPLE
    board.i2c[(0x48, 0)] = b"\xe7\x00"
    assert sensor.read() == -6400
    board.i2c[(0x48, 0)] = b"\x19\x00"
    assert sensor.read() == 6400


def what_cannot_be_set_up_is_silent_and_the_rest_works(board, time):
    from appliance.esp32.pins import Pins

    rows = [1, [[1, "adc 36", 36, 1, 4095, 2500], [6, "i2c 0x48 reg 0", 0x48, 0], [9, "odd"], [0, "panel 0"]]]
    rows += [[[2, "gpio 16 low", 1, 16, 1], [0, "panel 1", 0]], None, None]
    pins = Pins(rows)
    assert board.log == [(16, 0)], "a safe level of 1 of a lowered relay is a low pin"
    raw = array("i", [7] * 4)
    board.uv[36] = 2_500_000
    pins.read(raw)
    assert list(raw) == [4095, NO_SAMPLE, NO_SAMPLE, NO_SAMPLE]
    assert list(pins.failed) == [1, 2]

    class Own:
        def __init__(self, pins):
            self.at = pins.input("panel 0")
            self.out = pins.output("panel 1")
            self.seen = None

        def read(self, raw):
            raw[self.at] = 42

        def write(self, levels):
            self.seen = levels[self.out]

    own = Own(pins)
    pins.lend(own)
    pins.read(raw)
    pins.write(array("h", (0, 5)))
    assert (raw[3], own.seen, board.out[16]) == (42, 5, 1)
    pins.rest()
    assert board.out[16] == 0
    try:
        pins.input("panel 9")
    except ValueError:
        return
    raise AssertionError("a place for a pin that is not there")


def the_fake_takes_nothing_that_the_stubs_do_not_know(board, time):
    import strict
    from machine import ADC, Pin

    wrong = (
        lambda: Pin(),
        lambda: Pin(1, Pin.OUT, colour=1),
        lambda: Pin(1, Pin.OUT).value(1, 2),
        lambda: ADC(Pin(36), Pin.OUT),
        lambda: Pin(1).read(),
        lambda: Pin.INPUT,
    )
    for at in range(len(wrong)):
        try:
            wrong[at]()
        except (strict.NotInStubs, AttributeError):
            continue
        raise AssertionError("taken: %d" % at)


def the_calendar_is_set_and_the_counter_may_go_round(board, time):
    from appliance.esp32.clock import ChipClock

    time.now = (1 << 30) - 100
    clock = ChipClock()
    time.now += 200
    assert clock.ticks_ms() == 200
    assert clock.wall_s() == 0
    clock.set(1_800_000_000)  # 2027-01-15 08:00:00, a Friday
    assert board.now_datetime == (2027, 1, 15, 4, 8, 0, 0, 0), board.now_datetime
    assert clock.wall_s() == 1_800_000_000


def only_an_answer_to_this_question_sets_the_clock(board, time):
    from appliance.esp32.ntp import believed

    nonce = b"12345678"

    def answer(first=0x24, stratum=2, origin=nonce, seconds=4_008_988_800):
        packet = bytearray(48)
        packet[0], packet[1] = first, stratum
        packet[24:32] = origin
        for at in range(4):
            packet[40 + at] = seconds >> 24 - 8 * at & 0xFF
        return bytes(packet)

    assert believed(answer(), nonce) == 1_800_000_000
    later = (1 << 32) + 1_000_000_000  # 2067, in the era after 2036
    assert believed(answer(seconds=later & 0xFFFFFFFF), nonce) == later - 2_208_988_800
    for other in (
        None,
        b"",
        answer()[:47],
        answer(first=0x23),
        answer(first=0xE4),
        answer(stratum=0),
        answer(stratum=16),
        answer(origin=b"87654321"),
        answer(seconds=3_900_000_000),
    ):
        assert believed(other, nonce) == 0, other


def wifi_is_joined_again_and_a_wrong_password_waits_longer_each_time(board, time):
    from appliance.esp32 import wifi

    class Files:
        kept = {}

        def read(self, name):
            return self.kept.get(name)

        def write(self, name, data):
            self.kept[name] = bytes(data)

    board.air.update(networks=[(b"house", b"", 1, -50, 3, 0)], password="a long secret")
    net = wifi.Wifi(Files())
    assert net.state == wifi.OFF
    for name, password in (("", "a long secret"), ("x" * 33, ""), ("house", "short"), ("house", "x" * 64)):
        assert not net.take(name, password, 0)
    assert net.take("house", "a wrong one", 0)
    tries, now = [], 0
    before = net.state
    for _ in range(600_000 // 500):
        now += 500
        net.poll(now)
        if net.state == wifi.JOINING and before == wifi.REFUSED:
            tries.append(now)
        before = net.state
    waits = [b - a for a, b in zip(tries, tries[1:])]
    assert waits == sorted(waits) and max(waits) <= 300_500 and len(tries) >= 4, tries
    assert net.take("house", "a long secret", now)
    net.poll(now + 500)
    assert net.state == wifi.JOINED and net.address() == "192.0.2.7"
    assert Files.kept == {}, "kept when somebody says so"
    net.keep()
    again = wifi.Wifi(Files())
    again.poll(1)
    again.poll(2)
    assert again.state == wifi.JOINED
    board.air["connect"] = False
    again.poll(3)
    assert again.state == wifi.JOINING
    Files.kept["wifi.cbor"] = b"\xffgarbage"
    assert wifi.Wifi(Files()).state == wifi.OFF


def packet(kind, data):
    made = b"IMPROV\x01" + bytes((kind, len(data))) + data
    return made + bytes((sum(made) & 0xFF,))


def settings(name, password):
    data = bytes((len(name),)) + name + bytes((len(password),)) + password
    return packet(3, bytes((1, len(data))) + data)


class Port:
    """Both ends of the service port."""

    def __init__(self, board, present=False, known=False):
        from appliance.esp32.improv import Improv
        from appliance.esp32.uart import Uart
        from appliance.esp32.wifi import Wifi

        self.kept = {}
        self.out = b""
        self.now = 0
        self.present = present
        self.wifi = Wifi(self)
        if known:
            self.wifi.take("house", "a long secret", 0)
            self.wifi.poll(1)
            self.wifi.keep()
        self.uart = Uart(lambda: self.now, self.open)
        self.uart._in = self
        self.uart._waiting = lambda: bool(self.waiting)
        self.waiting = b""
        self.made = 0
        self.improv = Improv

    def open(self):
        self.made += 1
        return self.improv(self.wifi, self.said, lambda: self.present, ("Trivet", "1.0", "chip", "Oven"))

    def said(self, data):
        self.out += data

    def read(self, name):
        return self.kept.get(name)

    def write(self, name, data):
        self.kept[name] = bytes(data)

    def readinto(self, buf, count):
        buf[0] = self.waiting[0]
        self.waiting = self.waiting[1:]
        return 1

    def send(self, data):
        """Gives what the console gets."""
        self.waiting += data
        console = b""
        buf = bytearray(64)
        while self.waiting:
            count = self.uart.readinto(buf)
            console += bytes(buf[: count or 0])
        return console

    def heard(self):
        """(type, data) of each packet that came back."""
        found = []
        out, self.out = self.out, b""
        while out:
            assert out[:7] == b"IMPROV\x01" and sum(out[: 9 + out[8]]) & 0xFF == out[9 + out[8]]
            found.append((out[7], out[9 : 9 + out[8]]))
            assert out[10 + out[8]] == 10
            out = out[11 + out[8] :]
        return found


def improv_joins_a_network_and_the_console_never_sees_it(board, time):
    board.air.update(networks=[(b"house", b"", 1, -50, 3, 0), (b"\xff", b"", 1, -70, 0, 0)], password="a long secret")
    port = Port(board)
    assert board.kbd == -1, "a control-C interrupts nothing"
    assert port.send(b"who\n" + packet(3, b"\x02\x00") + b"codes\n") == b"who\ncodes\n"
    assert port.heard() == [(1, b"\x02")]
    port.send(packet(3, b"\x03\x00"))
    assert port.heard() == [(4, b"\x03\x15\x06Trivet\x031.0\x04chip\x04Oven")]
    port.send(packet(3, b"\x04\x00"))
    assert port.heard() == [
        (4, b"\x04\x0e\x05house\x03-50\x03YES"),
        (4, b"\x04\x09\x01?\x03-70\x02NO"),
        (4, b"\x04\x00"),
    ]
    port.send(settings(b"house", b"a wrong one"))
    assert port.heard() == [(2, b"\x00"), (1, b"\x03")]
    port.wifi.poll(10)
    port.uart.turn(10)
    assert port.heard() == [(2, b"\x03"), (1, b"\x02")], "unable to connect; ready again"
    port.send(settings(b"house", b"a long secret"))
    port.heard()
    port.wifi.poll(20)
    port.uart.turn(20)
    assert port.heard() == [(1, b"\x04"), (4, b"\x01\x00")]
    assert "wifi.cbor" in port.kept
    assert port.uart.turn(100_000), "let go of when it was quiet"


def a_known_network_is_replaced_only_by_somebody_present(board, time):
    board.air.update(networks=[(b"house", b"", 1, -50, 3, 0)], password="a long secret")
    port = Port(board, known=True)
    port.wifi.poll(1)
    before = dict(port.kept)
    port.wifi.state = 3  # the network went away
    port.send(settings(b"other", b"another secret"))
    assert port.heard() == [(1, b"\x01")] and port.kept == before
    port.present = True
    port.send(settings(b"other", b"another secret"))
    assert port.heard()[0] == (2, b"\x00")


def garbage_between_packets_reaches_the_console_whole(board, time):
    port = Port(board)
    seed = 1
    for _ in range(300):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        line = bytes(
            [b"IMPROV\x00\n abc"[seed >> 3 * at & 0xF] if (seed >> 3 * at & 0xF) < 12 else 65 for at in range(9)]
        )
        line = line.replace(b"IMPROV\x01", b"") + b"x"
        assert port.send(line) == line, line
    assert port.made == 0
    bad = bytearray(settings(b"house", b"a long secret"))
    bad[-1] ^= 1
    assert port.send(bytes(bad)) == b""
    assert port.heard() == [(2, b"\x01")]
    for odd in (b"", b"\x01", b"\x09\x00", b"\x01\x05\x09abc", b"\x01\x02\x00\xff"):
        port.send(packet(3, odd))
        assert [row[0] for row in port.heard()] == [2], odd
    port.send(b"IMPROV\x01\x03")  # a cable pulled in the middle
    port.now += 5_000
    port.send(b"\xff")
    assert port.send(b"who\n") == b"who\n"


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


CASES = [name for name in dir() if "_" in name and not name.startswith("_") and name != "NO_SAMPLE"]

if __name__ == "__main__":
    import chip

    folder, tables, case = sys.argv[1:]
    real = __import__("time")
    with open(tables) as file, open(folder + "/partitions.json") as rows:
        board = chip.install(json.load(file), folder, json.load(rows))
    ticks = Ticks()

    class Time:
        ticks_ms = staticmethod(ticks.ticks_ms)
        ticks_diff = staticmethod(ticks.ticks_diff)
        sleep_ms = staticmethod(ticks.sleep_ms)
        gmtime = staticmethod(lambda seconds: real.gmtime(seconds + 946_684_800)[:8])
        time = staticmethod(lambda: 1_800_000_000 - 946_684_800)

    sys.modules["time"] = Time
    globals()[case](board, ticks)
    print("passed")
