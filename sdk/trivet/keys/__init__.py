"""The vendor's two keys: the master secret, from which message keys derive, and the command key, which signs commands.

Each stands behind one small interface (`Master`, `Signer`) and is opened by a place such as `file:` or
`env:TRIVET_MASTER_KEY`; other schemes (PKCS#11, KMS) come as entry points. Nobody ever gets a secret out of either.
"""

from trivet.keys.master import KEY_SIZE, Master, SecretMaster, device_bytes, fingerprint
from trivet.keys.places import Places, Provider, is_file, open_master, open_signer, signer_at
from trivet.keys.problem import KeysError
from trivet.keys.safe import Passphrase, Safe
from trivet.keys.signer import LocalSigner, Signer

__all__ = [
    "KEY_SIZE",
    "KeysError",
    "LocalSigner",
    "Master",
    "Passphrase",
    "Places",
    "Provider",
    "Safe",
    "SecretMaster",
    "Signer",
    "device_bytes",
    "fingerprint",
    "is_file",
    "open_master",
    "open_signer",
    "signer_at",
]
