"""MicroPython side of test_mqtt: drives the appliance's MQTT client against a broker, answers in JSON lines.

Arguments: folder of the DER files, port, client id, last-will topic. Each poll is counted, never timed.
"""

import json
import sys
import time

from appliance.outbox.mqtt import READY, Client
from appliance.system.link import Link


class Folder:
    def __init__(self, path):
        self.path = path

    def read(self, name):
        with open(self.path + "/" + name, "rb") as file:
            return file.read()


got = []


def heard(topic, msg):
    got.append((bytes(topic).decode(), bytes(msg).decode()))


folder, port, device = sys.argv[1:4]
client = Client(device, Link(Folder(folder)), keepalive=10)
client.set_callback(heard)
client.set_last_will(b"t/" + device.encode() + b"/u/gone", b"", qos=1)
client.subscribe(b"t/" + device.encode() + b"/d/+")
polls = 0
longest_ms = 0


def poll(limit, done):
    """Poll until `done()`; gives how many polls that took, or the error."""
    global polls, longest_ms
    for _ in range(limit):
        begin = time.ticks_ms()
        try:
            client.poll(begin)
        except OSError as err:
            client.disconnect()
            return "error %s" % err.args[0]
        finally:
            polls += 1
            longest_ms = max(longest_ms, time.ticks_diff(time.ticks_ms(), begin))
        if done():
            return "done"
        time.sleep_ms(2)
    return "limit"


def connect():
    try:
        client.dial("127.0.0.1", int(port), time.ticks_ms())
    except OSError as err:
        client.disconnect()
        return "error %s" % err.args[0]
    return poll(4000, lambda: client.state == READY)


def publish(kind, text):
    if not client.publish(b"t/" + device.encode() + b"/u/" + kind.encode(), text.encode(), qos=1):
        return "full"
    return "done"


def settle():
    return poll(3000, lambda: not client.unacked())


def hear(count):
    return poll(3000, lambda: len(got) >= count)


def set_pid(value):
    client.pid = value
    return "done"


def stats():
    return {
        "got": got,
        "pid": client.pid,
        "state": client.state,
        "polls": polls,
        "longest_ms": longest_ms,
        "oversized": client._reader.oversized,
        "pongs": client.pongs,
    }


def leave():
    client.disconnect()
    return "done"


def spend(milliseconds):
    """Let the client live on; time is the clock's, not a sleep of the test."""
    end = time.ticks_ms() + milliseconds
    return poll(1000000, lambda: time.ticks_diff(time.ticks_ms(), end) >= 0)


while True:
    line = sys.stdin.readline()
    if not line:
        break
    name, args = json.loads(line)[0], json.loads(line)[1:]
    print(json.dumps(globals()[name](*args)))
