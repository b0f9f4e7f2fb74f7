"""Releases: from a board's sources to an update that appliances believe. All of it works offline.

    trivet release keys init --out roots.cbor --key file:a.key --key file:b.key --key lms:c.lms
    trivet release build oven --version 1.2.0 --out r12     images, unsigned manifest, SBOM, notes
    trivet release build oven --version 1.3.0 --out r13 --delta-from r12 --security --note de=news.md
    trivet release sign r13 --key file:a.key                a signature; others add theirs, a hash-based key comes last
    trivet release verify r13 --roots roots.cbor            everything that can be checked of a folder
    trivet release inspect r13 --key roots.cbor             what a manifest says, command by command
    trivet release keys rotate --roots roots.cbor --revoke KID --add file:d.key --out next.keys --key file:a.key

What is built (`build.py`) are two components: **base**, the image that interpreter and firmware run from, and
**bundle**, the maker's drivers and data (`bundle.py`, `drivers.py`). Each is a payload, known by its SHA-256. The
manifest (`manifest.py`) is one fixed profile of draft-ietf-suit-manifest; it says for which vendor and class of
appliance the payloads are, in which order releases come (sequence), whether it is a security release or a feature, and
carries digests of every chunk, so that an appliance judges each as it arrives. Deltas (`delta.py`) stand in it as
other ways to the same image.

The envelope (`envelope.py`) carries the manifest, its signatures and the release notes, which are severed: an appliance
may be sent it without them. Signatures are ESP256, and a hash-based one (HSS-LMS) where the root of keys asks for it.
The root of keys (`roots.py`) says whose signatures hold and how many are wanted; a key manifest leads from one root to
the next (`keyset.py`). Keys stay in their places (`hands.py`): a file, a program, a token; a hash-based key has its
state beside it (`lms_key.py`), and signs only what a P-256 key has signed.

A release folder (`folder.py`) has `release.json`, `release.suit`, `bundle.tvb`, `base.img`, `delta-….patch`,
`sbom.cdx.json` and `note.….md`. The same board, tools and words give the same bytes; times are in a manifest only as
days from the start of a day, which `SOURCE_DATE_EPOCH` fixes.

Reading is strict everywhere (`strict.py`): CBOR is canonical or refused, and what is understood of our own manifests is
written again and compared, so that nothing passes that is not understood. `inspect` also reads manifests of others:
everything that the SUIT drafts define (`suit/`).
"""

from .problem import ReleaseError

__all__ = ["ReleaseError"]
