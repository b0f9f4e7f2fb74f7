"""The status table against the rule in words, for every status byte; and the table in the documentation against the
table."""

from pathlib import Path

import pytest
from appliance.faults import status

ROOM = Path(status.__file__).parent

# edge: (bits that must be 1, bits that must be 0, clears, sets), by bit number, from the standard's wording
WORDS = {
    status.TEST_FAILED: ("", "", "46", "0125"),
    status.PASSED: ("", "", "046", ""),
    status.CYCLE_START: ("", "", "1", "6"),
    status.CYCLE_END: ("", "16", "2", ""),
    status.CONFIRMED: ("2", "", "", "3"),
    status.WARNING: ("03", "", "", "7"),
    status.HEALED: ("", "", "7", ""),
    status.AGED: ("", "7", "23", ""),
    status.CLEARED: ("", "", "012357", "46"),
    status.FDC: ("", "", "", ""),
    status.PENDING: ("", "", "", ""),
}


@pytest.mark.parametrize("edge", range(status.EDGES), ids=status.NAMES)
def test_every_status_byte_at_every_edge(edge: int) -> None:
    ones, zeros, clears, sets = ({int(bit) for bit in bits} for bits in WORDS[edge])
    for byte in range(256):
        bits = {bit for bit in range(8) if byte >> bit & 1}
        expected = (bits - clears) | sets if ones <= bits and not zeros & bits else bits
        assert status.step(byte, edge) == sum(1 << bit for bit in expected)


def test_the_documentation_shows_this_table() -> None:
    page = (ROOM / "README.md").read_text(encoding="utf-8")
    assert "\n".join(status.rules()) in page
