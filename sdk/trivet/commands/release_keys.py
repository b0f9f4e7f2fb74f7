"""`trivet release keys`: release keys and the root of keys that appliances hold. Works offline; private keys stay where
they are.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from rich.console import Console
from rich.table import Table

from trivet.commands.release_common import Json, hand, roots_in, told, working
from trivet.keys.safe import is_sealed
from trivet.release import ReleaseError, hands, keyset, numbers, trust
from trivet.release.keyset import Change
from trivet.release.roots import MAGIC, Key, KeyManifest, Roots, following, judged, read_manifest
from trivet.release.roots import read as read_roots
from trivet.sign1 import public_key

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Release keys: make a root of keys, show it, change it."
)

Out = Annotated[Path, typer.Option(help="File to write; never one that is there already")]
Old = Annotated[Path, typer.Option("--roots", help="Root of keys that appliances have now (roots.cbor)")]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key", metavar="PLACE", help="Key that signs: file:PATH, exec:PROGRAM, pkcs11:…, lms:PATH; repeatable"
    ),
]
Threshold = Annotated[int | None, typer.Option(min=1, help="Signatures of P-256 keys that every release needs")]
HashSignature = Annotated[
    bool | None, typer.Option("--hash-signature/--no-hash-signature", help="Wanted besides those, or not")
]
ADVICE = "Keep private keys apart from each other, and a copy of each where a fire does not reach."


@app.command()
def init(  # noqa: PLR0917
    out: Out,
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="Key of the set; file:PATH and lms:PATH are made where there is none"),
    ] = None,
    public: Annotated[
        list[Path] | None, typer.Option(help="Public key of somebody elsewhere (PEM, or 60 bytes of HSS-LMS)")
    ] = None,
    threshold: Threshold = None,
    hash_signature: HashSignature = None,
    as_json: Json = False,
) -> None:
    """Make the first root of keys, and the keys of it that lie in files."""
    with told():
        _new(out)
        with working("making keys …"):
            listed = [hand(place, make=True).key for place in key or ()]
            listed += [one for path in public or () for one in keyset.public_keys(path)]
            made = keyset.first(listed, threshold, hash_signature)
        out.write_bytes(made.encode())
    _show(made, as_json, f"Root of keys in {out}: appliances get it when they are provisioned. {ADVICE}")
    files = [file for file in map(hands.file_of, key or ()) if file is not None]
    plain = ", ".join(str(file) for file in files if not is_sealed(file))
    if plain and not as_json:
        typer.echo(f"Whoever reads {plain} can sign: TRIVET_PASSPHRASE_FILE or TRIVET_PASSPHRASE seals keys.")


@app.command()
def show(
    file: Annotated[Path | None, typer.Argument(help="Root of keys or key manifest")] = None,
    key: Annotated[str | None, typer.Option(metavar="PLACE", help="A single key instead: its public half")] = None,
    pem: Annotated[Path | None, typer.Option(help="Write that public half there")] = None,
    as_json: Json = False,
) -> None:
    """Show a root of keys, a key manifest, or the public half of one key. No secret is shown."""
    with told():
        if (file is None) == (key is None):
            raise ReleaseError("name a file with a root of keys, or one key by --key PLACE")
        if key is not None:
            _show_key(hand(key), pem, as_json)
            return
        assert file is not None
        data = file.read_bytes()
        if MAGIC.encode() not in data[:16]:
            _show(roots_in(file), as_json)
            return
        found = read_manifest(data)
        _show(read_roots(found.payload), as_json, f"Signed by {_signers(found)}.")


@app.command()
def rotate(  # noqa: PLR0917
    roots: Old,
    out: Out,
    add: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Key to take in; made where it is a file not there yet")
    ] = None,
    add_public: Annotated[list[Path] | None, typer.Option(help="Public key to take in")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="KID", help="Key to leave out")] = None,
    revoke: Annotated[
        list[str] | None, typer.Option(metavar="KID", help="Key to leave out that never verifies anything again")
    ] = None,
    threshold: Threshold = None,
    hash_signature: HashSignature = None,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Make the key manifest that leads to the next root of keys. The old set and the new one sign it."""
    with told():
        _new(out)
        old = roots_in(roots)
        with working("making keys …"):
            new_hands = [hand(place, make=True) for place in add or ()]
            added = [one.key for one in new_hands]
            added += [one for path in add_public or () for one in keyset.public_keys(path)]
        change = Change(tuple(added), tuple(remove or ()), tuple(revoke or ()), threshold, hash_signature)
        new = keyset.changed(old, change)
        signers = [*(hand(place) for place in key or ()), *new_hands]
        _signed(KeyManifest(new.encode()), old, signers, out, as_json)


