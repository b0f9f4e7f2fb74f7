"""When something that did not get through is tried again. Takes the number of tries so far, gives seconds; reads no
clock.

The steps are those that receivers of Standard Webhooks know: seconds first, then hours, over three days in all.
"""

from __future__ import annotations

import random

MINUTE, HOUR, DAY = 60, 3600, 86400
# Before the first try, the second, …: after the last nothing more is tried.
DELAYS_S = (0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
TRIES = len(DELAYS_S)
WHOLE_S = sum(DELAYS_S)  # from the first try to the last
JITTER = 0.1  # each wait is up to so much shorter or longer: what failed together does not come together again
LONGEST_S = DAY  # of a wait that a receiver asks for


def wait_s(tries: int, dice: random.Random, asked_s: float | None = None) -> float | None:
    """Seconds until the next try after `tries` that failed; None when that was the last. `asked_s`: what the receiver
    asked for (Retry-After, RFC 9110, section 10.2.3): never sooner than that, a day at most."""
    if tries >= TRIES:
        return None
    wait = DELAYS_S[tries] * dice.uniform(1 - JITTER, 1 + JITTER)
    return wait if asked_s is None else max(wait, min(asked_s, LONGEST_S))


def printed() -> list[str]:
    """The schedule in words, a line for each try."""
    lines, at = [], 0
    for number, delay in enumerate(DELAYS_S, 1):
        at += delay
        lines.append(f"{number:>2}. {span(delay):>7} after the one before  (about {span(at)} after the event)")
    return lines


def span(seconds: int) -> str:
    """Seconds as people say them: 90 → "1 min 30 s"."""
    parts, rest = [], seconds
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "at once"
