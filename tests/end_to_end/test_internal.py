"""The appliance's care for itself, in real MicroPython: control programs that raise or hang wherever they can, restarts
of every cause, kills, rotten flash, a full heap, a frame that was captured under a no.
"""

import random
from pathlib import Path

import pytest
import spoilt
from trivet.boards import available, load
from trivet.sim.consent import consent_line
from trivet.sim.device import Device
from trivet.sim.world import Event, World
from trivet_wire import ids

PATIENCE_S = 3.0  # real seconds; a start takes a tenth of that
SOUND_S = 61
OVEN = load("oven")


def kinds(events: list[Event], kind: str) -> list[dict]:
    return [dict(event.data) for event in events if event.kind == kind]


def queued(world: World) -> list[str]:
    return [event["kind"] for event in kinds(world.events, "queued")]


def status(world: World, event: str) -> int:
    return world.state.status.get(world.board.event(event), 0)


# -- a program that cannot start -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("import", ("WINDOW_MS = 40_000", "WINDOW_MS = 40_000 // 0")),
        ("import of a module that is not there", ("WINDOW_MS = 40_000", "import nowhere\nWINDOW_MS = 40_000")),
        ("syntax that only the interpreter knows", ("WINDOW_MS = 40_000", "WINDOW_MS = int('x')")),
        ("__init__", (spoilt.INIT, "        board.index('no such signal')\n" + spoilt.INIT)),
        ("no class of that name", ("class Application:", "class Aplication:")),
        ("memory", (spoilt.INIT, "        self.hoard = [bytearray(1000) for _ in range(900)]\n" + spoilt.INIT)),
    ],
)
def test_a_program_that_cannot_start_leaves_a_reduced_appliance_that_talks(
    tmp_path: Path, where: str, change: tuple[str, str]
) -> None:
    device = Device(tmp_path / "device")
    with World(OVEN, device) as world:
        world.say(consent_line("service", True))
        world.run_until(1)
    with World(spoilt.oven(tmp_path, change), device) as world:
        world.run_until(10)
        (crash, *_), (reduced,) = kinds(world.events, "crash"), kinds(world.events, "reduced")
        assert crash["task"] == "start", where
        assert reduced["heart"]
        assert not any(world.outputs)
        assert status(world, "internal_error") & ids.TEST_FAILED
        assert {"crash", "inventory", "fault"} <= set(queued(world))
        assert world.state.display
        world.say(consent_line("improve", True))
        assert kinds(world.events, "consent")[-1]["granted"]


def test_the_crash_of_a_start_names_its_place(tmp_path: Path) -> None:
    board = spoilt.oven(tmp_path, (spoilt.INIT, "        board.nothing()\n" + spoilt.INIT))
    with World(board) as world:
        (crash, *_) = kinds(world.events, "crash")
    line = (board / "drivers.py").read_text(encoding="utf-8").splitlines().index("        board.nothing()") + 1
    assert (crash["file"], crash["line"]) == ("drivers.py", line)


def test_data_that_cannot_be_read_leaves_line_and_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trivet import boards

    pack = boards.pack
    device = Device(tmp_path)
    with World(OVEN, device) as world:
        world.say(consent_line("service", True))
        world.run_until(1)
    monkeypatch.setattr(boards, "pack", lambda board: {**pack(board), "board.cbor": b"\x80"})
    with World(OVEN, device) as world:
        world.run_until(5)
        assert kinds(world.events, "reduced") == [{"crashes": 0, "heart": False}]
        assert {"crash", "inventory"} <= set(queued(world))
        world.say("clear")
        world.say(consent_line("service", False))
        assert world.state.left == 3  # both decisions and the ledger's head


# -- a program that breaks later -------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["board.nothing()", "raise OSError(5)", "raise SystemExit", "raise MemoryError"])
def test_a_tick_that_raises_every_time_is_an_event_few_messages_and_safe_outputs(tmp_path: Path, what: str) -> None:
    with World(spoilt.oven(tmp_path, (spoilt.TICK, what))) as world:
        world.say(consent_line("service", True))
        world.run_until(200)
        assert not any(world.outputs)
        assert status(world, "internal_error") & ids.CONFIRMED
        assert queued(world).count("crash") < 12
        assert not kinds(world.events, "reduced")
        assert len(kinds(world.events, "started")) == 1


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("start", (spoilt.INIT, "        while True:\n            pass\n" + spoilt.INIT)),
        ("start", ("WINDOW_MS = 40_000", "while True:\n    pass\nWINDOW_MS = 40_000")),
        ("tick", (spoilt.TICK, "while now > 3000:\n            pass")),
    ],
)
def test_a_task_that_hangs_is_reset_and_named_and_in_the_end_the_appliance_is_reduced(
    tmp_path: Path, task: str, change: tuple[str, str]
) -> None:
    device = Device(tmp_path / "device")
    with World(OVEN, device) as world:
        world.say(consent_line("service", True))
        world.run_until(SOUND_S)
    with World(spoilt.oven(tmp_path, change), device, patience_s=PATIENCE_S) as world:
        world.run_until(60)
        assert len(kinds(world.events, "watchdog")) == 3
        crash = kinds(world.events, "crash")[-1]
        assert (crash["task"], crash["file"]) == (task, "watchdog")
        assert kinds(world.events, "reduced") == [{"crashes": 3, "heart": True}]
        assert not any(world.outputs)
        assert status(world, "unexpected_reset") & ids.TEST_FAILED
        assert {"crash", "inventory", "fault"} <= set(queued(world))


