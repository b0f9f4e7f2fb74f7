"""The wire tap: the real firmware in a house whose line is listened to, and a judge who knows what the owner decided,
and nothing else.

Runs in CPython over the firmware's own sources. Read by `tools/device/tap.py`, and by `tests/device/test_tap.py`.
"""
