"""A client of the service port: takes a path (or a pseudo-terminal's), asks, gives rows. Knows timeouts, a cable that
was pulled, and who may (a credential that answers the appliance's nonce). Prints nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, TypeVar

import msgspec
import serial

from .errors import GarbledError, GrantError, NoBoardError, PulledError, RefusedError, SilentError
from .protocol import Lines, Row

BAUD = 115200
ANSWER_S = 5.0  # between two rows of an answer
RETURN_S = 20.0  # so long a pulled cable is waited for
_LOOK_S = 0.05
_PIECE = 120  # characters of base64 in a line of `grant +`

T = TypeVar("T")


class Credential(Protocol):
    """What a technician has of the maker (`trivet credential issue`)."""

    @property
    def encoded(self) -> bytes:
        """The signed credential, as the appliance reads it."""
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
        self._streaming = False
        self._granted = False
        self._serial = self._open()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye, so that the appliance lets go of what answered, and of the grant."""
        with suppress(SilentError):
            self._write(b"\nbye\n" if self._granted else b"\n")
        self._serial.close()

    # -- asking ------------------------------------------------------------------------------------------------------

    def ask(self, *words: str, answer_s: float | None = None) -> list[Row]:
        """All rows of an answer, the last (`done`) included. RefusedError when the appliance says no."""
        return list(self.rows(*words, answer_s=answer_s))

    def rows(self, *words: str, answer_s: float | None = None, quiet: bool = False) -> Iterator[Row]:
        """The rows one by one as they come. `answer_s`: seconds between two, after which it is a SilentError; `quiet`:
        silence is none, as with `watch`. Whoever stops taking them stops the appliance too."""
        self._say(*words)
        patience = self._answer_s if answer_s is None else answer_s
        self._streaming, ended = True, False
        try:
            for row in self._heard(patience, quiet):
                if row is None:
                    continue
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
            self._streaming = False
            if not ended:
                self.stop()

    def typed(self, kind: type[T], *words: str) -> list[T]:
        """The rows before the last as `kind`; GarbledError when one is none."""
        return [_as(kind, row) for row in self.ask(*words)[:-1]]

    def one(self, kind: type[T], *words: str) -> T:
        """The last row as `kind`."""
        return _as(kind, self.ask(*words)[-1])

    def stop(self) -> None:
        """End what streams: a new line does that, and the appliance then answers it."""
        with suppress(PulledError):
            self._say("stop")
            for row in self._heard(self._answer_s, False):
                if row is not None and ("done" in row or "refused" in row):
                    return

    # -- who may -----------------------------------------------------------------------------------------------------

    def grant(self) -> Row:
        """Answer the appliance's nonce with the technician's credential. GrantError when there is none, or it is not
        taken."""
        if self._credential is None:
            raise GrantError(
                "this needs a technician's credential: give its file with --credential (trivet credential issue)"
            )
        device = str(self.ask("who")[-1].get("device"))
        nonce = self.ask("grant")[-1].get("nonce")
        if not isinstance(nonce, str):
            raise GarbledError("the appliance gave no nonce")
        signature = self._credential.answer(bytes.fromhex(nonce), device)
        parts = [base64.b64encode(one).decode() for one in (self._credential.encoded, signature)]
        try:
            taken = self._hand_over(parts)
        except RefusedError as error:
            raise GrantError(f"the appliance does not take this credential: {error}") from None
        self._granted = True
        return taken

    def allowed(self, *words: str, answer_s: float | None = None) -> Iterator[Row]:
        """As `rows`, of a technician's word: asked for once more after a grant where the appliance wants one."""
        if self._credential is not None and not self._granted:
            self.grant()
        try:
            yield from self.rows(*words, answer_s=answer_s)
        except RefusedError as error:
            if error.needs_grant:
                raise GrantError(f"{error}; give a credential with --credential") from None
            raise

    def _hand_over(self, parts: Sequence[str]) -> Row:
        """Credential and signature; in pieces where they do not fit into a line."""
        text = " ".join(parts)
        if len(text) <= _PIECE:
            return self.ask("grant", text)[-1]
        for at in range(0, len(parts[0]), _PIECE):
            self.ask("grant", "+", parts[0][at : at + _PIECE])
        return self.ask("grant", parts[1])[-1]

    # -- the port ----------------------------------------------------------------------------------------------------

    def reconnect(self, within_s: float = RETURN_S) -> None:
        """Wait for the port to come back. PulledError when it does not. A grant does not outlive it."""
        self._serial.close()
        self._granted = False
        end = time.monotonic() + within_s
        while True:
            try:
                self._serial = self._open()
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
        except (OSError, ValueError) as error:
            raise NoBoardError(f"{self.path} cannot be opened: {_plain(error)}") from None
        self._lines.forget()
        port.reset_input_buffer()
        with suppress(OSError):
            port.write(b"\n")  # ends what a pulled cable left half said
        return port

    def _say(self, *words: str) -> None:
        self._write(self._lines.request(*words))

    def _write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise SilentError(f"{self.path} takes nothing: is the board on?") from None
        except (OSError, TypeError) as error:  # pyserial trips over a port that another thread closed
            raise PulledError(f"{self.path} is gone: {_plain(error)}") from None

    def _heard(self, patience_s: float, quiet: bool) -> Iterator[Row | None]:
        """Rows as they come; None now and then, so that whoever waits can stop."""
        since = time.monotonic()
        while True:
            try:
                data = self._serial.read(max(1, self._serial.in_waiting))
            except (OSError, TypeError) as error:
                raise PulledError(f"{self.path} is gone: {_plain(error)}") from None
            came = False
            for row in self._lines.receive(data):
                came = True
                yield row
            if came:
                since = time.monotonic()
            elif not quiet and time.monotonic() - since > patience_s:
                raise SilentError(
                    f"no answer on {self.path} within {patience_s:g} s: is it on, does it have Trivet ({BAUD} baud)?"
                )
            else:
                yield None


def _refused(row: Row) -> RefusedError:
    reason = row["refused"]
    return RefusedError(reason if isinstance(reason, int) else -1, str(row.get("text", "refused")))


def _as(kind: type[T], row: Row) -> T:
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        raise GarbledError(f"an answer that this version does not know: {error}") from None


def _plain(error: BaseException) -> str:
    """What the system said, without pyserial's frame around it."""
    strerror = getattr(error, "strerror", None)
    return str(strerror or error)
