"""A technician at the port of a whole appliance: challenge and answer with a real credential, self-tests, clearing,
fixes; each in the ledger, none without a grant. The firmware itself, in simulation, in its own heap."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from trivet import boards
from trivet.config import Settings
from trivet.credentials import wire
from trivet.credentials.wallet import Wallet, new_key
from trivet.engine import pki
from trivet.keys import LocalSigner, Signer
from trivet.serve import Cloud
from trivet.sim.device import Device, Provision
from trivet.sim.world import World
from trivet_wire import ids

VENDOR = LocalSigner(bytes(range(1, 33)))
KEY, PUBLIC = new_key(None)
BOARDS = ("oven", "dishwasher", "washer")


def identity(board: str) -> Provision:
    device = "00112233445566ff"
    key = pki.key_der(pki.new_key())
    return Provision(device, bytes(32), board, 1, key_der=key, command_key=VENDOR.public, region="DE")


class Technician:
    """Somebody with a file, at a world's port."""

    def __init__(
        self, world: World, may: int = wire.ALL, *, vendor: Signer = VENDOR, device: str = "00112233445566ff"
    ) -> None:
        self.world = world
        self.device = device
        issued = 1_700_000_000
        message = wire.signed_credential(vendor, 7, "Ada Bauer", PUBLIC, may, (), issued, issued + 10 * 365 * 86_400)
        self.wallet = Wallet(message, KEY)

    def ask(self, words: str, seconds: float = 0) -> list[dict[str, Any]]:
        """The lines of an answer; for what goes on, after so many seconds."""
        self.world.uart_write(f"@q {words}\n".encode())
        said = self.world.uart_read()
        until = self.world.now_s + seconds
        for turn in range(400):
            if self.world.now_s < until:
                self.world.step()
            else:
                self.world.uart_write(b"")
            said += self.world.uart_read()
            if b'"done":1' in said or b'"refused":' in said:
                break
            assert turn < 399, said
        lines = said.split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b'{"@":"q",')]

    def last(self, words: str, seconds: float = 0) -> dict[str, Any]:
        return self.ask(words, seconds)[-1]

    def enter(self) -> dict[str, Any]:
        nonce = bytes.fromhex(self.last("grant")["nonce"])
        signature = self.wallet.answer(self.device, nonce)
        words = base64.b64encode(self.wallet.message).decode(), base64.b64encode(signature).decode()
        return self.last(f"grant {' '.join(words)}")

    def ledger(self) -> list[str]:
        return [row["text"] for row in self.ask("ledger") if "text" in row and "n" in row]