# -- reset causes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "failed"),
    [
        (ids.RESET_POWER_ON, False),
        (ids.RESET_DEEP_SLEEP, False),
        (ids.RESET_SOFT, False),
        (ids.RESET_WATCHDOG, True),
        (ids.RESET_CRASH, True),
    ],
)
def test_a_restart_that_nobody_wanted_is_an_event_and_its_cause_is_told(cause: int, failed: bool) -> None:
    with World(OVEN) as world:
        world.say(consent_line("service", True))
        world.run_until(2)
        world.restart(cause)
        world.run_until(5)
        assert kinds(world.events, "started")[-1]["cause"] == ids.RESET_NAMES[cause]
        assert bool(status(world, "unexpected_reset") & ids.TEST_FAILED) == failed
        assert queued(world).count("inventory") == 1
        assert queued(world).count("fault") == failed
        if failed:
            world.restart()
            world.run_until(7)
            assert not status(world, "unexpected_reset") & ids.TEST_FAILED  # this start was a sound one


@pytest.mark.parametrize("name", available())
def test_every_board_tells_a_brown_out_from_other_resets(name: str) -> None:
    with World(load(name)) as world:
        world.restart(ids.RESET_BROWN_OUT)
        world.run_until(2)
        assert status(world, "brown_out") & ids.TEST_FAILED
        assert not status(world, "unexpected_reset") & ids.TEST_FAILED


# -- heap ------------------------------------------------------------------------------------------------------------


def test_a_heap_that_runs_low_is_an_event_before_anything_fails(tmp_path: Path) -> None:
    hoard = "import gc\n        if now > 20000 and gc.mem_free() > 3000:\n            self.hoard.append(bytearray(512))"
    board = spoilt.oven(tmp_path, (spoilt.TICK, hoard), (spoilt.INIT, "        self.hoard = []\n" + spoilt.INIT))
    with World(board) as world:
        world.run_until(20)
        assert not status(world, "low_heap") & ids.TEST_FAILED
        world.run_until(100)
        assert status(world, "low_heap") & ids.TEST_FAILED
        assert not kinds(world.events, "crash")


# -- the boot loop ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [ids.RESET_POWER_ON, ids.RESET_BROWN_OUT, ids.RESET_CRASH])
def test_a_start_that_is_cut_three_times_running_makes_the_next_one_reduced(cause: int) -> None:
    with World(OVEN) as world:
        for _ in range(3):
            assert not kinds(world.events, "reduced")
            world.restart(cause)
        assert kinds(world.events, "reduced") == [{"crashes": 3, "heart": True}]
        world.run_until(20)
        assert not any(world.outputs)


def test_pulling_the_plug_of_a_running_appliance_is_no_crash() -> None:
    with World(OVEN) as world:
        for _ in range(6):
            world.step()
            world.restart()
        assert not kinds(world.events, "reduced")


def test_a_sound_while_forgives_and_crashes_before_it_add_up() -> None:
    with World(OVEN) as world:
        for again in range(3):
            for _ in range(2):
                world.run_until(world.now_s + 2)
                world.restart(ids.RESET_WATCHDOG)
            assert not kinds(world.events, "reduced"), again
            world.run_until(world.now_s + SOUND_S)
        for _ in range(4):  # the first ends a life that was sound
            world.restart(ids.RESET_WATCHDOG)
            world.step()
        assert len(kinds(world.events, "reduced")) == 1


def loop(world: World) -> None:
    for _ in range(3):
        world.restart(ids.RESET_WATCHDOG)
    assert kinds(world.events, "reduced")
    world.events.clear()


def test_a_reduced_appliance_tries_everything_at_the_start_after_a_sound_while() -> None:
    with World(OVEN) as world:
        loop(world)
        world.run_until(world.now_s + 5)
        world.restart()
        assert kinds(world.events, "reduced"), "it was not sound for long"
        world.run_until(world.now_s + SOUND_S)
        world.events.clear()
        world.restart()
        assert not kinds(world.events, "reduced")
        world.restart(ids.RESET_CRASH)
        assert kinds(world.events, "reduced"), "one more crash is enough"


def test_a_command_leaves_the_reduced_state_at_once() -> None:
    with World(OVEN) as world:
        loop(world)
        world.say("recover")
        assert [event["cause"] for event in kinds(world.events, "started")] == ["restart"]
        assert not kinds(world.events, "reduced")
        world.run_until(world.now_s + 130)
        assert any(world.outputs)


