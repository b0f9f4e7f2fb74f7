"""The words of the appliance, for whoever says them: at its own panel, typed at the service port, by a program there.
Takes what was said, looks it up in one table, asks for the grant that the word needs, loads its group
(`words_GROUP.py`) and gives the generator that answers. Never reads a line, never writes one.

A group has `main(talk, said)`, a generator. It yields rows for programs and the panel (dict), lines for people or parts
of a program's line (str), or None: nothing now, go on at the next turn. Between two of these nothing waits and no list
is built. What it returns goes into the last line. WireError refuses.
"""

from trivet_wire import ids
from trivet_wire.refuse import WireError

from ..trust.chain import WORKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, Protocol

    Answer = Generator[dict[str, Any] | str | None, None, dict[str, Any] | None]

    class Talk(Protocol):
        """One who says a word."""

        app: Any
        people: bool  # answers are lines for people, else rows
        panel: bool  # at the appliance itself
        head: str  # with which each line of a program's answer begins
        language: str
        now: int  # ms since start


# Word, least and most words behind it, what it needs (presence: the button in the last 30 s; panel: said nowhere else;
# or a role of ids.ROLE_NAMES), group (with a dot: of another room; with ~: it goes on until the next line). `a.b` is a
# with b behind it, `a.*` with anything behind it.
TABLE = """
help 0 0 - about
who 0 0 - about
link 0 0 - about
codes 0 1 - codes
show 1 1 - show
live 0 20 - live~
qr 1 1 - qr
watch 0 0 - watch~
consent 0 0 - owner
consent.* 2 4 presence owner
ledger 0 0 - owner
ledger.verify 1 1 - owner
factory.reset 1 1 presence owner
update 0 0 - update.spoken
update.yes 1 1 presence update.spoken
update.no 1 1 presence update.spoken
update.later 2 2 presence update.spoken
update.hours 2 3 presence update.spoken
update.offer 3 3 update update.spoken
update.keys 3 3 update update.spoken
block 2 2 update update.brought
remote 0 0 - remote
remote.stop 1 1 - remote
grant 0 0 - grant
grant.* 2 2 - grant
test 0 0 - work
test.* 1 1 test work~
clear 0 0 panel panel
clear.* 1 1 clear work
fix 0 0 - work
fix.* 1 1 fix work
relearn 0 0 panel panel
recover 0 0 panel panel
button 0 0 panel panel
"""
# Groups, and what is loaded for a word alone: first their modules, in the same order.
_GROUPS = "about codes show live watch qr owner grant work panel update.spoken update.brought remote"
LOADED = (
    "appliance.service.words_about appliance.service.words_codes appliance.service.words_show "
    "appliance.service.words_live appliance.service.words_watch appliance.service.words_qr "
    "appliance.service.words_owner appliance.service.words_grant appliance.service.words_work "
    "appliance.service.words_panel appliance.update.spoken appliance.update.brought appliance.service.words_remote "
    "appliance.service.cells "
    "appliance.service.dates appliance.service.reading appliance.service.consents appliance.service.routines "
    "appliance.service.granting"
)
_ROLES = "test clear fix update"  # as ids.ROLE_NAMES
MUTE = "about"  # the group that answers where the flash is dead


def begin(talk: "Talk", said: "list[str]") -> "tuple[Answer, str]":
    """The answer to what was said, not yet begun, and its module; a ~ behind that: it goes on until the next line.
    WireError: not understood, or not covered."""
    row = _row(said)
    if row is None or (row[3] == "panel" and not talk.panel):
        raise WireError(ids.R_COMMAND)
    if not int(row[1]) <= len(said) - 1 <= int(row[2]):
        raise WireError(ids.R_FIELD)
    reason = 0 if talk.panel else _covers(talk, said[0], row[3])
    if reason:
        raise WireError(reason)
    group = row[4]
    stream = group[-1:] == "~"
    if stream:
        group = group[:-1]
    groups: list[str] = list(_GROUPS.split())
    module: str = LOADED.split()[groups.index(group)]
    if talk.app.journal is None and group != MUTE:
        raise WireError(ids.R_BUSY)
    try:
        answer: Answer = __import__(module, None, None, ("main",)).main(talk, said)
    except ImportError:  # this firmware does not have it
        raise WireError(ids.R_GRANT) from None
    return answer, module + "~" if stream else module


def _row(said: "list[str]") -> "list[str] | None":
    if not said or not said[0].isalpha():
        return None
    if len(said) > 1:
        names = (said[0] + "." + said[1], said[0] + ".*", said[0]) if said[1].isalpha() else (said[0] + ".*", said[0])
    else:
        names = (said[0], said[0] + ".*")
    for name in names:
        at = TABLE.find("\n" + name + " ")
        if at >= 0:
            row: list[str] = list(TABLE[at + 1 : TABLE.find("\n", at + 1)].split())
            return row
    return None


def _covers(talk: "Talk", word: str, needs: str) -> int:
    if needs == "presence":
        return 0 if talk.app.present() else ids.R_GRANT
    roles: list[str] = list(_ROLES.split(" "))
    if needs not in roles:
        return 0
    grants = talk.app.grants
    if grants is None:
        return ids.R_GRANT
    may = 1 << roles.index(needs)
    reason: int = grants.holds(may, talk.now)
    if reason == ids.R_ROLE or (not reason and word == "update"):  # other words note themselves what they did
        talk.app.ledger.note(WORKED, grants.serial, may, 0, reason)
    return reason


def row(names: str, *values: "Any") -> "dict[str, Any]":
    """A row of an answer. Its names come in one text: one that stood alone would keep its name wherever else the
    firmware says it, and cost the heap of every appliance."""
    return dict(zip(names.split(" "), values))


class Panel:
    """The person at the appliance itself: what is said there is answered in events, at once."""

    people = False
    panel = True
    head = ""

    def __init__(self, app: "Any") -> None:
        self.app = app
        self.language: str = app.language
        self.now: int = app.ports.clock.ticks_ms()

    def say(self, line: str) -> int:
        """0, or why not (ids.R_*)."""
        tell = self.app.ports.teller.tell
        said = line.split()
        module = ""
        try:
            answer, module = begin(self, said)
            for row in answer:
                if isinstance(row, dict) and "e" in row:
                    tell(row)
        except WireError as error:
            return error.reason
        finally:
            self.app.ports.unload(module)
        return 0
