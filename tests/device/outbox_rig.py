"""MicroPython side of test_consent and test_uplink: the real outbox rooms on a journal file, a link that the test
scripts.

Arguments: path of the journal's image. Answers JSON lines.
"""

import json
import sys

from appliance.outbox import mqtt, uplink
from appliance.outbox.consent import Consent
from appliance.outbox.sealer import Sealer
from appliance.outbox.spool import Spool
from appliance.sim.flash import FileFlash
from appliance.store.boot import count_boot
from appliance.store.journal import Journal
from appliance.trust.chain import STARTED
from appliance.trust.ledger import Ledger
from trivet_wire import envelope, ids
from trivet_wire.cbor import Writer

DEVICE = "0123456789abcdef"
KEY = envelope.Key(bytes(32), bytes.fromhex(DEVICE), 0)


class Clock:
    def ticks_ms(self):
        return 1000

    def wall_s(self):
        return 0


class Teller:
    def __init__(self):
        self.told = []

    def tell(self, event):
        self.told.append(event)


class Stream:
    """A broker in the same process: takes the client's packets, gives what the rig queued."""

    def __init__(self, link):
        self.link = link
        self.inbox = bytearray()

    def write(self, buf, off, n):
        if self.link.broken:
            raise OSError(104)
        packet = bytes(buf[off : off + n])
        kind = packet[0] & 0xF0
        if kind == 0x10:
            self.inbox += b"\x20\x02\0\0"
        elif kind == 0x80:
            self.inbox += b"\x90\x03" + packet[2:4] + b"\0"
        elif kind == 0x30:
            self.published(packet)
        return n

    def published(self, packet):
        at = 2 if packet[1] < 128 else 3
        size = packet[at] << 8 | packet[at + 1]
        topic = packet[at + 2 : at + 2 + size].decode()
        at += 2 + size
        if self.link.pubacks:
            self.inbox += b"\x40\x02" + packet[at : at + 2]
        self.link.heard.append([topic, packet[at + 2 :].hex()])

    def readinto(self, buf):
        if self.link.broken:
            raise OSError(104)
        n = min(len(buf), len(self.inbox))
        buf[:n] = self.inbox[:n]
        self.inbox = self.inbox[n:]
        return n or None

    def close(self):
        pass


class Link:
    def __init__(self):
        self.opened = []
        self.heard = []
        self.broken = False
        self.refuses = False
        self.pubacks = True
        self.stream = None

    def open(self, host, port):
        self.opened.append([host, port, now])
        if self.refuses:
            raise OSError(111)
        self.stream = Stream(self)
        return self.stream


class Identity:
    device = DEVICE
    key = KEY
    old_key = None
    brokers = (("one", 1), ("two", 2))


now = 0
journal = Journal(FileFlash(sys.argv[1], 16))
journal.mount()
boot = count_boot(journal)
spool = Spool(journal, boot)
spool.load()
consent = Consent(journal, spool)
teller = Teller()
sealer = Sealer(Identity(), boot, Clock(), consent, spool, teller)
link = Link()


def hello():
    writer = sealer.open(ids.HELLO, False)
    writer.array(0)
    return sealer.seal(writer)


ledger = Ledger(FileFlash(sys.argv[1] + ".ledger", 8), journal, KEY, Clock())
ledger.load()
ledger.note(STARTED, boot, ids.RESET_POWER_ON)


def code(catalogue, event):
    return 7100 + event if catalogue == 77 else 65535


def random(n):
    return bytes([255] * n)


client = mqtt.Client(DEVICE, link)
up = uplink.Uplink(Identity(), client, spool, ledger, sealer.room, hello, code, random, teller)


def noted():
    """Every SENT record: kind, mask of purposes, bytes, boot, seq, code, start of the digest."""
    from appliance.store.binary import unpack_from
    from appliance.trust import chain, look

    walk = look.Walk(ledger)
    found = []
    while walk.step():
        if walk.kind == chain.SENT:
            row = unpack_from(chain.FORMATS[chain.SENT], walk.body, chain.TIME)
            found.append(list(row[:6]) + [row[6].hex()])
    return found


def break_ledger():
    """Its flash refuses from now on."""

    def refuse(*_):
        raise OSError(5)

    ledger.log.ring.flash.program = refuse


def state():
    return {
        "boot": boot,
        "seq": consent.seq,
        "mask": consent.mask,
        "untold": consent.untold,
        "count": spool.count,
        "purpose": consent.purpose,
        "channel": consent.channel,
        "hash": consent.text_hash,
        "language": consent.language,
    }


def decide(purpose, granted, channel=0, language="en", text_hash=0):
    return consent.decide(purpose, granted, channel, language, text_hash)


def queue(kind, purpose):
    writer = sealer.open(kind)
    writer.array(4)
    for figure in (7, 9, 1 if kind == ids.FAULT else 77, 77):  # event, status, occurrence, catalogue
        writer.integer(figure)
    return sealer.queue(kind, purpose, writer)


def told():
    consent.told()


def withdraw_all():
    consent.withdraw_all()


def run(milliseconds, step=100):
    """Let the link's time go on."""
    global now
    end = now + milliseconds
    while now < end:
        now += step
        up.poll(now)
        while journal.service() or ledger.service():
            pass
    return now


def set_link(name, value):
    setattr(link, name, value)


def seen():
    heard, link.heard = link.heard, []
    opened, link.opened = link.opened, []
    events, teller.told = teller.told, []
    return {
        "heard": heard,
        "opened": opened,
        "events": events,
        "left": spool.count,
        "forged": up.forged,
        "reconnects": up.reconnects,
        "refused": up.refused,
    }


def receipt(of_boot, seq, refused, genuine=True):
    """The cloud's receipt arrives."""
    writer = Writer(bytearray(512))
    envelope.put_head(writer, ids.ACK, of_boot, seq, 0, 0, 0)
    writer.item(refused)
    message = bytearray(envelope.sealed(KEY, bytes(writer.buf[: writer.pos])))
    if not genuine:
        message[-1] ^= 1
    down(b"t/" + DEVICE.encode() + b"/d/ack", bytes(message))


def down(topic, message):
    size = 2 + len(topic) + len(message)
    head = bytes([0x30, size & 0x7F | 0x80, size >> 7]) if size > 127 else bytes([0x30, size])
    link.stream.inbox += head + len(topic).to_bytes(2, "big") + topic + message


def garbage(text):
    down(b"t/" + DEVICE.encode() + b"/d/ack", bytes.fromhex(text))


while True:
    line = sys.stdin.readline()
    if not line:
        break
    words = json.loads(line)
    print(json.dumps(globals()[words[0]](*words[1:])))
