"""What an oven must not take is refused by its real program, fetched from a real cloud that offers it all the same:
each with a number of its own, in words on the line, the display, in its ledger, in its signed report, by API, on the
owner's page and at the desk; and nothing in its flash is another.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any

import browser
import judged_kit as kit
import pytest
import pytest_asyncio
import refused_kit
from judged_kit import KEYS, STRANGER, canonical, manifest
from refused_kit import BUNDLE, CLASS, FILES, ROOTS, Case, Street, flash, image
from trivet.desk.texts import table
from trivet.release import bundle
from trivet.sim.device import FLASH
from trivet_wire import cbor, ids

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(browser.chromium_path() is None, reason="no Chromium on this machine"),
]

LARGE = bundle.pack({"drivers.mpy": hashlib.shake_128(b"large").digest(60_000)})
FILLER = hashlib.shake_128(b"filler").digest(FLASH - 82_000)  # what is left takes the image, and no copy of it
REVOKED = kit.roots(1, 2, sorted(KEYS[:3], key=kit.kid), [kit.kid(KEYS[1])])
LATER = int(time.time()) + 90_000


def packed(rows: list[list[Any]], contents: bytes) -> bytes:
    """A bundle whose index says what it likes."""
    index = cbor.encode(rows)
    return b"TVB\x01" + len(index).to_bytes(2, "little") + index + contents


def row(name: str, data: bytes, **lies: Any) -> list[Any]:
    return [name, lies.get("size", len(data)), lies.get("digest", kit.sha256(data))]


DRIVERS = FILES["drivers.mpy"]
OTHER_FILES = packed([row("drivers.mpy", DRIVERS, digest=bytes(32))], DRIVERS)
OTHER_SIZES = packed([row("drivers.mpy", DRIVERS, size=len(DRIVERS) - 1)], DRIVERS)
ABOVE = packed([row("../main.py", DRIVERS)], DRIVERS)


def of(content: bytes) -> dict[str, Any]:
    """A release that brings just this."""
    return {"manifest": manifest(image(content)), "payloads": (content,)}


CASES: dict[str, Case] = {
    "for another board": Case(ids.R_CLASS, manifest(image(class_=kit.CLASS.bytes))),
    "another vendor's": Case(ids.R_VENDOR, manifest(image(vendor=CLASS))),
    "a lower number than what is installed": Case(
        ids.R_SEQUENCE, manifest(image(), sequence=7), flash=refused_kit.confirmed(8)
    ),
    "expired": Case(ids.R_EXPIRED, manifest(image(more={**kit.SECURITY, 4: LATER - 200_000}))),
    "signed by a revoked key": Case(ids.R_KEY_REVOKED, manifest(image()), roots=REVOKED),
    "too few signatures": Case(ids.R_THRESHOLD, manifest(image()), signers=KEYS[:1]),
    "signed by strangers": Case(ids.R_SIGNATURE, manifest(image()), signers=[STRANGER, KEYS[4]]),
    "signed by a stranger too": Case(ids.R_SIGNATURE, manifest(image()), signers=[*KEYS[:2], STRANGER]),
    "a size that its chunks do not have": Case(
        ids.R_SIZE, manifest(image(more={**kit.SECURITY, 14: len(BUNDLE) + 9000}))
    ),
    "a size beyond any flash": Case(ids.R_SIZE, manifest(image(more={**kit.SECURITY, 14: 1 << 40}))),
    "files of other sizes than the bundle says": Case(ids.R_SIZE, **of(OTHER_SIZES)),
    "a component above its folder": Case(ids.R_COMPONENT, manifest(image(name=b"../bundle"))),
    "a file above its folder": Case(ids.R_COMPONENT, **of(ABOVE)),
    "files of other content than the bundle says": Case(ids.R_DIGEST, **of(OTHER_FILES)),
    "altered on the way": Case(ids.R_DIGEST, manifest(image()), served={BUNDLE: BUNDLE[:-1] + b"x"}),
    "no room for it": Case(ids.R_FULL, **of(LARGE), flash={"filler": FILLER}),
    "for another base": Case(ids.R_BASE, manifest(image(more={**kit.SECURITY, 28: canonical([2, [9, 0]])}))),
    "an instruction that nobody knows": Case(ids.R_MANIFEST, manifest(image(), keys={24: b""})),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with refused_kit.street(tmp_path_factory.mktemp("street")) as made:
        yield made


@pytest.mark.parametrize("name", CASES)
async def test_it_is_refused_with_its_own_number_on_every_channel_and_nothing_is_changed(
    served: Street, name: str
) -> None:
    case = CASES[name]
    async with served.oven(case) as home:
        before = flash(home)
        number = await served.offer(home, case)
        row = await served.until_told(home, number)
        assert (row.state, row.reason, row.report_signed) == ("refused", case.reason, True)
        at_the_appliance(home.world, case.reason)
        assert flash(home) == before
        await at_the_vendors(served, home.id, case.reason)
        home.world.restart()  # which runs what ran before
        home.world.step()
        assert not {"crash", "no_heap", "reduced"} & {event.kind for event in home.world.events}
        assert flash(home) == before


def at_the_appliance(world: Any, reason: int) -> None:
    last = [event.data for event in world.events if event.kind == "update"][-1]
    assert (last["state"], last["reason"]) == ("refused", reason)
    assert last["why"].endswith(f" ({reason})")
    assert "makes no sense" not in last["why"]
    for _ in range(20):  # what is found in a start for the update alone is shown in the one after it
        world.step()
        if last["why"] in world.state.display:
            break
    assert last["why"] in world.state.display
    for word, kind in (("update", "said"), ("ledger", "record")):
        world.say(word)
        said = [event.data["text"] for event in world.events if event.kind == kind]
        assert any(ids.REASON_NAMES[reason] in text or last["why"] in text for text in said), said


async def at_the_vendors(served: Street, device: str, reason: int) -> None:
    desk, owner, at_the_desk, on_my_page = await asyncio.gather(
        served.json(f"/api/devices/{device}/updates"),
        served.json(f"/api/my/devices/{device}/updates", owner=True),
        served.text(served.desk, f"/device/{device}"),
        served.text(served.owner, f"/my/{device}"),
    )
    [told], [mine] = desk["history"], owner["history"]
    assert (told["state"], told["reason"], told["says"]) == ("refused", reason, ids.REASON_NAMES[reason])
    assert told["report"]["signed"] is True
    assert (mine["state"], mine["reason"], mine["says"]) == ("refused", reason, ids.REASON_NAMES[reason])
    for_owners = table()[f"reason.{reason}"]
    at_desks = table().get(f"reason_desk.{reason}", for_owners)
    assert for_owners["en"] in on_my_page
    assert at_desks["en"] in at_the_desk


async def test_every_case_is_told_apart_and_the_honest_one_is_taken() -> None:
    """Nothing but what a case names is wrong with it."""
    from appliance.update import manifest as profile
    from appliance.update import roots, suit
    from appliance.update.release import Own

    own = Own(refused_kit.VENDOR, CLASS, 5, (1, 0, 0), int(time.time()))
    good = Case(0, manifest(image(more={**kit.SECURITY, 4: LATER})))
    release = profile.read(suit.verified(good.envelope, roots.Roots(ROOTS)), own)
    assert release.components[0].size == len(BUNDLE)
    assert len({case.reason for case in CASES.values()}) == 13
