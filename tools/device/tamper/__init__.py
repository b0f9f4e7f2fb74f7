"""Altering a ledger on purpose: histories of it, somebody who knows its format but not its key, and the appliance's own
verdict. Runs in CPython over the firmware's own sources, a sample in MicroPython. Read by `tools/device/ledger.py`, and
by `tests/ledger`.
"""
