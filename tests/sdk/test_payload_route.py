"""Payloads over HTTP: the same bytes as over MQTT, in ranges, for everybody who knows the hash, and for ever."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import seeded
from trivet import api, desk
from trivet.updates.payloads import Payloads

pytestmark = pytest.mark.usefixtures("database")

CONTENT = bytes(range(256)) * 300  # 76,800 bytes
NAME = hashlib.sha256(CONTENT).hexdigest()
URL, TAG = f"/u/{NAME}", f'"{NAME}"'


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody in particular, before the gate of the pages."""
    async with seeded.open_vendor(tmp_path) as vendor:
        assert Payloads(vendor.settings.updates_dir).put(CONTENT) == NAME
        app = api.create(vendor)
        desk.mount(app)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud") as client:
            yield client


async def test_the_whole_is_public_immutable_and_named_by_its_hash(web: httpx.AsyncClient) -> None:
    answer = await web.get(URL)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["etag"] == TAG
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in answer.headers, "a range counts in bytes of the payload"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await web.get(f"/u/sha256/{NAME}")).content == CONTENT, "as a manifest names it"
    head = await web.head(URL)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=4096-8191", 4096, 8192),
        ("bytes=76799-", 76799, 76800),
        ("bytes=-1", 76799, 76800),
        ("bytes=-100000", 0, 76800),
        ("bytes=76000-99999", 76000, 76800),
        ("BYTES = 5-6", 5, 7),
    ],
)
async def test_a_range_is_cut_to_what_there_is(web: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    answer = await web.get(URL, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["etag"] == TAG


@pytest.mark.parametrize("asked", ["bytes=76800-", "bytes=76800-76900", "bytes=99999999999999999999-"])
async def test_beyond_the_end_is_said_with_the_size(web: httpx.AsyncClient, asked: str) -> None:
    answer = await web.get(URL, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["items=0-5", "bytes", "bytes=", "bytes=a-b", "bytes=-", "bytes=1-2;3", ""])
async def test_a_range_that_is_none_is_ignored(web: httpx.AsyncClient, asked: str) -> None:
    answer = await web.get(URL, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_several_ranges_come_as_parts(web: httpx.AsyncClient) -> None:
    answer = await web.get(URL, headers={"Range": "bytes=0-1, 10-11"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert b"bytes 0-1/76800" in answer.content
    assert b"bytes 10-11/76800" in answer.content


async def test_a_range_of_something_else_gets_the_whole(web: httpx.AsyncClient) -> None:
    """If-Range (RFC 9110, section 13.1.5): a download goes on only where it is the same."""
    for tag, status in ((TAG, 206), ('"other"', 200), (f"W/{TAG}", 200)):
        answer = await web.get(URL, headers={"Range": "bytes=100-", "If-Range": tag})
        assert answer.status_code == status, tag


@pytest.mark.parametrize("tag", [TAG, f"W/{TAG}", f'"a", {TAG}', "*"])
async def test_who_has_it_is_told_so(web: httpx.AsyncClient, tag: str) -> None:
    answer = await web.get(URL, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)


@pytest.mark.parametrize("name", ["0" * 64, NAME.upper(), NAME[:63], NAME + "0", "..%2F..%2Fsecrets%2Fmaster.key", ""])
async def test_nothing_else_is_there(web: httpx.AsyncClient, name: str) -> None:
    answer = await web.get(f"/u/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await web.post(URL)).status_code in (401, 404, 405)
