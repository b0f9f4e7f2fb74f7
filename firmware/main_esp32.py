"""`main.py` of a chip: picks its ports and the board's control program, composes, runs; no logic. Whoever starts it
(a frozen `_boot.py`, or the `main.py` that `trivet flash` writes) imports it and calls `main()`.
"""

import gc

gc.threshold(2048)  # collect often while modules come in: what stays then lies close together

from appliance.choosing import chosen, maker  # noqa: E402
from appliance.start import start  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from appliance.esp32.ports import Ports

_LANGUAGE = "language"  # in /fs: what the display speaks


def lend(ports: "Ports") -> None:
    """The maker's own inputs and display, where the board has an `inputs.py`. What it raises leaves them silent: a
    panel that is not plugged in must not keep the monitors from running."""
    try:
        import inputs

        own = inputs.Inputs(ports.pins)
        ports.pins.lend(own)
        ports.teller.display = getattr(own, "show", None)
    except ImportError:
        pass
    except Exception as error:
        ports.teller.tell({"e": "inputs", "trace": ports.teller.trace(error)})


def main() -> None:
    """Returns to the interpreter's prompt, on a board that is not locked."""
    from appliance.esp32.ports import Ports
    from appliance.esp32.run import forever

    ports = Ports()
    choice = chosen(ports)
    lend(ports)
    said = ports.files.read(_LANGUAGE)
    language = "de" if said == b"de" else "en"
    ports.watchdog.feed()
    forever(ports, start(ports, maker, language, choice))