# -- flash -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_a_rotten_journal_never_stops_the_appliance_from_starting(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    device = Device(tmp_path)
    with World(OVEN, device, faults=[("element_top_open", 30)]) as world:
        world.say(consent_line("service", True))
        world.run_until(SOUND_S + 100)
    image = bytearray(device.journal.read_bytes())
    used = [at for at in range(0, len(image), 4096) if image[at + 64 : at + 4096].strip(b"\xff")]
    for at in used:
        if seed == 5:
            image[at : at + 4096] = chance.randbytes(4096)
        else:
            for _ in range(1 << seed * 2):
                image[at + chance.randrange(48, 4096)] ^= 1 << chance.randrange(8)
    device.journal.write_bytes(image)
    with World(OVEN, device) as world:
        world.run_until(60)
        assert kinds(world.events, "started")
        assert not kinds(world.events, "crash")
        assert not kinds(world.events, "reduced")
        if seed in (2, 3, 4):
            assert status(world, "flash_error") & ids.TEST_FAILED
            world.run_until(130)
            assert not status(world, "flash_error") & ids.TEST_FAILED


def test_a_flash_that_refuses_is_an_event_and_the_oven_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trivet import paths

    root = paths.firmware()
    firmware = tmp_path / "firmware"
    import shutil

    shutil.copytree(root, firmware)
    flash = firmware / "appliance" / "sim" / "flash.py"
    text = flash.read_text(encoding="utf-8")
    write = "        self._file.seek(addr)\n        self._file.write(buf)\n"
    assert write in text
    flash.write_text(text.replace(write, "        if self.programmed > 24:\n            raise OSError(5)\n" + write))
    monkeypatch.setattr(paths, "firmware", lambda: firmware)
    with World(OVEN, faults=[("element_top_open", 120)]) as world:
        world.say(consent_line("service", True))
        world.run_until(300)
        assert status(world, "flash_error") & ids.TEST_FAILED
        assert not kinds(world.events, "crash")
        assert any(world.outputs)


def test_a_dead_flash_leaves_a_line_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from trivet import paths

    firmware = tmp_path / "firmware"
    shutil.copytree(paths.firmware(), firmware)
    flash = firmware / "appliance" / "sim" / "flash.py"
    text = flash.read_text(encoding="utf-8")
    read = "        self._seek(addr, len(buf), 1)\n"
    assert read in text
    flash.write_text(text.replace(read, "        raise OSError(5)\n"))
    monkeypatch.setattr(paths, "firmware", lambda: firmware)
    with World(OVEN) as world:
        assert kinds(world.events, "mute")
        world.say(consent_line("service", True))
        assert kinds(world.events, "misunderstood")
        world.run_until(30)
        assert not any(world.outputs)
        assert not kinds(world.events, "watchdog")


# -- consent at the source -------------------------------------------------------------------------------------------


def test_a_frame_captured_under_a_no_is_never_sent_though_power_went_in_between(tmp_path: Path) -> None:
    with World(OVEN, Device(tmp_path), faults=[("element_top_open", 120)]) as world:
        while not status(world, "element_top_open") & ids.CONFIRMED:
            world.step()
        world.restart()  # at the very tick in which it was told to people
        world.run_until(world.now_s + 5)
        world.say(consent_line("service", True))
        world.run_until(world.now_s + 5)
        world.restart()
        world.run_until(world.now_s + 5)
        assert queued(world).count("fault") == 1  # what is so now, said under the yes
        assert "evidence" not in queued(world)


def test_a_new_frame_after_the_yes_is_evidence(tmp_path: Path) -> None:
    with World(OVEN, Device(tmp_path), faults=[("element_top_open", 120)]) as world:
        while not status(world, "element_top_open") & ids.CONFIRMED:
            world.step()
        world.say(consent_line("service", True))
        world.run_until(world.now_s + 2)
        assert "evidence" not in queued(world)
        world.say("clear")
        world.run_until(world.now_s + 400)
        assert status(world, "element_top_open") & ids.CONFIRMED
        assert queued(world).count("evidence") == 1


def test_samples_from_before_the_yes_are_in_no_frame_after_it() -> None:
    """The history before a trigger begins with the yes."""
    told: dict[str, int] = {}
    for early in (True, False):
        with World(OVEN, faults=[("element_top_open", 120)]) as world:
            if early:
                world.say(consent_line("service", True))
            while not status(world, "element_top_open") & ids.TEST_FAILED:
                if not early and world.now_s == told["at"] - 3:
                    world.say(consent_line("service", True))
                world.step()
            told.setdefault("at", int(world.now_s))
            world.run_until(world.now_s + 3)
            sizes = [event["bytes"] for event in kinds(world.events, "queued") if event["kind"] == "evidence"]
            told["long" if early else "short"] = sizes[0]
    assert told["short"] < told["long"] - 20
