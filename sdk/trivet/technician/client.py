"""A client of the service port: takes a path (or a pseudo-terminal's), asks, gives rows. Knows timeouts, a cable that
was pulled, and who may (a credential that answers the appliance's nonce). Prints nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol, TypeVar

import msgspec
import serial
from trivet_wire import ids

from .answers import Nonce
from .errors import GarbledError, GrantError, NoBoardError, PulledError, RefusedError, SilentError
from .protocol import Lines, Row

BAUD = 115200
ANSWER_S = 5.0  # between two rows of an answer
GRANT_S = 30.0  # a chip verifies two signatures
RETURN_S = 20.0  # so long a pulled cable is waited for
_BYE_S = 2.0
_LOOK_S = 0.05
_BUSY_TRIES, _BUSY_S = 4, 2.0  # at an appliance that has something else to do just now

_CLOSED: tuple[type[Exception], ...] = (OSError, ValueError)
with suppress(ImportError):  # where ports are terminals, one that is gone may say so in its own way
    import termios

    _CLOSED = (*_CLOSED, termios.error)

T = TypeVar("T")


class Credential(Protocol):
    """What a technician has of the maker (`trivet credential issue`)."""

    @property
    def encoded(self) -> bytes:
        """The signed credential, as the appliance reads it."""
        ...

    @property
    def revoked(self) -> tuple[int, bytes] | None:
        """Number and bytes of the newest list of revoked credentials, for appliances that no network reaches."""
        ...

    def answer(self, nonce: bytes, device: str) -> bytes:
        """The signature over the appliance's nonce (16 bytes) and its device id (16 hex digits)."""
        ...


