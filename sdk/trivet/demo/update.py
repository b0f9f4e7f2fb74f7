"""Two updates of one oven, on real parts: a good one, which waits until the baking is over, and one whose new version
no longer heats, from which the oven goes back by itself while the cloud is cut off.

Takes a running cloud and a place for the oven's flash; gives an `Outcome` per story. Releases are built, signed,
published and offered as a maker does it. Never decides anything itself: the oven keeps its gates, judges its trial and
goes back; this only bakes, and cuts the cloud off.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivet_wire import ids

from trivet import paths
from trivet.consent import vendor
from trivet.consent.access import Access, reading
from trivet.release import folder, roots
from trivet.release import sign as signing
from trivet.release.build import Order, build
from trivet.release.hands import Hand, open_hand
from trivet.updates import give, keyring, listing, wishes
from trivet.updates import publish as publishing

if TYPE_CHECKING:
    from trivet.demo.relay import Relay
    from trivet.serve import Cloud
    from trivet.sim.world import Event, World

BOARD = "oven"
_CHUNK_S = 5.0  # virtual seconds between two looks at what happened
_COOL_S = 4 * 3600.0  # virtual, after a bake: what an oven needs to be below its limit, and some more
_BAKE_S = 2400.0  # virtual, of each bake
SETTINGS = {"start_s": 1e9, "off_s": 1e9, "load_s": 0.0, "target_c": 220.0}  # nobody bakes until a story does
_NETWORK = ("", "offered", "downloading")  # while an update is there, it waits for the network, which is real
_TURN_S = 0.05  # real, for the network in each of the looks
_PATIENCE_S = 30.0  # real seconds for what the network is to bring


@dataclass(frozen=True)
class Story:
    """One release: what its maker changed (a text of drivers.py by another), and what is to come of it."""

    name: str
    title: str
    version: str
    before: str
    after: str
    note: str
    expected: str
    cut_off: bool = False


STORIES = (
    Story(
        *("good", "An update comes in the middle of a bake", "1.1.0"),
        *("_GAIN = 3  #", "_GAIN = 4  #"),
        *("Holds the temperature closer after the door was open.", "confirmed"),
    ),
    Story(
        *("broken", "The next one no longer heats, and the cloud is cut off", "1.2.0"),
        *("on = (self._window - self._alone) * self._duty // 1000", "on = 0"),
        *("Saves energy.", "rolled back"),
        cut_off=True,
    ),
)


@dataclass
class Outcome:
    """What was seen. `fetched` and `full` are bytes; `waited_s` virtual seconds between the owner's yes and the start
    into the new version."""

    story: str
    version: str
    expected: str
    state: str = ""
    reason: int = 0
    why: str = ""
    signed: bool | None = None
    waited_s: float | None = None
    fetched: int = 0
    full: int = 0
    waits: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # confirmed meanwhile
    started_while_baking: bool = False

    @property
    def good(self) -> bool:
        """It ended as it had to, never started while the oven baked, and the cloud has the oven's signed word on it."""
        return self.state == self.expected and bool(self.signed) and not self.started_while_baking


class Maker:
    """The vendor's side: a release key, its root, and boards with one change each."""

    def __init__(self, cloud: Cloud, scratch: Path) -> None:
        self._cloud = cloud
        self._scratch = scratch
        self._hand: Hand = open_hand(f"file:{scratch / 'release.key'}", make=True)
        self._releases: list[Path] = []
        self._text = (paths.boards() / BOARD / "drivers.py").read_text(encoding="utf-8")

    def believed(self) -> None:
        """Before the oven is provisioned: whose releases it takes."""
        keyring.keep(self._cloud.settings.updates_dir, roots.Roots(1, 1, False, (self._hand.key,)).encode())

    def release(self, story: Story) -> folder.Release:
        """Built and signed, with a delta from the one before. A good change stays; a broken one goes."""
        changed = self._text.replace(story.before, story.after)
        if changed == self._text:
            raise RuntimeError(f"the oven's drivers no longer have the line that {story.version} changes")
        place = self._scratch / story.version
        board = place / BOARD
        shutil.copytree(paths.boards() / BOARD, board, ignore=shutil.ignore_patterns("plots"))
        (board / "drivers.py").write_text(changed, encoding="utf-8")
        note = place / "note.md"
        note.write_text(story.note, encoding="utf-8")
        order = Order(
            version=story.version,
            sequence=len(self._releases) + 1,
            earlier=tuple(self._releases),
            notes={"en": note},
            vendor=vendor.load(self._cloud.settings.data_dir).domain,
        )
        made = build(board, order, place / "release")
        signing.sign(made, [self._hand])
        if not story.cut_off:
            self._text = changed
            self._releases.append(made.path)
        return made

    async def publish(self, made: folder.Release) -> None:
        settings = self._cloud.settings
        place = publishing.Place(self._cloud.store, settings.data_dir, settings.updates_dir)
        judged = await asyncio.to_thread(publishing.judge, place, made.path)
        await publishing.publish(place, judged, "demonstration")


