"""Who may knock at which route: one literal table, and nothing is open that is not in it. Takes a method, a path and a
user, gives a problem 403 or nothing; what a role may do with what it finds there is the routes' own matter.

Letters are roles: a agent, e engineer, p privacy, d admin. The scope is what an API key needs besides its role; a row
without one is for people alone. Owners' own routes (`/api/my`) have a guard of their own and take no key.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from trivet.api.auth import User
from trivet.api.problems import ProblemError

log = logging.getLogger("trivet.api")

ROLES: Mapping[str, str] = {"a": "agent", "e": "engineer", "p": "privacy", "d": "admin"}
_ALL, _WORK, _RIGHTS, _BUILD, _ADMIN = "aepd", "aed", "pd", "ed", "d"
PEOPLE = None  # no scope: not for keys

DOORS: Mapping[tuple[str, str], tuple[str, str | None]] = {
    ("GET", "/metrics"): (_BUILD, "metrics"),
    ("GET", "/api/cases"): (_ALL, "cases:read"),
    ("GET", "/api/cases/{case_id}"): (_ALL, "cases:read"),
    ("GET", "/api/cases/{case_id}/work"): (_ALL, "cases:read"),
    ("GET", "/api/cases/{case_id}/parts"): (_ALL, "cases:read"),
    ("GET", "/api/cases/{case_id}/bundle"): (_ALL, "cases:read"),
    ("GET", "/api/rates"): (_ALL, "cases:read"),
    ("POST", "/api/cases/{case_id}/assign"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/place"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/escalation"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/notes"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/proposals"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/proposals/{number}/{act}"): (_WORK, "cases:write"),
    ("PUT", "/api/cases/{case_id}/tests/{routine}"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/outcomes"): (_WORK, "cases:write"),
    ("POST", "/api/cases/{case_id}/outcomes/{number}/withdraw"): (_WORK, "cases:write"),
    ("GET", "/api/cases/{case_id}/sessions"): (_ALL, "cases:read"),
    ("POST", "/api/cases/{case_id}/sessions"): (_WORK, "commands"),
    ("DELETE", "/api/cases/{case_id}/sessions/{number}"): (_WORK, "commands"),
    ("POST", "/api/cases/{case_id}/sessions/{number}/tests"): (_WORK, "commands"),
    ("POST", "/api/cases/{case_id}/sessions/{number}/fixes"): (_WORK, "commands"),
    ("POST", "/api/cases/{case_id}/sessions/{number}/fixes/{act}/undo"): (_WORK, "commands"),
    ("GET", "/api/setups"): ("epd", "devices:read"),
    ("GET", "/api/devices"): (_ALL, "devices:read"),
    ("GET", "/api/devices/{device_id}"): (_ALL, "devices:read"),
    ("POST", "/api/devices/{device_id}/claim"): (_ALL, "devices:write"),
    ("GET", "/api/dead-letters"): (_ALL, "metrics"),
    ("GET", "/api/texts"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/consents"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/consents/{seq}"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/security"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/retention"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/erasures"): (_ALL, "privacy:read"),
    ("GET", "/api/devices/{device_id}/uses"): (_RIGHTS, "privacy:read"),
    ("GET", "/api/devices/{device_id}/export"): (_RIGHTS, "privacy:read"),
    ("POST", "/api/devices/{device_id}/consents"): (_RIGHTS, "privacy:write"),
    ("POST", "/api/devices/{device_id}/erase"): (_RIGHTS, "privacy:write"),
    ("POST", "/api/devices/{device_id}/commands"): (_WORK, "commands"),
    ("GET", "/api/devices/{device_id}/commands"): (_ALL, "devices:read"),
    ("GET", "/api/devices/{device_id}/commands/{counter}"): (_ALL, "devices:read"),
    ("GET", "/api/releases"): (_ALL, "updates:read"),
    ("GET", "/api/release-keys"): (_ALL, "updates:read"),
    ("POST", "/api/release-keys"): (_BUILD, "updates:write"),
    ("GET", "/api/devices/{device_id}/updates"): (_ALL, "updates:read"),
    ("POST", "/api/devices/{device_id}/updates"): (_BUILD, "updates:write"),
    ("DELETE", "/api/devices/{device_id}/updates/{number}"): (_BUILD, "updates:write"),
    ("GET", "/api/areas"): (_ALL, "visits:read"),
    ("PUT", "/api/areas/{name}"): (_ADMIN, "visits:write"),
    ("GET", "/api/visits"): (_ALL, "visits:read"),
    ("GET", "/api/visits/{number}/invitation.ics"): (_ALL, "visits:read"),
    ("GET", "/api/cases/{case_id}/visits"): (_ALL, "visits:read"),
    ("GET", "/api/cases/{case_id}/visit-offer"): (_ALL, "visits:read"),
    ("POST", "/api/cases/{case_id}/visits"): (_WORK, "visits:write"),
    ("POST", "/api/visits/{number}/move"): (_WORK, "visits:write"),
    ("POST", "/api/visits/{number}/cancel"): (_WORK, "visits:write"),
    ("POST", "/api/visits/{number}/done"): (_WORK, "visits:write"),
    ("GET", "/api/webhooks"): (_BUILD, "webhooks:read"),
    ("GET", "/api/webhooks/schedule"): (_BUILD, "webhooks:read"),
    ("GET", "/api/webhooks/{number}"): (_BUILD, "webhooks:read"),
    ("GET", "/api/webhooks/{number}/deliveries"): (_BUILD, "webhooks:read"),
    ("POST", "/api/webhooks"): (_ADMIN, "webhooks:write"),
    ("DELETE", "/api/webhooks/{number}"): (_ADMIN, "webhooks:write"),
    ("POST", "/api/webhooks/{number}/rotate"): (_ADMIN, "webhooks:write"),
    ("POST", "/api/webhooks/{number}/test"): (_ADMIN, "webhooks:write"),
    ("POST", "/api/webhooks/{number}/enable"): (_ADMIN, "webhooks:write"),
    ("POST", "/api/webhooks/{number}/resend"): (_ADMIN, "webhooks:write"),
    ("GET", "/api/letters"): (_ALL, "inbound:read"),
    ("POST", "/api/letters/{number}/land"): (_ALL, "inbound:write"),
    ("POST", "/api/letters/{number}/dismiss"): (_ALL, "inbound:write"),
    ("GET", "/api/inbound-sources"): (_BUILD, "inbound:read"),
    ("POST", "/api/inbound-sources"): (_ADMIN, PEOPLE),
    ("POST", "/api/inbound-sources/{name}/rotate"): (_ADMIN, PEOPLE),
    ("DELETE", "/api/inbound-sources/{name}"): (_ADMIN, PEOPLE),
    ("GET", "/api/keys"): (_ADMIN, PEOPLE),
    ("POST", "/api/keys"): (_ADMIN, PEOPLE),
    ("DELETE", "/api/keys/{key_id}"): (_ADMIN, PEOPLE),
}
REST = "/api/{rest:path}"  # what is nothing: a 404 for whoever has a login
SCOPES = tuple(sorted({scope for _, scope in DOORS.values() if scope is not None}))


def enter(method: str, path: str, user: User) -> None:
    """A problem 403 unless the table lets this user in."""
    if path == REST:
        return
    row = DOORS.get((method, path))
    if row is None:
        log.error("%s %s has no row in trivet.api.doors: nobody gets in", method, path)
        raise ProblemError(403, "not-open", "This is not open to anybody.")
    letters, scope = row
    roles = [ROLES[letter] for letter in letters]
    if user.role not in roles:
        raise ProblemError(403, "not-your-role", f"This is for {' or '.join(roles)}, not for {user.role}.")
    if user.scopes is not None and (scope is None or scope not in user.scopes):
        needs = f"This key lacks the scope {scope}." if scope else "This is for people with a login, not for API keys."
        raise ProblemError(403, "not-in-scope", needs)
