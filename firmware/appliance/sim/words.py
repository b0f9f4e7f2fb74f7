"""What a person says to a simulated appliance on its line: takes a text, calls the appliance, tells what came of it."""

from trivet_wire.ids import BY_APPLIANCE, PURPOSE_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..ports import Teller

    class Appliance(Protocol):
        def run(self, now: int) -> None: ...

        def serve(self) -> None: ...

        def clear(self, who: int) -> None: ...

        def relearn(self) -> None: ...

        def recover(self) -> None: ...

        def press(self) -> None: ...

        def factory_reset(self, channel: int) -> int: ...

        def recite(self, judge: bool) -> bool: ...

        def show_consents(self) -> None: ...

        @property
        def download(self) -> Any: ...  # of a part of an update: takes what was asked for

        def decide(self, purpose: int, granted: bool, channel: int, language: str, text_hash: int) -> bool: ...


def obey(appliance: "Appliance", line: str, teller: "Teller") -> None:
    """`consent`: what was said yes and no to; `consent PURPOSE yes|no [LANGUAGE [TEXT-HASH as 8 hex digits]]`; after
    a repair `clear`, or `relearn` for what learns its normal; `recover`: restart with everything; `ledger`: its newest
    records, `ledger verify`: whether all of them are as they were written. `button` says that somebody is there; after
    it `factory reset` takes everything of the present owner away. `update …`: see update/spoken.py; `block OFFSET
    BASE64`: a part of an update that the appliance asked for. Nothing else."""
    words = line.split()
    done = False
    if len(words) >= 3 and words[0] == "consent" and words[1] in PURPOSE_NAMES and words[2] in ("yes", "no"):
        language = words[3] if len(words) > 3 else "en"
        text_hash = _hash(words[4]) if len(words) > 4 else 0
        if text_hash >= 0:
            done = appliance.decide(PURPOSE_NAMES.index(words[1]), words[2] == "yes", 0, language, text_hash)
    elif words == ["consent"]:
        appliance.show_consents()
        done = True
    elif words == ["clear"]:
        appliance.clear(1)
        done = True
    elif words == ["relearn"]:
        appliance.relearn()
        done = True
    elif words == ["recover"]:
        appliance.recover()
        done = True
    elif words == ["button"]:
        appliance.press()
        done = True
    elif words == ["factory", "reset"]:
        teller.tell({"e": "no_reset", "reason": appliance.factory_reset(BY_APPLIANCE)})
        done = True
    elif words and words[0] == "ledger" and words[1:] in ([], ["verify"]):
        done = appliance.recite(len(words) == 2)
    elif words and words[0] == "update":
        from ..update.spoken import obey as obey_update

        done = obey_update(appliance, words[1:])
    elif len(words) == 3 and words[0] == "block" and words[1].isdigit():
        done = _block(appliance, int(words[1]), words[2])
    if not done:
        teller.tell({"e": "misunderstood", "line": line})


def _block(appliance: "Appliance", offset: int, text: str) -> bool:
    """What does not fit is passed over: the appliance asks again."""
    from binascii import a2b_base64

    try:
        data = a2b_base64(text)
    except ValueError:
        return False
    download = appliance.download
    return download is not None and download.piece(download.start, offset, data)


def _hash(text: str) -> int:
    """Eight hex digits, else -1."""
    for letter in text:
        if letter not in "0123456789abcdefABCDEF":  # int() would take signs and "0x" too
            return -1
    return int(text, 16) if len(text) == 8 else -1
