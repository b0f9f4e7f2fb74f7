"""Whatever is sent to any route, the answer is one that the description names, and never an error of the server's own:
schemathesis at a served cloud, as each kind of person. What is made up follows one seed.

`TRIVET_EXAMPLES=100 tools/test tests/end_to_end/test_description.py` takes long, and tries what lies at every limit,
too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import browser
import pytest
import seeded
from seeded import OWNER, OWNER_PASSWORD, PASSWORD, Vendor
from trivet import api, desk
from trivet.passwords import hash_password
from trivet.store.tables import LoginRow

EXAMPLES = os.environ.get("TRIVET_EXAMPLES", "")  # made-up calls of each route
PHASES = "coverage,fuzzing" if EXAMPLES else "fuzzing"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PEOPLE = {
    "admin": ("admin", PASSWORD, ""),
    "agent": ("agent", PASSWORD, "^/api/(cases|visits|letters|areas|devices)"),
    "owner": (OWNER, OWNER_PASSWORD, "^/api/my"),
}


async def people(vendor: Vendor) -> None:
    hashed = hash_password(PASSWORD)
    async with vendor.store.writing() as session:
        for role in ("admin", "agent"):
            session.add(LoginRow(user=role, password_hash=hashed, role=role))


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE)
async def test_every_answer_is_a_described_one(who: str, tmp_path: Path) -> None:
    user, password, routes = PEOPLE[who]
    async with seeded.open_vendor(tmp_path) as vendor:
        app = api.create(vendor)
        desk.mount(app)
        oven = await seeded.add_oven(vendor, "Oven", None)
        await seeded.add_owner(vendor, app.state.accounts, oven)
        await seeded.add_past(vendor, oven.device)
        await seeded.add_case(vendor, oven.device, seeded.ELEMENT)
        await people(vendor)
        async with browser.serving(app) as url:
            words = ["run", f"{url}/api/openapi.json", "--auth", f"{user}:{password}", "--checks", CHECKS]
            words += ["--max-examples", EXAMPLES or "4", "--seed", "1", "--generation-deterministic", "--no-color"]
            words += [
                "--phases",
                "coverage,fuzzing" if EXAMPLES else "fuzzing",
                "--warnings",
                "off",
                "--continue-on-failure",
            ]
            words += ["--include-path-regex", routes] if routes else ["--exclude-path-regex", "^/api/my"]
            tool = Path(sys.executable).parent / "schemathesis"
            run = await asyncio.create_subprocess_exec(
                tool, *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()[-6000:]
