"""The drift monitor within small integers, and the bench that scores it over recordings."""

import gzip
import random
import shutil
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from appliance.sense import learning, normal
from appliance.sense.board import Board
from appliance.sense.monitors import Monitors
from appliance.sense.signals import Signals
from trivet import boards, paths
from trivet.bench import Options, detect
from trivet_wire.ids import NOT_RUN, VALID

SKAB = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "skab"
SMALL = 1 << 30


class Small(int):
    """An integer that does not leave the chip's small ones: anything larger would be made on the heap."""


def _checked(name: str) -> Callable[..., int]:
    plain = getattr(int, name)

    def operation(self: int, *args: int) -> int:
        made = plain(self, *args)
        if made is NotImplemented:
            return made
        if not -SMALL <= made < SMALL:
            raise OverflowError(f"{int(self)} {name} {args} leaves the small integers")
        return Small(made)

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or"):
    setattr(Small, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Small, f"__r{_name}__", _checked(f"__r{_name}__"))
Small.__neg__ = _checked("__neg__")  # type: ignore[method-assign]
Small.__abs__ = _checked("__abs__")  # type: ignore[method-assign]


def small_array(typecode: str, items: "list[int] | tuple[int, ...]" = ()) -> list[int]:
    return [Small(item) for item in items]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (normal, learning):
        monkeypatch.setattr(module, "array", small_array)
        for name, value in vars(module).copy().items():
            if type(value) is int:
                monkeypatch.setattr(module, name, Small(value))


EXTREMES = (SMALL - 1, -SMALL, SMALL >> 1, -(SMALL >> 1), 1 << 20, -(1 << 20), 1 << 12, 1, 0, -1)


