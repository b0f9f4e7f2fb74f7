"""Runs the oven's tick in MicroPython over recorded readings: `sense_drive.py BOARD CATALOGUE READINGS LEVELS`.

READINGS holds int32 readings, tick after tick; LEVELS the int16 levels that the same tick gave under CPython. Every
tick runs with the heap locked; the last line is `same` when no level differs (status bytes stand in the line before).
"""

import sys
from array import array

import micropython
from appliance import wiring
from appliance.faults.manager import Manager
from appliance.faults.state import EventState
from appliance.sense.board import Board
from appliance.sense.conditions import Conditions
from appliance.sense.monitors import Monitors
from appliance.sense.signals import Signals
from drivers import Application
from trivet_wire.catalogue import Catalogue


class Appliance:
    def __init__(self, packed, catalogue):
        self.board = board = Board(packed)
        self.manager = Manager(wiring.event_config(board, Catalogue(catalogue)), EventState(board.n_events))
        self.signals = Signals(board)
        self.monitors = Monitors(board, self.manager.status, self.manager.settled)
        self.inhibit = wiring.inhibition(board)
        self.application = Application(board)
        self.cycle = Conditions(board.cycle)
        self.raw = array("i", [0] * board.n_inputs)
        self.levels = array("h", board.safe)
        self.report = self.manager.report
        self.in_cycle = False

    def tick(self, now):
        signals = self.signals
        signals.convert(self.raw, now)
        running = self.cycle.hold(0, self.cycle.count, signals.values, signals.validity)
        if running != self.in_cycle:
            self.in_cycle = running
            if running:
                self.manager.cycle_start(now)
            else:
                self.manager.cycle_end(now)
        self.monitors.run(now, signals.values, signals.validity, self.report)
        self.manager.tick(now)
        self.inhibit.update(self.manager.status)
        self.application.tick(now, signals.values, signals.validity, self.inhibit, self.levels)
        signals.follow(self.levels)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(board, catalogue, readings, levels):
    appliance = Appliance(read(board), read(catalogue))
    expected = array("h", read(levels))
    width = len(appliance.levels)
    with open(readings, "rb") as inputs:
        for tick in range(len(expected) // width):
            inputs.readinto(appliance.raw)
            micropython.heap_lock()
            try:
                appliance.tick(tick * appliance.board.tick_ms)
            finally:
                micropython.heap_unlock()
            for at in range(width):
                if appliance.levels[at] != expected[tick * width + at]:
                    print("tick %d: output %d is %d" % (tick, at, appliance.levels[at]))
                    return
    print("status", bytes(appliance.manager.status).hex())
    print("same")


main(*sys.argv[1:])
