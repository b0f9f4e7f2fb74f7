"""What an appliance learned as its normal, and when several signals together have left it."""

from array import array

from appliance.sense.monitors.drift import Drift
from appliance.sense.normal import ALARM, LEARNING, SETTLING, WATCHING, Detector
from runner import MICROPYTHON, allocates_nothing, run
from trivet_wire.ids import FAILED, NOT_RUN, PASSED

LEARN = 200


class Dice:
    """The same numbers in every interpreter."""

    def __init__(self, seed: int) -> None:
        self.state = seed * 7919 + 1

    def below(self, n: int) -> int:
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % n

    def noise(self, size: int) -> int:
        """Bell-shaped, standard deviation about `size`."""
        return sum(self.below(size + 1) for _ in range(12)) - 6 * size


class Plant:
    """Signals with white noise, and what is added to them."""

    def __init__(self, seed: int, channels: int = 4, size: int = 20, **options: int) -> None:
        self.dice = Dice(seed)
        self.size = size
        self.n = channels
        self.extra = [0] * channels
        self.values = array("i", [0] * channels)
        self.detector = Detector(channels, LEARN, **options)
        self.alarms = 0

    def sample(self) -> None:
        for i in range(self.n):
            self.values[i] = 1000 * (i + 1) + self.dice.noise(self.size) + self.extra[i]

    def run(self, samples: int) -> int:
        """The last verdict; `alarms` counts FAILED ones."""
        verdict = NOT_RUN
        for _ in range(samples):
            self.sample()
            verdict = self.detector.feed(self.values, 0)
            self.alarms += verdict == FAILED
        return verdict


def test_it_says_nothing_while_it_learns() -> None:
    plant = Plant(1)
    assert plant.run(LEARN) == NOT_RUN
    assert plant.detector.doing == WATCHING
    assert plant.run(1) == PASSED


def test_noise_alone_is_normal() -> None:
    for seed in range(3):
        plant = Plant(seed)
        plant.run(LEARN + 1500)
        assert plant.alarms == 0, seed


def test_a_step_is_noticed_named_and_over_when_it_is_over() -> None:
    plant = Plant(2)
    plant.run(LEARN + 50)
    plant.extra[2] = 60  # three deviations of one sample
    assert plant.run(20) == FAILED
    assert plant.detector.blamed == 1 << 2
    assert plant.detector.share(2) > 80
    plant.extra[2] = 0
    plant.run(40)
    assert plant.detector.doing in (WATCHING, SETTLING)
    plant.alarms = 0
    plant.run(300)
    assert plant.alarms == 0


def test_a_slow_departure_is_noticed() -> None:
    plant = Plant(3)
    plant.run(LEARN)
    for _ in range(200):
        plant.extra[1] -= 1
        plant.run(5)
        if plant.alarms:
            break
    assert plant.alarms
    assert plant.extra[1] > -60
    assert plant.detector.blamed >> 1 & 1
    assert plant.detector.departure[1] < -48  # three scales, downwards


def test_signals_that_always_move_together_may_move_together() -> None:
    def distance(sign: int) -> int:
        plant = Plant(4, channels=2, size=5)
        dice = Dice(9)
        for row in range(LEARN + 80):
            common = dice.noise(40)
            if row == LEARN:
                common_step = 36
                plant.extra = [common_step, sign * common_step]
            plant.sample()
            for i in range(2):
                plant.values[i] += common
            plant.alarms += plant.detector.feed(plant.values, 0) == FAILED
        return plant.alarms

    assert distance(1) == 0
    assert distance(-1) > 0


def test_a_signal_that_never_moved_may_move_by_one_step() -> None:
    plant = Plant(5, channels=2, size=0)
    plant.run(LEARN)
    plant.extra[0] = 1
    plant.run(100)
    assert plant.alarms == 0
    plant.extra[0] = 3
    assert plant.run(60) == FAILED


def test_a_signal_that_wanders_must_go_further() -> None:
    def alarms(wander: int) -> int:
        plant = Plant(6, channels=2)
        for row in range(LEARN):
            plant.extra[0] = wander * (abs(row % 80 - 40) - 20) // 20
            plant.run(1)
        plant.extra[0] = 90
        plant.run(60)
        return plant.alarms

    assert alarms(0) > 0
    assert alarms(40) == 0


def test_a_short_alarm_moves_no_zero_and_a_long_one_does() -> None:
    for samples, moves in ((20, False), (200, True)):
        plant = Plant(7)
        plant.run(LEARN)
        plant.extra[0] = 200
        assert plant.run(samples) == FAILED
        plant.extra[0] = 15
        plant.alarms = 0
        plant.run(200)
        learned, zero = plant.detector._learned[0], plant.detector._zero[0]
        assert (abs(zero - learned) > 256 * 5) == moves, (samples, zero - learned)
        assert plant.run(300) == PASSED