@pytest.fixture(params=BOARDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(request.param, seed=3, settings={"start_s": 1e6}, identity=identity(request.param)) as made:
        made.run_until(10)
        yield made
        assert not [event for event in made.events if event.kind in ("crash", "no_heap", "unheard")]


def test_nothing_without_a_grant(world: World) -> None:
    who = Technician(world)
    for words in ("test heater", "clear all", "fix relearn", "update offer 100 00"):
        assert who.last(words)["refused"] == ids.R_GRANT


def test_a_technician_is_let_in_works_and_leaves(world: World) -> None:
    who = Technician(world)
    said = who.enter()
    assert (said.get("serial"), said.get("done")) == (7, 1), said
    assert who.last("clear all") == {"@": "q", "done": 1}
    assert who.last("fix relearn") == {"@": "q", "done": 1}
    assert who.last("bye") == {"@": "q", "done": 1}
    assert who.last("clear all")["refused"] == ids.R_GRANT
    told = who.ledger()
    assert sum("credential 7" in text and "let in" in text for text in told) == 1
    assert any("technician (credential 7): faults cleared, done" in text for text in told)
    assert any("technician (credential 7): fix, done" in text for text in told)


def test_all_self_tests_of_a_sound_appliance_pass(world: World) -> None:
    who = Technician(world)
    assert who.enter()["serial"] == 7
    names = [row["name"] for row in who.ask("test") if "name" in row]
    assert names == [one.name for one in world.board.routines]
    for name in names:
        done = who.last(f"test {name}", 70)
        assert done["result"] == 0, done
        assert done["measured"]
        assert world.outputs == tuple(one.safe for one in world.board.outputs)
    assert sum("self-test, done" in text for text in who.ledger()) == len(names)


def test_the_next_line_stops_a_self_test_and_outputs_are_safe(world: World) -> None:
    who = Technician(world)
    who.enter()
    name = next(one.name for one in world.board.routines if any(any(step.levels) for step in one.steps))
    world.uart_write(f"@t test {name}\n".encode())
    for _ in range(4):
        world.step()
    assert any(world.outputs)
    assert who.last("stop") == {"@": "q", "done": 1}
    world.step()
    assert world.outputs == tuple(one.safe for one in world.board.outputs)
    assert any(f"self-test, refused (reason {ids.R_STOPPED})" in text for text in who.ledger())


def test_a_role_that_does_not_cover_it_is_refused_and_noted(world: World) -> None:
    who = Technician(world, ids.MAY_TEST)
    who.enter()
    assert who.last("clear all")["refused"] == ids.R_ROLE
    assert any(f"faults cleared, refused (reason {ids.R_ROLE})" in text for text in who.ledger())


def test_a_broken_element_fails_its_self_test_in_words() -> None:
    with World("oven", seed=3, settings={"start_s": 1e6}, identity=identity("oven")) as world:
        world.run_until(5)
        world.inject("element_top_open")
        who = Technician(world)
        who.enter()
        done = who.last("test top_element", 30)
        assert done["result"] == ids.R_MEASURED
        [row] = [row for row in done["measured"] if row[3] == "> 5"]
        assert row[0] == "heater_current"
        assert float(row[1]) < 1
        world.uart_write(b"test top_element\r")
        said = b""
        for _ in range(60):
            world.step()
            said += world.uart_read()
        assert b"should be > 5" in said
        assert b"FAILED in step 2" in said


def test_no_self_test_while_it_bakes() -> None:
    with World("oven", seed=3, settings={"start_s": 8}, identity=identity("oven")) as world:
        world.run_until(20)
        who = Technician(world)
        who.enter()
        assert who.last("test fan")["refused"] == ids.R_UNSAFE
        assert who.last("fix restart")["refused"] == ids.R_UNSAFE


def test_a_flood_of_forged_credentials_costs_three_signatures_then_one_a_delay_and_no_tick(world: World) -> None:
    """Each names the vendor's key, so that it is looked at; what is looked at is in the ledger."""
    who = Technician(world)
    forged = bytearray(who.wallet.message)
    forged[-1] ^= 1
    line = f"grant {base64.b64encode(forged).decode()} {base64.b64encode(bytes(64)).decode()}"
    began, ticks = world.now_s, world.state.ticks
    refused = []
    while world.now_s < began + 100:
        if not len(refused) % 9:
            who.last("grant")
        refused.append(who.last(line)["refused"])
        if not len(refused) % 3:
            world.step()
    assert len(refused) > 500
    assert refused.count(ids.R_BUSY) == len(refused) - 6  # at once three; then after 10, 20 and 40 s
    assert sum("turned away" in text for text in who.ledger()) == 6
    assert world.state.ticks - ticks == round((world.now_s - began) * 1000 / world.board.tick_ms)


def test_a_list_over_the_port_takes_a_credential_back(world: World) -> None:
    who = Technician(world)
    assert who.enter()["serial"] == 7
    listed = base64.b64encode(wire.signed_list(VENDOR, 3, 1_700_000_000, [7, *range(100, 139)])).decode()
    assert who.last(f"grant revoked {listed}")["done"] == 1
    assert who.last("clear all")["refused"] == ids.R_GRANT
    assert who.enter()["refused"] == ids.R_CREDENTIAL
    assert who.last("grant")["revoked"] == 3


async def test_beside_a_connection_too_a_technician_is_let_in(tmp_path: Path) -> None:
    """The dishwasher has least heap to spare: the connection rests while signatures are judged, and comes back."""
    settings = Settings(data_dir=tmp_path, http_port=0, mqtt_port=0, nats_port=0)
    async with Cloud(settings, http=False) as cloud:
        board = boards.load("dishwasher")
        enrolled = await cloud.enrol(board.model, board.folder)

        def at_the_port() -> None:
            own = Provision.of(enrolled)
            with World(board, Device(), seed=3, settings={"start_s": 1e6}, identity=own) as world:
                assert world.idle(20)
                world.run_until(10)
                who = Technician(world, vendor=cloud.vault.command_key, device=enrolled.device)
                assert who.enter()["serial"] == 7
                assert who.last("test heater", 30)["result"] == 0
                assert len(who.ledger()) > 2
                assert who.last("clear all")["done"] == 1
                assert world.idle(60), "it is connected again"
                assert not [event for event in world.events if event.kind in ("crash", "no_heap", "unheard")]

        await asyncio.to_thread(at_the_port)
