"""Where the cloud sends to: public addresses over TLS, private ones only into networks that the operator named; the
address that was checked is the one that is connected to."""

import asyncio
import ipaddress
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from receiver_kit import receiver
from trivet.outward import guard, schedule, signature
from trivet.outward.guard import AddressError, Guard, networks
from trivet.outward.http import Client, SendError, checked_url
from trivet.store.tables import utcnow

PRIVATE = (
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::10.0.0.1"),
    *("64:ff9b::169.254.169.254", "2001:0:1:2:3:4:f5ff:fffe"),
)
PUBLIC = ("93.184.215.14", "1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8")


@pytest.mark.parametrize("text", PRIVATE)
def test_private_and_special_addresses_are_none_of_the_internet(text: str) -> None:
    assert not guard.public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_addresses_are(text: str) -> None:
    assert guard.public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    async with receiver() as there, Client() as client:
        port = there.url.rpartition(":")[2].partition("/")[0]
        for scheme in ("http", "https"):
            with pytest.raises(SendError, match=r"no public address|could not be resolved"):
                await client.request("POST", f"{scheme}://{host}:{port}/", {})
        assert there.requests == []


async def test_a_name_is_resolved_once_and_that_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is harmless, every later one leads to the private receiver."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *more: Any, **words: Any) -> Any:
        if host != "rebind.example":
            return real(host, *more, **words)
        asked.append(host)
        return real("192.0.2.77" if len(asked) == 1 else "127.0.0.1", *more, **words)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    connected: list[str] = []

    class Watching(Guard):
        def __init__(self) -> None:
            super().__init__(networks(["192.0.2.0/24"]), plain=True)
            self._inner = self  # what would be connected to

        async def connect_tcp(self, host: str, *more: Any, **words: Any) -> Any:
            if host[0].isdigit():
                connected.append(host)
                raise OSError("nobody there")
            return await super().connect_tcp(host, *more, **words)

    with pytest.raises(OSError, match="nobody there"):
        await Watching().connect_tcp("rebind.example", 80)
    assert (asked, connected) == (["rebind.example"], ["192.0.2.77"])
    with pytest.raises(AddressError, match="no public address"):
        await Watching().connect_tcp("rebind.example", 80)


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(_host: str, port: int, **_words: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(AddressError, match=r"leads to 10\.0\.0\.1"):
        await Guard((), plain=False).checked("two.example", 443)


async def test_the_internet_is_reached_by_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def outside(_host: str, port: int, **_words: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr(socket, "getaddrinfo", outside)
    assert await Guard((), plain=False).checked("out.example", 443)
    with pytest.raises(AddressError, match="use https"):
        await Guard((), plain=True).checked("out.example", 80)


async def test_tls_is_for_the_name_not_for_the_address(tmp_path: Path) -> None:
    """The address is pinned, the certificate still has to be the name's."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    await asyncio.to_thread(
        subprocess.run, [*words, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    believed = ssl.create_default_context(cafile=str(certificate))
    allowed = networks(["127.0.0.0/8", "::1/128"])
    async with receiver(tls=served) as there, Client(allowed, believed) as client, Client(allowed) as doubting:
        named = there.url.replace("127.0.0.1", "localhost")
        assert (await client.request("POST", named, {}, b"x")).status == 204
        assert there.requests[0].headers["host"].startswith("localhost:")
        with pytest.raises(SendError, match="certificate"):
            await client.request("POST", there.url, {}, b"x")  # the certificate is not for 127.0.0.1
        with pytest.raises(SendError, match="certificate"):
            await doubting.request("POST", named, {}, b"x")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://a.example/", "whole URL"),
        ("a.example", "whole URL"),
        ("https://", "whole URL"),
        ("https://user:pass@a.example/", "no name or password"),
        ("https://a.example/#x", "never sent"),
        ("https://a.example:99999/", "no URL"),
        ("https://a.example/ä", "ASCII"),
        ("https://a.example/\r\nx: y", "ASCII"),
        ("https://[::1", "no URL"),
    ],
)
def test_a_wrong_url_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        checked_url(url)


class TestSignatures:
    def test_what_we_sign_we_verify_and_nothing_else(self) -> None:
        secret, other, now, body = signature.new_secret(), signature.new_secret(), utcnow(), b'{"a":1}'
        told = signature.headers([other, secret], "msg_1", now, body)
        assert signature.verified([secret], told, now, body) == "msg_1"
        for changed in (
            {"webhook-id": "msg_2"},
            {"webhook-timestamp": str(int(now.timestamp()) - 1)},
            {"webhook-timestamp": str(int(now.timestamp()) - 301)},
            {"webhook-timestamp": "soon"},
            {"webhook-id": ""},
            {"webhook-id": "a b"},
            {"webhook-signature": "v1,AAAA v2,x"},
            {"webhook-signature": ""},
        ):
            with pytest.raises(signature.SignatureError):
                signature.verified([secret], told | changed, now, body)
        for keys, content in (([signature.new_secret()], body), ([secret], body + b" "), ([], body)):
            with pytest.raises(signature.SignatureError):
                signature.verified(keys, told, now, content)


def test_the_schedule_is_days_long_and_printed() -> None:
    assert schedule.WHOLE_S > 3 * schedule.DAY
    lines = schedule.printed()
    assert len(lines) == schedule.TRIES
    assert "at once" in lines[0]
    assert "3 d 3 h 35 min 5 s" in lines[-1]
