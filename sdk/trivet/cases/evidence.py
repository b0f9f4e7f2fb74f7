"""Evidence as people see it. Takes the stored evidence of a case and its catalogue, gives series with units and
limits; never judges (that is triage)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from trivet_wire import ids

from trivet.cases import rich, views

TRIGGERS = {
    ids.TRIGGER_FDC: "fdc",
    ids.TRIGGER_TEST_FAILED: "test failed",
    ids.TRIGGER_PENDING: "pending",
    ids.TRIGGER_CONFIRMED: "confirmed",
}
VERDICTS = {ids.VERDICT_PASSED: "passed", ids.VERDICT_FAILED: "failed"}


def view_evidence(stored: dict[str, Any], catalogue: rich.Catalogue) -> views.Evidence:
    received = stored.get("received_at")
    return views.Evidence(
        trigger=TRIGGERS.get(stored["trigger"], str(stored["trigger"])),
        cycle=stored["cycle"],
        occurrence=stored["occurrence"],
        fdc_max=stored["fdc_max"],
        period_ms=stored["period_ms"],
        series=[_series(frame, stored["period_ms"], catalogue) for frame in stored["frames"]],
        verdicts=_verdicts(stored["verdicts"], catalogue),
        received_at=dt.datetime.fromisoformat(received) if received else None,
    )


def _series(frame: list[Any], period_ms: int, catalogue: rich.Catalogue) -> views.Series:
    index, validity, samples = frame
    signal = _signal(catalogue, index)
    last = len(samples) - 1
    return views.Series(
        name=signal.name,
        text=signal.text,
        unit=signal.unit,
        validity=ids.VALIDITY_NAMES[validity] if validity < len(ids.VALIDITY_NAMES) else str(validity),
        times_s=[(at - last) * period_ms / 1000 for at in range(len(samples))],
        samples=[sample / signal.scale for sample in samples],
        limits=[views.Limit(limit.event, limit.value / signal.scale, limit.text) for limit in signal.limits],
    )


def _signal(catalogue: rich.Catalogue, index: int) -> rich.Signal:
    if index < len(catalogue.signals):
        return catalogue.signals[index]
    return rich.Signal(name=f"signal {index}")


def _verdicts(verdicts: dict[str, int], catalogue: rich.Catalogue) -> list[views.Verdict]:
    found = []
    for key, verdict in sorted(verdicts.items(), key=lambda item: int(item[0])):
        index = int(key)
        if index < len(catalogue.events) and verdict in VERDICTS:
            code = catalogue.code(index)
            found.append(views.Verdict(catalogue.events[index].name, code.code if code else None, VERDICTS[verdict]))
    return found
