"""Reads any SUIT envelope and says what it does, in plain words: everything that draft-ietf-suit-manifest defines, and
the commands, parameters and members of its extensions update-management, trust-domains and firmware-encryption, besides
what Trivet's own manifests add.

    tables.py      every number with the name and the meaning that the drafts give it
    values.py      the words of one value: a UUID, a digest, a date, a component
    sequence.py    a command sequence: parsed strictly, each command in words, what it changes kept track of
    manifest.py    the manifest and its text
    envelope.py    the envelope: digests, severed members, integrated payloads, signatures
    keys.py        public keys from files

Takes bytes and public keys, gives a tree of plain values that is JSON already; or a ReleaseError that says what is
wrong. Nothing that a manifest asks for is done. What is severed or integrated counts only when a signed digest names
it.
"""

from .envelope import explain
from .keys import PublicKey, read_keys

__all__ = ["PublicKey", "explain", "read_keys"]
