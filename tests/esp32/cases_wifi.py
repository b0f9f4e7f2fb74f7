"""The house's Wi-Fi and how it comes over the cable, on the fake chip, in MicroPython: each case takes the board and a
time that it turns.
"""


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