def mixed(dice: random.Random, row: int) -> list[int]:
    """Channels of every temper at once."""
    return [
        EXTREMES[row % 2],  # from end to end, each sample
        dice.choice(EXTREMES),
        SMALL - 1 if row > 300 else -SMALL,
        7,  # never moves
        row * 3_000_000 - SMALL,
        1 << min(29, row // 20),
        dice.randrange(-3, 4),
        dice.randrange(-SMALL, SMALL),
    ]


def quiet_then(dice: random.Random, row: int) -> list[int]:
    """As steady as can be while learning, then anything."""
    if row < 450:
        return [dice.randrange(2), 0, row // 100, 5, -5, (row // 40) % 2, 1000, -1]
    return [dice.choice(EXTREMES) for _ in range(8)]


def jump_while_learning(dice: random.Random, row: int) -> list[int]:
    return [dice.randrange(100) + (1 << 20) * (row > at) for at in (33, 34, 60, 200, 398, 399, 400, 900)]


def one_common_cause(dice: random.Random, row: int) -> list[int]:
    """All correlated fully, half of them inversely: the matrix is as ill-conditioned as it can be."""
    common = dice.randrange(-4000, 4000) * (1 + 200 * (row > 600))
    return [common if i % 2 else -common for i in range(8)]


def there_and_back(dice: random.Random, row: int) -> list[int]:
    """Through every state, over and over, from steady to as wide as it goes."""
    away = row % 300 > 150 and row > 400
    return [dice.randrange(2 << 2 * i) + (away << 20) * (-1) ** i for i in range(8)]


@pytest.mark.parametrize("shape", [mixed, quiet_then, jump_while_learning, one_common_cause, there_and_back])
@pytest.mark.parametrize(("width", "calibrate", "limit"), [(1, 400, 6), (2, 400, 99), (1, 2000, 6), (1, 64, 4)])
@pytest.mark.usefixtures("checked")
def test_no_signal_drives_it_out_of_small_integers(
    shape: Callable[[random.Random, int], list[int]], width: int, calibrate: int, limit: int
) -> None:
    dice = random.Random(1)
    detector = normal.Detector(8 * width, calibrate, limit)
    seen = set()
    for row in range(calibrate + 600):
        sample = [value for _ in range(width) for value in shape(dice, row)]
        detector.feed(small_array("i", sample), 0)
        seen.add(detector.doing)
    assert all(0 <= detector.share(i) <= 100 for i in range(8 * width))
    assert normal.WATCHING in seen
    assert shape is not there_and_back or calibrate > 400 or normal.SETTLING in seen


def test_a_checked_integer_does_check() -> None:
    with pytest.raises(OverflowError):
        Small(1 << 29) * 4
    with pytest.raises(OverflowError):
        3 + Small(SMALL - 1)


@pytest.mark.parametrize("channels", [1, 3, 8, 16])
def test_the_inverse_is_the_inverse(channels: int) -> None:
    dice = random.Random(channels)
    loads = [[dice.uniform(-1, 1) for _ in range(3)] for _ in range(channels)]
    for load in loads:
        length = sum(x * x for x in load) ** 0.5
        load[:] = [x / length for x in load]  # fully explained by three causes
    a = array("i", [round(4096 * sum(x * y for x, y in zip(p, q, strict=True)) / 2) for p in loads for q in loads])
    for i in range(channels):
        a[i * channels + i] = 4096
    inverse = array("i", a)
    learning.invert(inverse, channels)
    for i in range(channels):
        for j in range(channels):
            product = sum(a[i * channels + k] * inverse[k * channels + j] for k in range(channels)) / 4096**2
            assert abs(product - (i == j)) < 0.02


def test_roots_are_whole_parts() -> None:
    for square in (*range(300), 2**26 - 1, 2**26, 12345678):
        assert learning.root(square) ** 2 <= square < (learning.root(square) + 1) ** 2
    assert learning.root(-3) == 0


def test_mean_scale_and_correlation_are_those_of_the_samples() -> None:
    dice = random.Random(3)
    taught = learning.Learning(2)
    unit = array("i", [0, 0])
    taught.start(array("i", [0, 0]))
    seen: list[tuple[int, int]] = []
    for _ in range(1500):
        common = dice.gauss(0, 3000)
        pair = (round(20_000 + common + dice.gauss(0, 3000)), round(-common))
        seen.append(pair)
        taught.add(array("i", pair), array("i", [0, 0]), unit)
    means = [sum(pair[i] for pair in seen) / len(seen) for i in range(2)]
    deviations = [(sum((pair[i] - means[i]) ** 2 for pair in seen) / len(seen)) ** 0.5 for i in range(2)]
    for i in range(2):
        assert taught.mean(i, unit[i]) == pytest.approx(means[i], abs=deviations[i] / 20)
        assert taught.deviation(i) * 2 ** unit[i] / 16 == pytest.approx(deviations[i], rel=0.05)
    into = array("i", [0] * 4)
    learning.correlation(taught, into)
    assert into[1] / 4096 == pytest.approx(-(0.5**0.5) / 2, abs=0.03)


def recording(folder: Path, name: str, rows: int = 700, onset: int = 600, packed: bool = False) -> None:
    dice = random.Random(name)
    lines = ["datetime;flow;pressure;anomaly;changepoint"]
    for row in range(rows):
        wrong = row >= onset
        flow, pressure = dice.gauss(32.0 - 3 * wrong, 0.3), dice.gauss(0.05, 0.01)
        lines.append(f"2020-01-01 00:00:00;{flow:.5g};{pressure:.5g};{wrong:.1f};0.0")
    text = "\n".join(lines).encode()
    (folder / name).write_bytes(gzip.compress(text) if packed else text)


def test_the_bench_runs_the_monitor_in_micropython(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    recording(tmp_path, "one.csv")
    recording(tmp_path / "deep", "two.csv.gz", packed=True)
    (tmp_path / "unlabelled.csv").write_text("datetime;flow\n" + "0;1.0\n" * 600)
    result = detect.run(Options(data=tmp_path, say=lambda text: None))
    assert detect.sound(result)
    assert result["files"] == 2
    assert result["f1"] > 0.9
    assert result["far"] < 5
    assert result["state_bytes"] < 4096
    assert result["alloc_per_sample"] == 0
    assert result["blind_f1"] < result["f1"]
    assert all(one["named"][0] == "flow" and 0 <= one["delay"] < 15 for one in result["recordings"])
    detect.show(result)
    assert "blind" in capsys.readouterr().out


def test_what_is_no_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--data DIR"):
        detect.run(Options(data=tmp_path / "none", say=lambda text: None))
    assert not detect.sound(detect.run(Options(data=tmp_path, say=lambda text: None)))
    bad = tmp_path / "bad.csv"
    bad.write_text("datetime;flow;anomaly\n" + "0;1.0;0\n" * 500 + "0;broken;0\n")
    with pytest.raises(ValueError, match=r"bad\.csv:502"):
        detect.read(bad, tmp_path)


def test_steps_come_from_the_calibration_rows_alone() -> None:
    rows = [[0.05, 230.0, 0.0, -20000.0]] * 400
    assert detect.scales(rows) == [10**6, 100, 1, 1]
    assert detect.scales([*rows, [9e9] * 4]) == [10**6, 100, 1, 1]


def test_a_board_declares_it_in_data_alone(tmp_path: Path) -> None:
    folder = tmp_path / "oven"
    shutil.copytree(paths.boards() / "oven", folder)
    head, *monitors = (folder / "board.toml").read_text().split("[[monitor]]")
    keep = [text for text in monitors if 'event = "slow_heat"' not in text]
    keep.append('\nevent = "slow_heat"\nkind = "drift"\nevery_ms = 2000\nsignals = ["cavity_temp", "heater_current"]\n')
    (folder / "board.toml").write_text("[[monitor]]".join([head, *keep]))
    loaded = boards.load(folder)
    board = Board(boards.pack(loaded)["board.cbor"])
    monitors_made = Monitors(board, bytearray(board.n_events))
    signals = Signals(board)
    event = next(one.event for one in loaded.monitors if one.kind == "drift")
    for i in range(board.n_signals):
        signals.validity[i] = VALID
    monitors_made.run(0, signals.values, signals.validity, lambda event, verdict, now: None)
    assert monitors_made.verdicts[event] == NOT_RUN


@pytest.mark.skipif(not SKAB.is_dir(), reason="needs ../shared/data/skab")
def test_pump_recordings_are_told_apart() -> None:
    result = detect.run(Options(data=SKAB, say=lambda text: None))
    assert result["f1"] >= 0.80
    assert result["far"] <= 22
    assert result["mar"] <= 20
    assert result["blind_far"] > 40
    assert result["state_bytes"] < 4096
    assert result["alloc_per_sample"] == 0
