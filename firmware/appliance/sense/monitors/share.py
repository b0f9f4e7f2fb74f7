"""FAILED when a driven load does not take its share: signal / expected outside `low` … `high` (1/1000).

`expected` is what a sound load takes at `nominal` of the signal `per` (a heater's current at 230 V) and follows it in
proportion. Below `floor` the monitor does not run: another one, for a load that is missing, has that range.
"""

from trivet_wire.ids import NOT_RUN, PREFAILED, PREPASSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

PARAMS = "signal:signal expected:value per:signal nominal:value@per low:int=0 high:int=max floor:int=min"


class Share:
    tolerates = 0

    def __init__(self, p: "array[int]") -> None:
        self._signal = p[0]
        self._expected = p[1]
        self._per = p[2]
        self._nominal = p[3]
        self._low = p[4]
        self._high = p[5]
        self._floor = p[6]

    def check(self, values: "array[int]", validity: bytearray) -> int:
        expected = self._expected * values[self._per] // self._nominal
        if expected <= 0:
            return NOT_RUN
        share = values[self._signal] * 1000 // expected
        if share < self._floor:
            return NOT_RUN
        return PREFAILED if share < self._low or share > self._high else PREPASSED

    def rest(self, values: "array[int]", valid: bool) -> int:
        return NOT_RUN
