"""A small board of its own and releases of it, for the tests of this room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from release_kit import TODAY
from trivet import paths
from trivet.release import folder
from trivet.release.build import Order, build


@pytest.fixture
def oven(tmp_path: Path) -> Path:
    """The oven's folder as a copy that a test may change."""
    target = tmp_path / "oven"
    shutil.copytree(paths.boards() / "oven", target, ignore=shutil.ignore_patterns("plots"))
    return target


@pytest.fixture
def release(oven: Path, tmp_path: Path) -> folder.Release:
    """A bundle for it, unsigned."""
    return build(oven, Order(version="1.0.0", today=TODAY), tmp_path / "r1")
