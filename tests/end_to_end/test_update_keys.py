"""Release keys change and a key is revoked, all the way: real cloud, real engine, TLS, real firmware. What the revoked
key signed is refused from then on: after a restart, after an update that went back, and with the old keys' file put
back into flash."""

import asyncio
import base64
from pathlib import Path

import httpx
import refused_kit
from commands_house import House, house
from refused_kit import DESK_USER, Planted
from seeded import PASSWORD
from trivet import api
from trivet.passwords import hash_password
from trivet.release import folder, hands, keyset
from trivet.release import sign as signing
from trivet.release.roots import KeyManifest
from trivet.sim.device import read_files
from trivet.store.tables import LoginRow
from trivet.store.updates import InstalledRow, OfferRow
from trivet.updates import give, publish
from trivet_wire import ids
from update_kit import Maker

REST = {"start_s": 1e6}


async def ended(home: House, number: int) -> OfferRow:
    """Its offer, once the oven's own report ended it."""

    async def over() -> bool:
        async with home.cloud.store.reading() as session:
            row = await session.get_one(OfferRow, number)
        return row.ended_at is not None and row.report_boot is not None

    await home.serve(over, 120)
    async with home.cloud.store.reading() as session:
        return await session.get_one(OfferRow, number)


async def offered_by_api(home: House, manifest: bytes) -> int:
    """The key manifest taken over and offered, as a program of the vendor's does."""
    async with home.cloud.store.writing() as session:
        session.add(LoginRow(user=DESK_USER, password_hash=hash_password(PASSWORD), role="engineer"))
    transport = httpx.ASGITransport(app=api.create(home.cloud))
    async with httpx.AsyncClient(transport=transport, base_url="http://cloud", auth=(DESK_USER, PASSWORD)) as web:
        taken = await web.post("/api/release-keys", json={"manifest": base64.b64encode(manifest).decode()})
        assert taken.json()["number"] == 2
        answer = await web.post(f"/api/devices/{home.id}/updates", json={"keys": 2})
        assert answer.status_code == 202
        return int(answer.json()["open"][0]["id"])


def planted(release: folder.Release) -> Planted:
    payloads = [release.read(name) for name in release.index.payloads.values()]
    return Planted(release.index.version, release.read(release.index.envelope), payloads)


async def test_a_revoked_key_verifies_nothing_any_more_also_after_a_rollback(tmp_path: Path) -> None:
    old, kept, new = (hands.open_hand(f"file:{tmp_path / name}", make=True) for name in ("old", "kept", "new"))
    (tmp_path / "maker").mkdir()
    maker = Maker(tmp_path / "maker", [old, kept])
    second = keyset.changed(maker.roots, keyset.Change(add=(new.key,), revoke=(old.key.kid.hex(),)))
    manifest = keyset.sign(KeyManifest(second.encode()), maker.roots, second, [old, kept]).encode()
    breaks = maker.board(change=lambda text: text + "\nraise ValueError\n")
    broken = await asyncio.to_thread(lambda: maker.release(breaks, "1.1.0", security=True, sequence=2, sign=False))
    signing.sign(broken, [new], second)
    forged = await asyncio.to_thread(lambda: maker.release("oven", "1.2.0", security=True, sequence=3, sign=False))
    signing.sign(forged, [old])

    async with house(tmp_path, roots=maker.roots.encode(), settings=REST, heap_kib=200) as home:
        row = await ended(home, await offered_by_api(home, manifest))
        assert (row.state, row.reason) == ("confirmed", 0)
        async with home.cloud.store.reading() as session:
            assert (await session.get_one(InstalledRow, home.id)).keys == 2
        assert read_files(home.world.device.image)["roots.cbor"] == second.encode()

        row = await ended(home, await refused_kit.plant(home, planted(forged)))
        assert (row.state, row.reason, row.report_signed) == ("refused", ids.R_KEY_REVOKED, True)

        settings = home.cloud.settings
        place = publish.Place(home.cloud.store, settings.data_dir, settings.updates_dir)
        await publish.publish(place, await asyncio.to_thread(publish.judge, place, broken.path), "maker", breaks)
        row = await ended(home, await give.release(home.cloud.store, settings.updates_dir, home.id, "1.1.0", "ada"))
        assert (row.state, row.reason) == ("rolled back", ids.R_CRASHED)
        assert read_files(home.world.device.image)["roots.cbor"] == second.encode()

        row = await ended(home, await refused_kit.plant(home, again(forged, maker, old, 4)))
        assert (row.state, row.reason) == ("refused", ids.R_KEY_REVOKED)

        home.world.kill()
        home.world.device.put({"roots.cbor": maker.roots.encode()})
        home.world.start()
        row = await ended(home, await refused_kit.plant(home, again(forged, maker, old, 5)))
        assert (row.state, row.reason) == ("refused", ids.R_KEYS)


def again(release: folder.Release, maker: Maker, by: hands.Hand, sequence: int) -> Planted:
    """The same content as a release of its own, signed by the same key."""
    made = maker.release("oven", f"1.2.{sequence}", security=True, sequence=sequence, sign=False)
    signing.sign(made, [by])
    return planted(made)
