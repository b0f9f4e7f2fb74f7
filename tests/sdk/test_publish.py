"""`trivet release publish, offer, show`: what verifies completely by the cloud's own root of keys, and nothing else."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from trivet import boards, paths
from trivet.cli import app
from trivet.registry import Identity, Registry
from trivet.release import folder, hands, keyset, numbers
from trivet.release import sign as signing
from trivet.release.build import Order, build
from trivet.release.roots import KeyManifest, Roots, read
from trivet.store import Store
from trivet.store.tables import CatalogueRow, CommandRow
from trivet.store.updates import KeyManifestRow, ReleaseRow
from trivet.updates import give, keyring, publish
from trivet.updates.payloads import Payloads
from trivet.updates.problem import UpdateError
from trivet.vault import Vault
from trivet_wire import cbor, ids
from typer.testing import CliRunner, Result

MODEL = boards.load("oven").model


@dataclass
class Maker:
    """Release keys and two signed releases for the oven, made once."""

    path: Path
    hands: list[hands.Hand]
    roots: Roots

    @property
    def roots_file(self) -> Path:
        return self.path / "roots.cbor"

    def copy(self, name: str, to: Path) -> Path:
        """A release that a test may spoil."""
        target = to / name
        shutil.copytree(self.path / name, target)
        return target


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    path = tmp_path_factory.mktemp("maker")
    keys = [hands.open_hand(f"file:{path / name}.key", make=True) for name in "abc"]
    roots = read(Roots(1, 2, False, tuple(one.key for one in keys)).encode())
    (path / "roots.cbor").write_bytes(roots.encode())
    board = path / "oven"
    shutil.copytree(paths.boards() / "oven", board, ignore=shutil.ignore_patterns("plots"))
    (path / "en.md").write_text("Bakes more evenly.")
    first = build(board, Order(version="1.1.0"), path / "r1")
    (board / "drivers.py").write_text((board / "drivers.py").read_text() + "\n_TOUCHED = 1\n")
    notes = {"en": path / "en.md"}
    order = Order(version="1.2.0", security=True, earlier=(path / "r1",), notes=notes)
    for made in (first, build(board, order, path / "r2")):
        signing.sign(made, keys[:2], roots)
    return Maker(path, keys, roots)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def cli(data: Path) -> Callable[..., Result]:
    data.mkdir()

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, ["release", *map(str, words), "--data", str(data)])

    return run


@pytest.fixture
async def store(data: Path) -> Iterator[Store]:
    from trivet.config import Settings

    data.mkdir(exist_ok=True)
    async with Store(Settings(data_dir=data).url) as made:
        yield made


@pytest.fixture
def place(store: Store, data: Path, maker: Maker) -> publish.Place:
    keyring.keep(data / "updates", maker.roots_file.read_bytes())
    return publish.Place(store, data, data / "updates")


async def published(place: publish.Place, path: Path) -> ReleaseRow:
    return await publish.publish(place, publish.judge(place, path), "ada")


async def enrolled(place: publish.Place) -> Identity:
    return await Registry(place.store, Vault(place.data_dir / "secrets"), []).enrol(MODEL)


async def test_what_the_manifest_says_and_every_payload_is_kept(place: publish.Place, maker: Maker) -> None:
    row = await published(place, maker.path / "r2")
    index = folder.Release(maker.path / "r2").index
    assert (row.model, row.version, row.sequence, row.security) == (MODEL, "1.2.0", 2, True)
    assert row.deadline is not None
    assert row.notes_json == {"en": "Bakes more evenly."}
    assert sorted(row.signers_json) == sorted(one.key.kid.hex() for one in maker.hands[:2])
    assert set(row.payloads_json) == {*index.payloads, row.envelope}
    payloads = Payloads(place.updates_dir)
    assert all(payloads.sound(name) for name in row.payloads_json)
    [bundle] = row.components_json
    assert [one["digest"] for one in bundle["deltas"]] == [one.sha256 for one in index.deltas]
    assert Payloads(place.updates_dir, publish.SBOMS).sound(row.sbom or "")


async def test_its_fault_catalogue_is_known_from_then_on(place: publish.Place, maker: Maker) -> None:
    row = await published(place, maker.path / "r1")
    assert row.catalogue == boards.catalogue_id(boards.load("oven"))
    async with place.store.reading() as session:
        assert await session.get(CatalogueRow, row.catalogue) is not None


async def test_a_delta_is_tried_on_the_image_that_was_published_before(
    place: publish.Place, maker: Maker, tmp_path: Path
) -> None:
    alone = maker.copy("r2", tmp_path / "alone")
    [delta] = [one for one in publish.judge(place, alone).findings if "delta" in one.what]
    assert delta.good is None
    await published(place, maker.path / "r1")
    [delta] = [one for one in publish.judge(place, alone).findings if "delta" in one.what]
    assert (delta.good, "published here" in delta.words) == (True, True)


@pytest.mark.parametrize("spoilt", ["payload", "manifest", "note", "sbom", "gone", "unsigned", "one signature"])
async def test_what_does_not_verify_is_refused_and_nothing_of_it_is_kept(
    place: publish.Place, maker: Maker, tmp_path: Path, spoilt: str
) -> None:
    path = maker.copy("r2", tmp_path / "spoilt")
    file = {"payload": "bundle.tvb", "manifest": "release.suit", "note": "note.en.md", "sbom": "sbom.cdx.json"}
    if spoilt in file:
        content = bytearray((path / file[spoilt]).read_bytes())
        content[-1] ^= 1
        (path / file[spoilt]).write_bytes(content)
    elif spoilt == "gone":
        (path / "bundle.tvb").unlink()
    else:
        made = folder.Release(path)
        enclosed = made.envelope()
        kept = enclosed.signatures[: 0 if spoilt == "unsigned" else 1]
        made.replace("release.suit", type(enclosed)(enclosed.manifest, enclosed.text, kept).encode())
    with pytest.raises(UpdateError, match="Nothing was published"):
        publish.judge(place, path)
    assert not Payloads(place.updates_dir).folder.exists()


async def test_another_vendor_s_release_is_refused(place: publish.Place, maker: Maker) -> None:
    (place.data_dir / "vendor.toml").write_text('domain = "maker.example"\n')
    with pytest.raises(UpdateError, match=r"--vendor maker\.example") as caught:
        publish.judge(place, maker.path / "r1")
    assert caught.value.kind == "vendor"


async def test_the_same_again_is_one_and_a_number_belongs_to_one_release(
    place: publish.Place, maker: Maker, tmp_path: Path
) -> None:
    first, again = await published(place, maker.path / "r1"), await published(place, maker.path / "r1")
    assert first.id == again.id
    other = build("oven", Order(version="1.1.0", sequence=5), tmp_path / "other")
    signing.sign(other, maker.hands[:2], maker.roots)
    with pytest.raises(UpdateError) as caught:
        await published(place, other.path)
    assert caught.value.kind == "taken"
    third = maker.copy("r1", tmp_path / "more")
    signing.sign(folder.Release(third), maker.hands[2:], maker.roots)
    assert (await published(place, third)).envelope != first.envelope, "one signature more is welcome"


async def test_an_unknown_fault_catalogue_asks_for_its_board(
    place: publish.Place, maker: Maker, tmp_path: Path
) -> None:
    board = tmp_path / "oven"
    shutil.copytree(paths.boards() / "oven", board, ignore=shutil.ignore_patterns("plots"))
    catalogue = board / "catalogue.toml"
    text = catalogue.read_text()
    catalogue.write_text(text.replace("severity = 3", "severity = 4", 1))
    made = build(board, Order(version="3.0.0", sequence=9), tmp_path / "r9")
    signing.sign(made, maker.hands[:2], maker.roots)
    judged = publish.judge(place, made.path)
    with pytest.raises(UpdateError, match="--board FOLDER") as caught:
        await publish.publish(place, judged, "ada")
    assert caught.value.kind == "catalogue"
    row = await publish.publish(place, judged, "ada", board)
    assert row.catalogue != boards.catalogue_id(boards.load("oven"))


class TestKeys:
    def manifest(self, maker: Maker, new: Roots, signers: list[hands.Hand]) -> bytes:
        return keyset.sign(KeyManifest(new.encode()), maker.roots, new, signers).encode()

    def revoking(self, maker: Maker) -> Roots:
        a, b, c = (one.key for one in maker.hands)
        return read(Roots(2, 2, False, (b, c), (a.kid,)).encode())

    async def test_the_first_set_stays_until_a_key_manifest_leads_on(self, place: publish.Place, maker: Maker) -> None:
        again = keyring.keep(place.updates_dir, maker.roots_file.read_bytes())
        assert again == maker.roots
        with pytest.raises(UpdateError, match="change by a key manifest"):
            keyring.keep(place.updates_dir, self.revoking(maker).encode())

    async def test_the_next_set_is_taken_and_offered_as_one_step(self, place: publish.Place, maker: Maker) -> None:
        oven, new = await enrolled(place), self.revoking(maker)
        data = self.manifest(maker, new, maker.hands)
        await give.keys(place.store, place.updates_dir, oven.device, data, "ada")
        assert keyring.known(place.updates_dir) == new
        async with place.store.reading() as session:
            [row] = await session.scalars(select(KeyManifestRow))
            [command] = await session.scalars(select(CommandRow))
        assert (row.number, row.payload) == (2, hashlib.sha256(data).hexdigest())
        assert cbor.decode(command.args) == [ids.W_KEYS, len(data), hashlib.sha256(data).digest(), None]
        second = await enrolled(place)
        await give.keys(place.store, place.updates_dir, second.device, data, "ada")

    @pytest.mark.parametrize("signers", [[0], [0, 1], []])
    async def test_old_and_new_must_both_have_signed(
        self, place: publish.Place, maker: Maker, signers: list[int]
    ) -> None:
        oven = await enrolled(place)
        data = self.manifest(maker, self.revoking(maker), [maker.hands[one] for one in signers])
        with pytest.raises(UpdateError, match="set: "):
            await give.keys(place.store, place.updates_dir, oven.device, data, "ada")
        assert keyring.known(place.updates_dir) == maker.roots

    async def test_a_release_of_a_revoked_key_is_not_offered_any_more(self, place: publish.Place, maker: Maker) -> None:
        oven = await enrolled(place)
        await published(place, maker.path / "r1")
        data = self.manifest(maker, self.revoking(maker), maker.hands)
        await give.keys(place.store, place.updates_dir, oven.device, data, "ada")
        with pytest.raises(UpdateError, match="signed by a revoked key") as caught:
            await give.release(place.store, place.updates_dir, oven.device, "1.1.0", "ada")
        assert caught.value.kind == "signatures"

    async def test_without_a_root_of_keys_nothing_is_believed(self, store: Store, data: Path, maker: Maker) -> None:
        place = publish.Place(store, data, data / "updates")
        with pytest.raises(UpdateError, match=r"--roots roots\.cbor"):
            publish.judge(place, maker.path / "r1")

    async def test_a_damaged_root_of_keys_says_what_to_do(self, place: publish.Place, maker: Maker) -> None:
        (place.updates_dir / keyring.FILE).write_bytes(b"\x80")
        with pytest.raises(UpdateError, match="from the backup"):
            publish.judge(place, maker.path / "r1")


async def test_a_payload_that_was_damaged_here_is_not_offered(place: publish.Place, maker: Maker) -> None:
    oven, row = await enrolled(place), await published(place, maker.path / "r1")
    bundle = Payloads(place.updates_dir).path(row.components_json[0]["digest"])
    bundle.write_bytes(b"rot")
    with pytest.raises(UpdateError) as caught:
        await give.release(place.store, place.updates_dir, oven.device, "1.1.0", "ada")
    assert caught.value.kind == "damaged"
    await published(place, maker.path / "r1")
    assert await give.release(place.store, place.updates_dir, oven.device, "1.1.0", "ada")


class TestWords:
    def test_publish_offer_show_and_withdraw(self, cli: Callable[..., Result], data: Path, maker: Maker) -> None:
        import asyncio

        from trivet.config import Settings

        told = cli("publish", maker.path / "r2", "--roots", maker.roots_file)
        assert told.exit_code == 0, told.output
        assert "good" in told.stdout
        assert f"Published {MODEL} 1.2.0, number 2, security release" in told.stdout

        async def enrol() -> str:
            async with Store(Settings(data_dir=data).url) as store:
                return (await Registry(store, Vault(data / "secrets"), []).enrol(MODEL)).device

        device = asyncio.run(enrol())
        told = cli("show")
        assert "1.2.0" in told.stdout
        assert "security" in told.stdout
        told = cli("offer", device, "1.2.0", "--json")
        assert told.exit_code == 0, told.output
        [offered] = json.loads(told.stdout.splitlines()[-1])["open"]
        assert (offered["state"], offered["version"], offered["notes"]) == (
            "queued", "1.2.0", {"en": "Bakes more evenly."}
        )  # fmt: skip
        told = cli("offer", device, "1.2.0")
        assert told.exit_code == 1
        assert "already" in told.stderr
        told = cli("show", device)
        assert "Installed  as delivered" in told.stdout
        assert "1.2.0      queued, offered by" in told.stdout
        told = cli("offer", device, "--withdraw")
        assert "Nothing more of it is served" in told.stdout
        assert "withdrawn by its vendor" in told.stdout
        told = cli("offer", device, "--withdraw")
        assert (told.exit_code, "nothing is offered" in told.stderr) == (1, True)

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("publish", "nowhere"), "root of keys"),
            (("offer", "0" * 16, "1.0.0"), "not enrolled"),
            (("offer", "0" * 16, "--keys", "nowhere"), "No such file"),
            (("show", "0" * 16), "not enrolled"),
            (("offer", "0" * 16), "Say one of these"),
        ],
    )
    def test_mistakes_are_one_line_that_helps(
        self, cli: Callable[..., Result], words: tuple[str, ...], says: str
    ) -> None:
        told = cli(*words)
        assert told.exit_code in (1, 2)
        assert says in told.stderr
        assert "Traceback" not in told.output

    def test_there_must_be_a_cloud(self, tmp_path: Path) -> None:
        told = CliRunner().invoke(app, ["release", "show", "--data", str(tmp_path / "none")])
        assert (told.exit_code, "there is no cloud" in told.stderr) == (1, True)


def test_numbers_of_the_drafts_and_of_the_appliance_are_the_same() -> None:
    assert (numbers.ESP256, numbers.HSS_LMS) == (-9, -46)
