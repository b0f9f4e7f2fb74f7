"""A manifest, member by member. Takes its bytes and the severed members that came with it, gives plain values for JSON,
the payloads that it fetches, and warnings; a ReleaseError where it is none.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from .. import envelope as own
from .. import numbers as n
from ..problem import ReleaseError
from ..strict import decode
from . import coswid, sequence, tables, values
from .sequence import State


@dataclass
class Explained:
    members: dict[str, Any]
    fetched: list[tuple[str, int, list[Any]]]  # URI, component, image digests that may apply
    dependencies: set[int]  # indices of components that are manifests themselves
    warnings: list[str] = field(default_factory=list)


def explain(encoded: bytes, severed: dict[int, bytes]) -> Explained:
    """`severed`: members beside the manifest, by number. Each has to have the digest that the manifest names."""
    manifest = decode(encoded, "manifest")
    if not isinstance(manifest, dict):
        raise ReleaseError("the manifest is no map")
    if manifest.get(n.MANIFEST_VERSION) != 1:
        raise ReleaseError("the manifest's version is not 1: no version that is known here")
    common, state, dependencies = _common(manifest.get(n.COMMON))
    made: dict[str, Any] = {
        "version": 1,
        "sequence": _natural(manifest.get(n.SEQUENCE), "sequence number"),
        "common": common,
    }
    for number, value in manifest.items():
        if number not in {n.MANIFEST_VERSION, n.SEQUENCE, n.COMMON}:
            made |= _member(number, value, severed, state)
    return Explained(made, state.fetched, dependencies, state.warnings)


def _common(encoded: Any) -> tuple[dict[str, Any], State, set[int]]:
    if not isinstance(encoded, bytes):
        raise ReleaseError("the manifest has no common part")
    common = decode(encoded, "common")
    if not isinstance(common, dict) or not set(common) <= set(tables.COMMON):
        raise ReleaseError("the common part is no map of dependencies, components and a shared sequence")
    listed = common.get(n.COMPONENTS, [])
    if not isinstance(listed, list) or (not listed and n.DEPENDENCIES not in common):
        raise ReleaseError("the common part lists no components")
    dependencies = _dependencies(common.get(n.DEPENDENCIES, {}))
    names = _named([values.component(one) for one in listed], dependencies)
    state = State(names, [0])
    made: dict[str, Any] = {"components": [values.component(one) for one in listed]}
    if dependencies:
        made["dependencies"] = {str(index): name for index, name in dependencies.items()}
    if n.SHARED in common:
        made["shared sequence"] = sequence.explain(common[n.SHARED], "shared sequence", state)
    return made, state, set(dependencies)


def _dependencies(found: Any) -> dict[int, str]:
    """Index and prefix of each (draft-ietf-suit-trust-domains)."""
    if not isinstance(found, dict) or not all(
        type(index) is int and index >= 0 and isinstance(one, dict) for index, one in found.items()
    ):
        raise ReleaseError("dependencies are a map of component indices")
    return {index: values.component(one[1], "dependency") if 1 in one else "manifest" for index, one in found.items()}


def _named(listed: list[str], dependencies: dict[int, str]) -> list[str]:
    """Names by index: dependencies take the places that they name, components the others."""
    rest, names = iter(listed), []
    for index in range(len(listed) + len(dependencies)):
        name = dependencies.get(index) or next(rest, None)
        if name is None:
            raise ReleaseError("the indices of dependencies and components leave a gap")
        names.append(name)
    return names


def _member(number: Any, value: Any, severed: dict[int, bytes], state: State) -> dict[str, Any]:
    if type(number) is not int:
        raise ReleaseError(f"the manifest has {values.plain(number)!r} where a member's number belongs")
    name = tables.MANIFEST.get(number, f"member {number}")
    if number not in tables.MANIFEST and number >= 0:
        state.warnings.append(f"{name}: no draft known here defines it; a recipient may have to refuse the manifest")
    if number in tables.SEVERABLE and isinstance(value, list):
        return {name: _severed(number, value, name, severed, state)}
    if number in tables.SEQUENCES:
        return {name: _sequence(value, name, state)}
    if number == n.TEXT:
        return {name: _text(value, state)}
    return {name: _plain(number, value, name)}


def _severed(number: int, value: Any, name: str, severed: dict[int, bytes], state: State) -> dict[str, Any]:
    """A member of which only the digest is in the manifest."""
    wanted = values.digest(value, name)
    made: dict[str, Any] = {"severed": True, "digest": values.digest_words(wanted), "carried": number in severed}
    if number not in severed:
        return made
    if not values.fits(wanted, own.headed(severed[number])):
        raise ReleaseError(f"{name}: what stands beside the manifest does not have the digest that it names: altered")
    if number in tables.SEQUENCES:
        made["content"] = _sequence(severed[number], name, state)
    else:
        made["content"] = _text(severed[number], state) if number == n.TEXT else coswid.explain(severed[number])
    return made


def _sequence(value: Any, name: str, state: State) -> list[dict[str, Any]]:
    """Each member starts anew from what the shared sequence left."""
    own_state = State(state.components, [0], copy.deepcopy(state.parameters), state.fetched, state.warnings)
    return sequence.explain(value, name, own_state)


def _plain(number: int, value: Any, name: str) -> Any:
    if number == n.REFERENCE_URI:
        if not isinstance(value, str):
            raise ReleaseError(f"{name}: no text")
        return value
    if number == n.COMPONENT_ID:
        return values.component(value, name)
    if number == n.SET_VERSION:
        return values.version(decode(value, name) if isinstance(value, bytes) else value)
    if number == n.COSWID:
        return coswid.explain(value) if isinstance(value, bytes) else values.plain(value)
    if number == n.OWN_SBOM:
        return values.digest_words(values.digest(value, name))
    return values.plain(value)


def _text(encoded: Any, state: State) -> dict[str, Any]:
    """By language (RFC 9290, appendix A), or without one as drafts before -22 had it."""
    if not isinstance(encoded, bytes):
        raise ReleaseError("text: neither a byte string nor a digest")
    found = decode(encoded, "text")
    if not isinstance(found, dict) or not found:
        raise ReleaseError("text: no map")
    if all(isinstance(key, str) for key in found):
        return {language: _language(one, f"text ({language})", state) for language, one in found.items()}
    return {"": _language(found, "text", state)}


def _language(found: Any, name: str, state: State) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ReleaseError(f"{name}: no map")
    made: dict[str, Any] = {}
    for key, value in found.items():
        if type(key) is int and isinstance(value, str):
            made[tables.TEXT.get(key, f"text {key}")] = value
        elif isinstance(key, tuple) and isinstance(value, dict):
            component = values.component(key, name)
            if component not in state.components:
                state.warnings.append(f"{name}: speaks of {component}, which is no component of this manifest")
            made[component] = {tables.COMPONENT_TEXT.get(part, f"text {part}"): one for part, one in value.items()}
        else:
            raise ReleaseError(f"{name}: {values.plain(key)!r} is neither a text's number nor a component")
    return made


def _natural(value: Any, name: str) -> int:
    if type(value) is not int or value < 0:
        raise ReleaseError(f"{name}: {values.plain(value)!r} is none")
    return value
