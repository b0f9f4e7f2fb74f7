"""From an update that lies ready in flash to one that is confirmed or gone back from. Takes the machine, gives what
`Machine.poll` gives. Each step leaves the old or the new version to start, whatever moment the power goes.
"""

from trivet_wire import ids

from ..updating import ENDED, LOOKED
from . import joint, kept, memory, table, trial
from .chooser import B_NOT_BEGUN, B_OTHER_BASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .machine import Machine

_LOOK_MS = 10_000  # between two looks at a trial
_CYCLE, _BENCH = 5, 11  # of gates
_CRASHES = (ids.RESET_WATCHDOG, ids.RESET_CRASH)
_COMMITS = 3  # of one update: a base that was not started, or whose trial was cut, so often is let go of


def commit(machine: "Machine", base: bool, bundle: bool) -> None:
    """Every gate was seen open in this turn, in which no tick runs any more: slot record, boot slot, restart."""
    row, ports = machine.row, machine.ports
    appliance = machine.appliance
    row[kept.SECONDS] = row[kept.CYCLES] = row[kept.LINK_AT] = 0
    row[kept.COMMITS] += 1
    row[kept.STATE], _ = table.step(row[kept.STATE], table.QUIET)
    from .told import Telling

    Telling(appliance, ports).state(machine.what, row)
    machine.unload("appliance.update.told appliance.update.why appliance.update.memory")
    other_bundle, other_base = joint.inactive(ports.files, ports.slots)
    now = joint.installed(ports.files, ports.slots)
    try:
        joint.stage(
            *(ports.files, ports.slots, other_bundle if bundle else now[0], other_base if base else now[1]),
            *(row[kept.SEQUENCE], row[kept.VERSION], row[kept.NAME]),
        )
    except (OSError, MemoryError) as error:
        if isinstance(error, MemoryError):
            row[kept.COMMITS] -= 1  # nothing was tried: a short heap says nothing of the update
        row[kept.TOLD] = ids.U_VERIFIED  # as it was before: nothing new to anybody
        machine.happens(table.UNSTARTED)
        raise
    appliance.leaving = True


def started(machine: "Machine") -> int:
    """The first turn after the commit: what did the start choose?"""
    row = machine.row
    choice = machine.appliance.choice
    if choice is not None and choice.digest == row[kept.NAME]:
        if choice.trial:
            machine.happens(table.STARTED)
            return 0
        if choice.back != B_NOT_BEGUN:
            return _ended(machine)
    if row[kept.COMMITS] >= _COMMITS:
        return _gone_back(machine)
    machine.happens(table.UNSTARTED)
    row[kept.TOLD] = row[kept.STATE]  # nothing new to anybody
    kept.save(machine.journal, machine.what, row)
    return 0


def _ended(machine: "Machine") -> int:
    """The old version runs, and nobody decided so. A base on trial goes back at any restart: where the power was cut or
    somebody asked for it, that says nothing of the new version, which is committed again when the gates are open. So is
    a trial that is over without a word: the power went twice."""
    row, choice = machine.row, machine.appliance.choice
    back = choice.back if choice is not None and choice.digest == row[kept.NAME] else B_OTHER_BASE
    if back != B_OTHER_BASE or machine.ports.cause in _CRASHES or row[kept.COMMITS] >= _COMMITS:
        return _gone_back(machine)
    machine.happens(table.CUT)
    return 0


def _gone_back(machine: "Machine") -> int:
    """The old version runs again."""
    row = machine.row
    row[kept.REASON] = row[kept.REASON] or ids.R_CRASHED
    memory.note_tried(machine.journal, row[kept.NAME])
    machine.happens(table.BACK)
    return 0


def on_trial(machine: "Machine", now: int) -> int:
    """It runs: is it as good as the old one?"""
    row, ports = machine.row, machine.ports
    choice = machine.appliance.choice
    if choice is None or choice.digest != row[kept.NAME] or not choice.trial:
        if joint.installed(ports.files, ports.slots)[2:] == (row[kept.SEQUENCE], row[kept.VERSION]):
            return _confirm(machine)  # a cut came between its confirmation and this row
        return _ended(machine)
    seen = _look(machine, now)
    verdict = trial.judge(row, seen)
    if verdict == trial.PASSED:
        return _confirm(machine)
    if verdict != trial.WAITS:
        row[kept.REASON] = verdict
        row[kept.EVENT] = seen.event
        row[kept.LINK_AT] = row[kept.SECONDS]
        machine.happens(table.FAILED)
        joint.go_back(ports.files, ports.slots)  # from now on any restart leads back
        return 0
    return _LOOK_MS


def _look(machine: "Machine", now: int) -> "trial.Now":
    """How it is now; the row is brought up to date."""
    appliance, row, marks = machine.appliance, machine.row, machine.appliance.update
    heart, uplink = appliance.heart, appliance.uplink
    seen = trial.Now()
    seen.up_s = now // 1000
    seen.cause = machine.ports.cause
    seen.crashed = heart is None or not heart.whole or appliance.life.reduced
    for task in appliance.supervisor.tasks:
        seen.crashed = seen.crashed or task.crashes > 0
    seen.linked = uplink is not None and uplink.greeted
    seen.answered = machine.ports.answers()
    ended = 0
    if heart is not None:
        seen.in_cycle = heart.in_cycle()
        seen.event = trial.new_fault(heart.manager.status, heart.catalogue, row[kept.CODES])
        ended = heart.manager.state.cycles - (1 if seen.in_cycle else 0)
        if marks[ENDED] < 0:
            marks[ENDED] = ended
    if trial.seen(row, seen, now // 1000 - marks[LOOKED], max(0, ended - marks[ENDED])):
        kept.save(machine.journal, machine.what, row)
    marks[LOOKED] = now // 1000
    marks[ENDED] = ended
    return seen


def _confirm(machine: "Machine") -> int:
    row, ports = machine.row, machine.ports
    joint.confirm(ports.files, ports.slots)
    if machine.appliance.choice is not None:
        machine.appliance.choice.trial = False
    memory.set_installed(machine.journal, row[kept.SEQUENCE])
    machine.happens(table.SOUND)
    return 0


def goes_back(machine: "Machine") -> int:
    """It is decided: at the end of the cycle that runs, or of a technician's work, at the latest after some hours,
    restart into the old version."""
    row, ports = machine.row, machine.ports
    choice = machine.appliance.choice
    if choice is None or not choice.trial:
        return _gone_back(machine)
    heart = machine.appliance.heart
    marks = machine.appliance.update
    now = ports.clock.ticks_ms() // 1000
    row[kept.SECONDS] += now - marks[LOOKED]
    marks[LOOKED] = now
    if heart is not None and row[kept.SECONDS] - row[kept.LINK_AT] < trial.PATIENCE_S:
        if heart.in_cycle():
            return machine.waits(_CYCLE)
        if machine.look().bench:
            return machine.waits(_BENCH)
    joint.go_back(ports.files, ports.slots)
    machine.appliance.leaving = True
    return 0