@app.command()
def revoke(  # noqa: PLR0917
    kid: Annotated[list[str], typer.Argument(metavar="KID…", help="Key ids, as far as they are unambiguous")],
    roots: Old,
    out: Out,
    threshold: Threshold = None,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Make the key manifest by which keys verify nothing any more."""
    with told():
        _new(out)
        old = roots_in(roots)
        new = keyset.changed(old, Change(revoke=tuple(kid), threshold=threshold))
        _signed(KeyManifest(new.encode()), old, [hand(place) for place in key or ()], out, as_json)


@app.command()
def sign(
    manifest: Annotated[Path, typer.Argument(help="Key manifest that `rotate` or `revoke` made")],
    roots: Old,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Add signatures to a key manifest, until both sets have enough."""
    with told():
        found = read_manifest(manifest.read_bytes())
        _signed(found, roots_in(roots), [hand(place) for place in key or ()], manifest, as_json)


def _signed(found: KeyManifest, old: Roots, signers: list[hands.Hand], out: Path, as_json: bool) -> None:
    """Sign, write, say what is still missing; a finished manifest has the next root of keys beside it."""
    new = read_roots(found.payload)
    with working("signing …"):
        beside = [file for file in sorted(out.resolve().parent.iterdir()) if file.is_file()]
        found = keyset.sign(found, old, new, signers, beside)
    out.write_bytes(found.encode())
    verdicts = judged(found, old, new)
    next_roots = out.with_name(f"roots-{new.number}.cbor")
    if any(verdict.reason for verdict in verdicts):
        missing = "; ".join(f"set {one.roots.number}: {one.words()}" for one in verdicts)
        said = f"Not enough signatures yet ({missing}). Others add theirs: trivet release keys sign {out} …"
    else:
        next_roots.write_bytes(following(old, found.encode()).encode())
        said = f"{out} leads appliances from set {old.number} to {new.number}; {next_roots} is what they have then."
    _show(new, as_json, said, ready=not any(verdict.reason for verdict in verdicts))


def _new(path: Path) -> None:
    if path.exists():
        raise ReleaseError(f"{path} is there already, and is not overwritten: name another file")


def _show(roots: Roots, as_json: bool, said: str = "", **more: Any) -> None:
    rows = [{"kid": one.kid.hex(), "algorithm": trust.name(one.algorithm)} for one in roots.keys]
    revoked = [kid.hex() for kid in roots.revoked]
    if as_json:
        head = {"number": roots.number, "threshold": roots.threshold, "hash_signature": roots.hash_signature}
        typer.echo(json.dumps({**head, "keys": rows, "revoked": revoked, **more}))
        return
    counting = sum(one.algorithm != numbers.HSS_LMS for one in roots.keys)
    extra = ", and a hash-based one" if roots.hash_signature else ""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Set {roots.number}: a release needs {roots.threshold} of {counting} signatures{extra}")
    table = Table(box=None, pad_edge=False)
    table.add_column("key id")
    table.add_column("kind")
    for row in rows:
        table.add_row(row["kid"], row["algorithm"])
    for kid in revoked:
        table.add_row(kid, "[red]revoked[/]")
    console.print(table)
    if said:
        console.print(said, markup=False)


def _show_key(one: hands.Hand, pem: Path | None, as_json: bool) -> None:
    left = one.left if isinstance(one, hands.LmsHand) else None
    if pem is not None:
        _new(pem)
        pem.write_bytes(_encoded(one.key))
    if as_json:
        said = {"kid": one.key.kid.hex(), "algorithm": trust.name(one.key.algorithm), "public": one.key.public.hex()}
        typer.echo(json.dumps({**said, "signatures_left": left}))
        return
    typer.echo(f"Key id       {one.key.kid.hex()}")
    typer.echo(f"Kind         {trust.name(one.key.algorithm)}")
    typer.echo(f"Public       {one.key.public.hex()}")
    if left is not None:
        typer.echo(f"Signatures   {left:,} left")


def _encoded(key: Key) -> bytes:
    """PEM; hash-based keys have none, theirs are 120 hex digits."""
    if key.algorithm == numbers.HSS_LMS:
        return key.public.hex().encode() + b"\n"
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return public_key(key.public).public_bytes(*form)


def _signers(found: KeyManifest) -> str:
    return ", ".join((one.kid or b"").hex() for one in found.signatures) or "nobody yet"
