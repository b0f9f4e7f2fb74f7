"""The cloud's database: typed tables, migrations that run by themselves, sessions."""

from trivet.store import api_keys as api_keys
from trivet.store import cases as cases
from trivet.store import credentials as credentials
from trivet.store import ledger as ledger
from trivet.store import letters as letters
from trivet.store import notices as notices
from trivet.store import outward as outward
from trivet.store import pages as pages
from trivet.store import privacy as privacy  # its tables belong to the schema
from trivet.store import remote as remote
from trivet.store import tickets as tickets
from trivet.store import updates as updates
from trivet.store.database import Store

__all__ = ["Store"]
