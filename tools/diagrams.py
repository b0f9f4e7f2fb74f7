"""Draws the firmware's literal tables as Mermaid and Markdown, and writes them between markers of firmware/README.md.

Takes the sources (read, not run), gives text. `tools/diagram` writes it; a test compares. A picture that somebody drew
would say what they remember; these say what the firmware does.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
APPLIANCE = ROOT / "firmware" / "appliance"
GUIDE = ROOT / "firmware" / "README.md"

# ISO 14229-1, annex D.2
BITS = (
    "testFailed",
    "testFailedThisOperationCycle",
    "pendingDTC",
    "confirmedDTC",
    "testNotCompletedSinceLastClear",
    "testFailedSinceLastClear",
    "testNotCompletedThisOperationCycle",
    "warningIndicatorRequested",
)
MASKS = ("last_failed", "confirmed", "not_tested", "tested_and_failed")


def constants(file: Path) -> dict[str, Any]:
    """The module's literal constants, those made of earlier ones included."""
    known: dict[str, Any] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _value(node.value, known)
            if value is not None:
                known[node.targets[0].id] = value
    return known


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Tuple):
        return tuple(_value(one, known) for one in node.elts)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "bytes" and len(node.args) == 1:
        inside = _value(node.args[0], known)
        return bytes(inside) if isinstance(inside, tuple) and None not in inside else None
    return None


def mermaid(lines: Iterator[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])


def status_bits() -> str:
    """Each bit of the status byte: where it starts after clear, which edges set it, which clear it."""
    table, names = (constants(APPLIANCE / "faults" / "status.py")[name] for name in ("TABLE", "NAMES"))
    initial = next(table[edge * 4 + 3] for edge, name in enumerate(names) if name == "cleared")

    def draw() -> Iterator[str]:
        yield "stateDiagram-v2"
        yield "    direction LR"
        for bit, name in enumerate(BITS):
            yield f'    state "bit {bit}: {name}" as bit{bit} {{'
            for value in (0, 1):
                yield f'        state "{value}" as b{bit}_{value}'
            yield f"        [*] --> b{bit}_{initial >> bit & 1}"
            for to in (1, 0):
                edges = list(_edges(table, names, bit, to))
                if edges:
                    yield f"        b{bit}_{1 - to} --> b{bit}_{to}: {', '.join(edges)}"
            yield "    }"

    return mermaid(draw())


def _edges(table: bytes, names: tuple[str, ...], bit: int, to: int) -> Iterator[str]:
    """Edges that move a bit to `to`, each with what must hold first."""
    for edge, name in enumerate(names):
        mask, value, clear, put = table[edge * 4 : edge * 4 + 4]
        moves = put >> bit & 1 if to else clear & ~put & 1 << bit
        if not moves or (mask >> bit & 1 and value >> bit & 1 == to):
            continue
        when = " and ".join(f"bit {at} = {value >> at & 1}" for at in range(8) if mask >> at & 1)
        yield f"{name} while {when}" if when else name


def mqtt_client() -> str:
    """The MQTT client's connection: what ends each state, and within which time."""
    known = constants(APPLIANCE / "outbox" / "mqtt.py")
    table = known["TABLE"]
    states = {row[0] for row in table}
    names: dict[int, str] = {}
    for name, value in known.items():
        if type(value) is int and value in states:
            names.setdefault(value, name)

    def draw() -> Iterator[str]:
        yield "stateDiagram-v2"
        yield f"    [*] --> {names[table[0][0]]}"
        for state, ends, to, limit_ms in table:
            yield f"    {names[state]} --> {names[to]}: {ends}"
            if limit_ms:
                yield f"    {names[state]} --> {names[table[0][0]]}: not within {limit_ms / 1000:g} s"

    return mermaid(draw())


def update_machine() -> str:
    """How an update goes: what happens, and what is done with it."""
    states = constants(ROOT / "firmware" / "trivet_wire" / "ids.py")
    file = APPLIANCE / "update" / "table.py"
    known = constants(file)
    events, actions = known["EVENTS"], known["ACTIONS"]
    words = states["UPDATE_STATES"]
    rows = _table(file, {name: value for name, value in states.items() if name.startswith("U_")} | known)

    def draw() -> Iterator[str]:
        yield "stateDiagram-v2"
        for number, word in enumerate(words):
            yield f'    state "{word}" as u{number}'
        yield f"    [*] --> u{states['U_IDLE']}"
        for state, event, after, action in rows:
            yield f"    u{state} --> u{after}: {events[event]} / {actions[action]}"

    return mermaid(draw())


def _table(file: Path, known: dict[str, Any]) -> Iterator[tuple[int, ...]]:
    """The rows of four of a TABLE whose numbers come from elsewhere too."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TABLE":
            table = _value(node.value, known)
            yield from (tuple(table[at : at + 4]) for at in range(0, len(table), 4))


def inhibition() -> str:
    """What each mask of a function asks of an event's status byte."""
    table = constants(APPLIANCE / "faults" / "inhibit.py")["TABLE"]
    rows = ["| mask in board.toml | a function is switched off while |", "|---|---|"]
    for at, name in enumerate(MASKS):
        mask, value = table[at * 2], table[at * 2 + 1]
        held = [f"bit {bit} = {value >> bit & 1} ({BITS[bit]})" for bit in range(8) if mask >> bit & 1]
        rows.append(f"| `{name}` | {' and '.join(held)} |")
    return "\n".join(rows)


DRAWN: dict[str, Callable[[], str]] = {
    "status bits": status_bits,
    "inhibition": inhibition,
    "mqtt client": mqtt_client,
    "update": update_machine,
}


def drawn(text: str) -> str:
    """The guide with every drawing made anew. ValueError where a drawing has no place in it."""
    for name, draw in DRAWN.items():
        place = re.compile(rf"(<!-- drawn: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"the guide has no place <!-- drawn: {name} --> … <!-- end: {name} -->")
        body = draw()
        text = place.sub(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)
    return text
