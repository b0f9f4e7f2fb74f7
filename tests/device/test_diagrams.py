"""The drawings in firmware/README.md are what the firmware's tables say, and say all of it."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from appliance.faults import status

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def diagrams() -> ModuleType:
    spec = importlib.util.spec_from_file_location("diagrams", ROOT / "tools" / "diagrams.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_guide_shows_what_the_tables_draw(diagrams: ModuleType) -> None:
    text = diagrams.GUIDE.read_text(encoding="utf-8")
    assert diagrams.drawn(text) == text, "run tools/diagram"


def test_the_drawn_bits_move_as_the_firmware_moves_them(diagrams: ModuleType) -> None:
    """Each arrow is walked: from every status byte in which it may start, the edge ends where the arrow points."""
    arrows = re.findall(r"b(\d)_(\d) --> b\d_(\d): (.+)", diagrams.status_bits())
    shown = set()
    for bit, start, end, edges in arrows:
        for label in edges.split(", "):
            name, _, when = label.partition(" while ")
            needs = [(int(at), int(value)) for at, value in re.findall(r"bit (\d) = (\d)", when)]
            shown.add((int(bit), int(end), name))
            for byte in range(256):
                if byte >> int(bit) & 1 == int(start) and all(byte >> at & 1 == value for at, value in needs):
                    assert status.step(byte, status.NAMES.index(name)) >> int(bit) & 1 == int(end)
    for edge, name in enumerate(status.NAMES):
        for byte in range(256):
            moved = byte ^ status.step(byte, edge)
            for bit in range(8):
                if moved >> bit & 1:
                    assert (bit, 1 - (byte >> bit & 1), name) in shown, f"{name} moves bit {bit} and is not drawn"


def test_the_connection_s_drawing_has_every_row_and_every_limit(diagrams: ModuleType) -> None:
    table = diagrams.constants(diagrams.APPLIANCE / "outbox" / "mqtt.py")["TABLE"]
    drawing = diagrams.mqtt_client()
    for _, ends, _, limit_ms in table:
        assert f": {ends}" in drawing
        assert not limit_ms or f"not within {limit_ms // 1000} s" in drawing
    assert "[*] --> OFF" in drawing
    assert drawing.count("-->") == 1 + len(table) + sum(1 for row in table if row[3])


def test_a_guide_without_a_place_for_a_drawing_is_refused(diagrams: ModuleType) -> None:
    with pytest.raises(ValueError, match="status bits"):
        diagrams.drawn("# no places")
