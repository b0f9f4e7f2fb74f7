"""What is read and driven, on the fake chip, in MicroPython: each case takes the board and a time that it turns."""

from array import array

NO_SAMPLE = -(1 << 31)


def a_converter_is_calibrated_averaged_and_full_at_its_end(board, time):
    from appliance.esp32.adc import Adc

    adc = Adc(36, 16, 4095, 2500)
    for uv, expected in ((0, 0), (610, 1), (1_250_000, 2048), (2_499_999, 4095), (2_700_000, 4095), (3_200_000, 4095)):
        board.uv[36] = uv
        assert adc.read() == expected, (uv, adc.read())


def a_contact_has_its_pull_and_may_be_active_low(board, time):
    from appliance.esp32.digital import Level

    plain, lowered = Level(25, 0, 0), Level(26, 1, 1)
    assert (plain.read(), lowered.read()) == (0, 1)
    board.pins = {25: 1, 26: 1}
    assert (plain.read(), lowered.read()) == (1, 0)


def pulses_are_a_rate_also_when_the_counter_goes_round(board, time):
    from appliance.esp32.pulses import Pulses

    meter = Pulses(26, 0)
    assert meter.read() == 0
    for step in range(1, 400):
        board.pulses[26] = step * 100
        time.now += 500
        assert meter.read() == 200, (step, meter.read())
    time.now += 60_000
    assert meter.read() == 0, "a mean over a minute says nothing"


def edges_are_counted_by_an_interrupt_that_allocates_nothing(board, time):
    import micropython
    from appliance.esp32.edges import Edges

    meter = Edges(4)
    pin, handler, trigger = board.irq[4]
    assert trigger == 1
    for _ in range(70_000):
        handler(pin)
    time.now += 1_000
    assert meter.read() == 70_000 - 65_536
    micropython.heap_lock()
    handler(pin)
    micropython.heap_unlock()


def a_wire_thermometer_is_waited_for_and_its_errors_are_silence(board, time):
    from appliance.esp32.wire import Wire

    rom, other = b"\x28abcdefg", b"\x28bbcdefg"
    pad = bytearray((0x91, 0x01, 0x4B, 0x46, 0x7F, 0xFF, 0x0F, 0x10))
    board.wires[27] = [(other, bytearray(8)), (rom, pad)]
    sensor = Wire(27, 0)
    assert sensor.read() == NO_SAMPLE, "no conversion is over yet"
    time.now += 749
    assert sensor.read() == NO_SAMPLE
    time.now += 1
    assert sensor.read() == 401  # 25.0625 °C, DS18B20 data sheet, table 1
    pad[0], pad[1] = 0x5E, 0xFF
    assert sensor.read() == 401
    time.now += 750
    assert sensor.read() == -162  # -10.125 °C
    pad[0], pad[1], pad[6] = 0x50, 0x05, 0x0C
    time.now += 750
    assert sensor.read() == NO_SAMPLE, "85 °C after power on is no conversion"
    pad[6] = 0x10
    time.now += 750
    assert sensor.read() == 0x550, "a true 85 °C is"
    board.wires[27][1] = (rom, bytes(pad) + b"\x00")
    time.now += 750
    assert sensor.read() == NO_SAMPLE, "a wrong CRC"
    board.wires[27] = []
    time.now += 750
    assert sensor.read() == NO_SAMPLE
    assert Wire(26, 0).read() == NO_SAMPLE


def a_bus_thermometer_is_silent_when_nobody_answers(board, time):
    from appliance.esp32.i2c import Thermometer

    sensor = Thermometer(21, 22, 0x48, 0)
    assert sensor.read() == NO_SAMPLE
    board.i2c[(0x48, 0)] = b"\xe7\x00"
    assert sensor.read() == -6400
    board.i2c[(0x48, 0)] = b"\x19\x00"
    assert sensor.read() == 6400


def what_cannot_be_set_up_is_silent_and_the_rest_works(board, time):
    from appliance.esp32.pins import Pins

    rows = [1, [[1, "adc 36", 36, 1, 4095, 2500], [6, "i2c 0x48 reg 0", 0x48, 0], [9, "odd"], [0, "panel 0"]]]
    rows += [[[2, "gpio 16 low", 1, 16, 1], [0, "panel 1", 0]], None, None]
    pins = Pins(rows)
    assert board.log == [(16, 0)], "a safe level of 1 of a lowered relay is a low pin"
    raw = array("i", [7] * 4)
    board.uv[36] = 2_500_000
    pins.read(raw)
    assert list(raw) == [4095, NO_SAMPLE, NO_SAMPLE, NO_SAMPLE]
    assert list(pins.failed) == [1, 2]

    class Own:
        def __init__(self, pins):
            self.at = pins.input("panel 0")
            self.out = pins.output("panel 1")
            self.seen = None

        def read(self, raw):
            raw[self.at] = 42

        def write(self, levels):
            self.seen = levels[self.out]

    own = Own(pins)
    pins.lend(own)
    pins.read(raw)
    pins.write(array("h", (0, 5)))
    assert (raw[3], own.seen, board.out[16]) == (42, 5, 1)
    pins.rest()
    assert board.out[16] == 0
    try:
        pins.input("panel 9")
    except ValueError:
        return
    raise AssertionError("a place for a pin that is not there")


def the_fake_takes_nothing_that_the_stubs_do_not_know(board, time):
    import strict
    from machine import ADC, Pin

    wrong = (
        lambda: Pin(),
        lambda: Pin(1, Pin.OUT, colour=1),
        lambda: Pin(1, Pin.OUT).value(1, 2),
        lambda: ADC(Pin(36), Pin.OUT),
        lambda: Pin(1).read(),
        lambda: Pin.INPUT,
    )
    for at in range(len(wrong)):
        try:
            wrong[at]()
        except (strict.NotInStubs, AttributeError):
            continue
        raise AssertionError("taken: %d" % at)
