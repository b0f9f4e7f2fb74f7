"""The chip's clock and the house's time server, in MicroPython: each case takes the board and a time that it turns."""


def the_calendar_is_set_and_the_counter_may_go_round(board, time):
    from appliance.esp32.clock import ChipClock

    time.now = (1 << 30) - 100
    clock = ChipClock()
    time.now += 200
    assert clock.ticks_ms() == 200
    assert clock.wall_s() == 0
    clock.set(1_800_000_000)  # 2027-01-15 08:00:00, a Friday
    assert board.now_datetime == (2027, 1, 15, 4, 8, 0, 0, 0), board.now_datetime
    assert clock.wall_s() == 1_800_000_000


def only_an_answer_to_this_question_sets_the_clock(board, time):
    from appliance.esp32.ntp import believed

    nonce = b"12345678"

    def answer(first=0x24, stratum=2, origin=nonce, seconds=4_008_988_800):
        packet = bytearray(48)
        packet[0], packet[1] = first, stratum
        packet[24:32] = origin
        for at in range(4):
            packet[40 + at] = seconds >> 24 - 8 * at & 0xFF
        return bytes(packet)

    assert believed(answer(), nonce) == 1_800_000_000
    later = (1 << 32) + 1_000_000_000  # 2067, in the era after 2036
    assert believed(answer(seconds=later & 0xFFFFFFFF), nonce) == later - 2_208_988_800
    for other in (
        None,
        b"",
        answer()[:47],
        answer(first=0x23),
        answer(first=0xE4),
        answer(stratum=0),
        answer(stratum=16),
        answer(origin=b"87654321"),
        answer(seconds=3_900_000_000),
    ):
        assert believed(other, nonce) == 0, other