def test_no_more_than_two_limits_are_forgiven() -> None:
    plant = Plant(8)
    plant.run(LEARN)
    plant.extra[0] = 1000
    plant.run(200)
    plant.extra[0] = 250  # back by three quarters, which is still far
    seen = set()
    for _ in range(300):
        plant.run(1)
        seen.add(plant.detector.doing)
    assert SETTLING in seen
    assert plant.detector.doing == ALARM


def test_the_one_who_departs_most_owns_the_alarm() -> None:
    plant = Plant(9)
    plant.run(LEARN)
    plant.extra[0] = 60
    plant.run(30)
    plant.extra[3] = -400
    plant.run(60)
    assert plant.detector.blamed >> 3 & 1
    plant.extra[0] = 0  # no longer what the alarm is about
    assert plant.run(60) == FAILED
    plant.extra[3] = 0
    plant.run(100)
    assert plant.detector.doing != ALARM


def test_it_relearns_only_when_told() -> None:
    plant = Plant(10)
    plant.run(LEARN)
    plant.extra[0] = 300
    assert plant.run(1000) == FAILED
    plant.detector.relearn()
    assert plant.detector.doing == LEARNING
    assert plant.run(LEARN) == NOT_RUN
    assert plant.run(200) == PASSED


def test_what_was_learned_outlives_a_restart() -> None:
    plant = Plant(11)
    assert len(plant.detector.learned()) == 0
    plant.run(LEARN + 30)
    kept = array("i", plant.detector.learned())
    plant.detector = Detector(plant.n, LEARN)
    plant.detector.adopt(kept)
    assert plant.detector.learned() == kept
    assert plant.run(10) == NOT_RUN
    assert plant.run(100) == PASSED
    plant.extra[1] = 80
    assert plant.run(30) == FAILED
    try:
        Detector(5, LEARN).adopt(kept)
    except ValueError:
        return
    raise AssertionError("adopted what another board learned")


def test_impossible_shapes_are_refused_at_the_start() -> None:
    for shape in ((0, 400, 6), (17, 400, 6), (4, 63, 6), (4, 2001, 6), (4, 400, 3), (4, 400, 100)):
        try:
            Detector(*shape)
        except ValueError:
            continue
        raise AssertionError(shape)


def test_no_sample_allocates_and_the_state_stays_below_four_kib() -> None:
    plant = Plant(12, channels=8)
    before = 0
    if MICROPYTHON:
        import gc

        gc.collect()
        before = gc.mem_alloc()
    plant.detector = Detector(8, LEARN)
    if MICROPYTHON:
        gc.collect()
        assert gc.mem_alloc() - before < 4096
    seen = set()
    for row in range(LEARN + 500):
        plant.extra[5] = 300 if LEARN + 50 < row < LEARN + 200 else 0
        plant.sample()
        assert allocates_nothing(lambda: plant.detector.feed(plant.values, 0)), row
        seen.add(plant.detector.doing)
    assert seen == {LEARNING, WATCHING, ALARM, SETTLING}


def test_every_interpreter_finds_the_same() -> None:
    plant = Plant(13, channels=5)
    total = 0
    for row in range(LEARN + 300):
        plant.extra[row % 5] += plant.dice.below(7) - 2
        plant.run(1)
        for part in plant.detector.departure:
            total = (total * 31 + part) & 0xFFFFFF
    assert (total, plant.alarms) == (SAME_TOTAL, SAME_ALARMS)


def test_the_monitor_takes_a_sample_each_so_many_ticks_and_ranks_signals() -> None:
    monitor = Drift(array("i", [3, 64, 6, 4, 0, 2]))
    dice = Dice(14)
    values = array("i", [0] * 5)
    validity = bytearray(5)
    verdicts = []
    for tick in range(3 * 64 + 3 * 80):
        for i in range(5):
            values[i] = dice.noise(20)
        if tick >= 3 * 70:
            values[4] += 200
            values[2] -= 60
            values[1] += 10_000  # not among its signals
        verdicts.append(monitor.check(values, validity))
    assert set(verdicts[: 3 * 63]) == {NOT_RUN}
    assert verdicts[3 * 64] == PASSED
    assert verdicts[-1] == FAILED
    assert (monitor.worst(0), monitor.worst(1)) == (4, 2)
    assert monitor.worst(3) == -1
    assert monitor.rest(values, True) == NOT_RUN
    monitor.relearn()
    assert monitor.check(values, validity) == NOT_RUN


SAME_TOTAL = 4083286
SAME_ALARMS = 246

run(globals()) if __name__ == "__main__" else None