class Client:
    """One port. Use as a context manager. Every method raises BenchError's kinds, and nothing else, for what the other
    side does."""

    def __init__(self, path: str, *, credential: Credential | None = None, answer_s: float = ANSWER_S) -> None:
        self.path = path
        self._credential = credential
        self._answer_s = answer_s
        self._lines = Lines(secrets.randbelow(36**4))
        self._granted = False
        self.told: Callable[[str], None] = lambda _: None  # hears "pulled" and "plugged" of a cable that is waited for
        self._serial = self._open()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye where there is a grant, so that it ends."""
        with suppress(SilentError, GarbledError, RefusedError):
            if self._granted:
                self.leave()
            else:
                self._write(b"\n")
        self._serial.close()

    def leave(self) -> None:
        """Goodbye, and the port stays open: the appliance lets go of the grant, and of all that answered."""
        self._granted = False
        self.ask("bye", answer_s=_BYE_S)  # what is sent before its answer goes with it

    # -- asking ------------------------------------------------------------------------------------------------------

    def ask(self, *words: str, answer_s: float | None = None) -> list[Row]:
        """All rows of an answer, the last (`done`) included. RefusedError when the appliance says no."""
        return list(self.rows(*words, answer_s=answer_s))

    def rows(self, *words: str, answer_s: float | None = None, idle: bool = False) -> Iterator[Row]:
        """The rows one by one as they come. `answer_s`: seconds between two, after which it is a SilentError; `idle`:
        silence is none, as with `watch`, and an empty row comes now and then. Whoever stops taking them stops the
        appliance too."""
        self._write(self._lines.request(*words))
        ended = False
        try:
            for row in self._heard(self._answer_s if answer_s is None else answer_s, idle):
                ended = "done" in row or "refused" in row
                if "refused" in row:
                    raise _refused(row)
                yield row
                if ended:
                    return
        except (SilentError, GarbledError):
            ended = True  # nobody to stop
            raise
        finally:
            if not ended:
                self.stop()

    def stop(self) -> None:
        """End what streams: a new line does that, and the appliance then answers it."""
        with suppress(PulledError):
            self._write(self._lines.request("stop"))
            for row in self._heard(self._answer_s, False):
                if "done" in row or "refused" in row:
                    return

    # -- who may -----------------------------------------------------------------------------------------------------

    def grant(self) -> None:
        """Answer the appliance's nonce with the technician's credential. GrantError when there is none, or it is not
        taken."""
        held = self._credential
        if held is None:
            raise GrantError("this needs a technician's file: name it with --credential (trivet credential issue)")
        device = str(self.ask("who")[-1].get("device"))
        for tries in range(_BUSY_TRIES, 0, -1):
            try:
                self._answer(held, device)
                break
            except RefusedError as error:
                if error.reason != ids.R_BUSY or tries == 1:
                    raise GrantError(f"the appliance does not take this credential: {error}") from None
            time.sleep(_BUSY_S)  # no delay, or it would have named it: it has no memory to spare just now
        self._granted = True

    def _answer(self, held: Credential, device: str) -> None:
        """One challenge, answered. GrantError within a delay; RefusedError when the answer is not taken."""
        nonce, listed = self._challenge()
        if held.revoked is not None and held.revoked[0] > listed:
            self.ask("grant", "revoked", _text(held.revoked[1]), answer_s=GRANT_S)
            nonce, _ = self._challenge()
        signature = held.answer(bytes.fromhex(nonce), device)
        self.ask("grant", _text(held.encoded), _text(signature), answer_s=GRANT_S)

    def _challenge(self) -> tuple[str, int]:
        """A nonce, and the number of the list of revoked credentials that the appliance has."""
        asked = typed(Nonce, self.ask("grant")[-1])
        if asked.nonce is None:
            raise GrantError(f"too many failures: the appliance listens again in {asked.wait_s} s")
        return asked.nonce, asked.revoked

    def allowed(self, *words: str, answer_s: float | None = None, idle: bool = False) -> Iterator[Row]:
        """As `rows`, of a technician's word; a grant that ran out meanwhile is asked for again. GrantError where there
        is none to be had."""
        fresh = self._credential is not None and not self._granted
        if fresh:
            self.grant()
        try:
            yield from self.rows(*words, answer_s=answer_s, idle=idle)
        except RefusedError as error:
            if not error.needs_grant:
                raise
            if self._credential is None or fresh:
                raise GrantError(f"{error}: name a technician's file with --credential") from None
            self.grant()
            yield from self.rows(*words, answer_s=answer_s, idle=idle)

    # -- the port ----------------------------------------------------------------------------------------------------

    def reconnect(self, within_s: float = RETURN_S) -> None:
        """Wait for the port to come back. PulledError when it does not."""
        self._serial.close()
        self.told("pulled")
        end = time.monotonic() + within_s
        while True:
            try:
                self._serial = self._open()
                self.told("plugged")
                return
            except NoBoardError:
                if time.monotonic() > end:
                    raise PulledError(
                        f"{self.path} did not come back within {within_s:g} s: plug it in, then try again"
                    ) from None
                time.sleep(_LOOK_S)

    def _open(self) -> serial.Serial:
        try:
            port = serial.Serial(self.path, BAUD, timeout=_LOOK_S, write_timeout=self._answer_s, exclusive=True)
            self._lines.forget()
            port.reset_input_buffer()
            port.write(b"\n")  # ends what a pulled cable left half said
        except _CLOSED as error:
            raise NoBoardError(f"{self.path} cannot be opened: {_plain(error)}") from None
        return port

    def _write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise SilentError(f"{self.path} takes nothing: is the board on?") from None
        except (OSError, TypeError) as error:  # pyserial trips over a port that another thread closed
            raise PulledError(f"{self.path} is gone: {_plain(error)}") from None

    def _heard(self, patience_s: float, idle: bool) -> Iterator[Row]:
        """Rows as they come."""
        since = time.monotonic()
        while True:
            try:
                data = self._serial.read(max(1, self._serial.in_waiting))
            except (OSError, TypeError) as error:
                raise PulledError(f"{self.path} is gone: {_plain(error)}") from None
            for row in self._lines.receive(data):
                since = time.monotonic()
                yield row
            if idle:
                yield {}
            elif time.monotonic() - since > patience_s:
                raise SilentError(
                    f"no answer on {self.path} within {patience_s:g} s: is it on, does it have Trivet ({BAUD} baud)?"
                )


def typed(kind: type[T], row: object) -> T:
    """`row` as `kind`; GarbledError when it is none."""
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        raise GarbledError(f"an answer that this version does not know: {error}") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _refused(row: Row) -> RefusedError:
    reason = row["refused"]
    return RefusedError(reason if isinstance(reason, int) else -1, str(row.get("text", "refused")))


def _plain(error: BaseException) -> str:
    """What the system said, without pyserial's frame around it."""
    return str(getattr(error, "strerror", None) or error)
