"""An analogue input: takes a pin of ADC1, gives a reading of `full` steps at `reference` millivolts, calibrated with
what the maker of the chip burned into it (`read_uv`) and averaged over some samples. Integers only, within ±2^30.

Of the converter's range the uppermost tenth of a volt is not calibrated: a pin above it is at the end of the range, and
reads `full`, as an open sensor does. ADC2 belongs to the radio; `trivet check` says so.
"""

from machine import ADC, Pin

_MOST = 16  # samples whose sum of microvolts stays within a small integer
_END = 65_000  # of read_u16: the converter sees no more


class Adc:
    """`times`: samples of one reading, 1..16."""

    def __init__(self, pin: int, times: int, full: int, reference: int) -> None:
        self._adc = ADC(Pin(pin), atten=ADC.ATTN_11DB)
        self._times = min(max(times, 1), _MOST)
        self._full = full
        self._reference = reference * 10  # in steps of 100 µV, as what is divided by it

    def read(self) -> int:
        """0..full"""
        adc = self._adc
        if adc.read_u16() >= _END:
            return self._full
        total = 0
        for _ in range(self._times):
            total += adc.read_uv()
        steps = total // self._times // 100
        return min(self._full, (steps * self._full + self._reference // 2) // self._reference)
