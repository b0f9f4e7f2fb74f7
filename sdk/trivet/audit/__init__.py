"""One report over a running system, for an auditor: keys, appliances with their consents, what was refused, what was
read for what, what is kept and erased, and the provisions of ETSI EN 303 645 with what shows each.

`make(settings, store)` gives a `Report`. Opens no key, changes nothing but the owners' log of uses, which names it.
"""

from trivet.audit.report import AuditError, Report, make

__all__ = ["AuditError", "Report", "make"]
