"""What the tests of this folder share: the oven as `trivet build` wrote it."""

from pathlib import Path

import pytest
from trivet.hardware import build


@pytest.fixture(scope="session")
def oven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build.build("oven", folder)
    return folder