class Teller:
    """Lives through the stories with one oven: drives its world in a thread and looks at what the cloud heard."""

    def __init__(self, cloud: Cloud, world: World, who: str, maker: Maker, say: Callable[[str], None]) -> None:
        self._cloud = cloud
        self.wire: Relay  # through which the oven reaches the cloud
        self._world = world
        self._who = who
        self._maker = maker
        self._say = say
        self._seen = 0
        self._baking = False
        self._cut = False  # from the cloud

    async def tell(self, story: Story) -> Outcome:
        """Publish, offer, say yes, bake, and see what comes of it."""
        outcome = Outcome(story.name, story.version, story.expected)
        self._say(f"\n{story.title}")
        made = await asyncio.to_thread(self._maker.release, story)
        await self._maker.publish(made)
        outcome.full = len(made.read(made.index.payloads[_image(made)]))
        if not story.cut_off:
            self._bake()
            await self._run(600.0, outcome)
        number = await give.release(
            self._cloud.store, self._cloud.settings.updates_dir, self._who, story.version, "demo"
        )
        self._say(f"  {self._clock()}  offered to this oven: {story.version}. {story.note}")
        async with self._cloud.store.writing() as session:
            await wishes.answer(session, self._who, number, "yes", who="owner")
        said_yes = self._world.now_s
        self._say(f"  {self._clock()}  its owner says yes in the account")
        started = await self._until(lambda event: event.data["state"] == "on trial", outcome, _COOL_S + _BAKE_S)
        if not started:
            return outcome
        outcome.waited_s = self._world.now_s - said_yes
        if story.cut_off:
            await self.wire.cut()
            self._cut = True
            self._say(f"  {self._clock()}  the cloud is cut off")
        self._bake()
        await self._until(lambda event: event.data["state"] in ("confirmed", "rolled back"), outcome, _COOL_S + _BAKE_S)
        if story.cut_off:
            await self.wire.mend()
            self._cut = False
            self._say(f"  {self._clock()}  the cloud is back")
        await self._heard(number, story, outcome)
        return outcome

    def _bake(self) -> None:
        """The person switches on in a minute, and off when the bake is over."""
        plant: Any = self._world.plant  # the oven's, which has a person with a clock
        plant.set["start_s"], plant.set["off_s"] = plant.now + 60, plant.now + 60 + _BAKE_S

    async def _until(self, is_it: Callable[[Event], bool], outcome: Outcome, within_s: float) -> bool:
        end = self._world.now_s + within_s
        while self._world.now_s < end:
            for event in await self._run(_CHUNK_S, outcome):
                if event.kind == "update" and is_it(event):
                    return True
        self._say(f"  {self._clock()}  nothing of that came within {within_s / 60:.0f} minutes")
        return False

    async def _run(self, seconds: float, outcome: Outcome) -> list[Event]:
        """Let virtual time pass, and the network have its turns; tells what happened."""
        end = self._world.now_s + seconds
        while self._world.now_s < end:
            await asyncio.to_thread(self._world.run_until, min(end, self._world.now_s + _CHUNK_S))
            waits = not self._cut and (outcome.state in _NETWORK or self._world.state.left > 0)
            await asyncio.to_thread(self._world.idle, _TURN_S if waits else 0.0, _never if waits else None)
        new = self._world.events[self._seen :]
        self._seen += len(new)
        for event in new:
            self._note(event, outcome)
        return new

    def _note(self, event: Event, outcome: Outcome) -> None:
        data: Any = event.data
        if event.kind == "update_waits":
            if data["text"] not in outcome.waits:
                outcome.waits.append(data["text"])
                self._say(f"  {_clock(event.at_s)}  on its display: {data['text']}")
        elif event.kind == "update":
            outcome.state, outcome.reason, outcome.why = data["state"], data["reason"], data.get("why", "")
            rest = f": {outcome.why}" if outcome.why else ""
            self._say(f"  {_clock(event.at_s)}  update {data['version']} {data['state']}{rest}")
            if data["state"] == "on trial" and self._baking:
                outcome.started_while_baking = True
        elif event.kind == "cycle":
            self._baking = bool(data["on"])
        elif event.kind == "fault" and data["status"] & ids.CONFIRMED and data["code"] not in outcome.codes:
            outcome.codes.append(data["code"])
            self._say(f"  {_clock(event.at_s)}  the oven found {data['code']}")

    async def _heard(self, number: int, story: Story, outcome: Outcome) -> None:
        """What the oven's own signed report says, as the cloud has it."""
        await asyncio.to_thread(self._world.idle, _PATIENCE_S)
        access = Access("safety", "demonstration", "It shows what its own oven reported")
        async with reading(self._cloud.store, access) as read:
            found = await listing.of(read, self._who)
        assert found is not None
        update = next(one for one in (*found.open, *found.history) if one.id == number)
        outcome.signed = update.report is not None and update.report.signed
        outcome.fetched = update.served
        word = "with its own signature" if outcome.signed else "without a signature"
        self._say(f"  {self._clock()}  the cloud has the oven's word, {word}: {update.state}")

    def _clock(self) -> str:
        return _clock(self._world.now_s)


def _never() -> bool:
    return False


def _image(made: folder.Release) -> str:
    return next(digest for digest, name in made.index.payloads.items() if name == folder.IMAGES["bundle"])


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 3600:2d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"
