"""MicroPython side of test_rotation: power cut before, during and after every flash operation of a key rotation, on
real littlefs over a device that behaves as NOR does (tools/device/files.py).

Arguments: ephemeral public key and wrapped key in hex. The image of the provisioned littlefs comes on stdin. Answers
one JSON line of figures.
"""

import json
import sys

import files as bench
from appliance.trust import identity as trust
from appliance.trust.rotation import rotate

EPOCH = 2


class Rotation(bench.Run):
    """One clean rotation, its operations noted."""

    def __init__(self, image, ephemeral, wrapped):
        self.seed = 1
        self.ephemeral = ephemeral
        self.wrapped = wrapped
        self.device = bench.Nor(bytearray(image))
        files = bench.started(self.device)
        self.device.keep()
        self.first = bytes(self.device.image)
        self.device.log = []
        before = trust.load(files)
        reason = rotate(files, before, EPOCH, ephemeral, wrapped)
        after = trust.load(bench.started(self.device))
        assert (reason, before.epoch, after.epoch) == (0, EPOCH, EPOCH), (reason, before.epoch, after.epoch)
        self.operations = self.device.log
        self.device.log = None
        self.steps = [({}, {}, len(self.operations))]
        self.epochs = set()

    def judge(self, old, new):
        """Whichever epoch the start finds, it has that epoch's key, and the command sent again ends in the new one."""
        try:
            files = bench.started(self.device)
            found = trust.load(files)
            if found is None or found.epoch not in (1, EPOCH):
                return "locked_out"
            self.epochs.add(found.epoch)
            if rotate(files, found, EPOCH, self.ephemeral, self.wrapped):
                return "refused"
            again = trust.load(bench.started(self.device))
            return "recovered" if again is not None and again.epoch == EPOCH else "lost"
        except Exception as error:
            return "no_start: " + repr(error)


def main():
    run = Rotation(sys.stdin.buffer.read(), bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    verdicts = {}
    torn = 0
    run.at(0)
    for number in range(len(run.operations)):
        way = 0
        while True:
            verdict = run.cut(number, way)
            if not verdict:
                break
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
            torn += way > 1
            way += 1
        run.device.over = {}
        run.apply(run.operations[number])
        run.device.keep()
    figures = {"operations": len(run.operations), "torn": torn, "verdicts": verdicts, "epochs": sorted(run.epochs)}
    print(json.dumps(figures))


main()
