"""`sim:BOARD,…`: what may stand there, and what is said about what may not."""

import pytest
from trivet.errors import TrivetError
from trivet.sim import spec


def test_a_board_s_name_is_enough() -> None:
    made = spec.parse("sim:oven")
    assert (made.board.name, made.locked, made.speed, made.skip_s, made.language) == ("oven", True, 1.0, 0.0, "en")
    assert made.options.faults == []
    assert made.options.consent == ["service"]


def test_everything_else_stands_behind_commas() -> None:
    text = "sim:oven,fault=element_top_open@5,fault=ntc_open@9,set=mains_v=207,set=consent=none,from=300,speed=20"
    made = spec.parse(text + ",unlocked,language=de,seed=3,device=flash")
    assert made.options.faults == [("element_top_open", 5.0), ("ntc_open", 9.0)]
    assert made.options.settings == {"mains_v": 207.0}
    assert made.options.consent == []
    assert (made.skip_s, made.speed, made.locked, made.language, made.seed) == (300.0, 20.0, False, "de", 3)
    assert str(made.device) == "flash"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("sim:ovn", "oven"),
        ("sim:oven,fault=element_top@5", "did you mean element_top"),
        ("sim:oven,fualt=ntc_open@5", "did you mean fault?"),
        ("sim:oven,fault", "write fault=…"),
        ("sim:oven,unlocked=1", "write unlocked"),
        ("sim:oven,speed=0", "above 0"),
        ("sim:oven,speed=fast", "write a number"),
        ("sim:oven,from=-1", "from 0 on"),
        ("sim:oven,seed=1,seed=2", "stands twice"),
        ("sim:oven,language=fr", "en and de"),
        ("sim:oven,set=mains_v", "KEY=VALUE"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(text: str, advice: str) -> None:
    with pytest.raises(TrivetError, match=advice):
        spec.parse(text)
