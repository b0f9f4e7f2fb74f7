"""One MicroPython answers all questions about P-256 of a test run."""

from collections.abc import Iterator

import pytest
from p256_kit import Device


@pytest.fixture(scope="session")
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()
