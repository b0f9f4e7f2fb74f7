"""Technicians' credentials: the vendor signs them for a person's key, an appliance believes them without any network
(`firmware/appliance/service/granting.py`), and what was revoked is told to every appliance.

`wire` makes and reads the bytes, `wallet` is the technician's file, `register` the vendor's book of them.
"""

from .problem import CredentialError
from .register import Issued, book, issue, revoke, revoked_list
from .wallet import Wallet

__all__ = ["CredentialError", "Issued", "Wallet", "book", "issue", "revoke", "revoked_list"]
