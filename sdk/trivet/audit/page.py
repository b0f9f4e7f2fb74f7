"""The report as one HTML file that needs nothing else, for reading and printing. Takes a `Report`, gives text; loads
nothing from anywhere when it is opened.
"""

from __future__ import annotations

import datetime as dt
from importlib import resources

import jinja2
from markupsafe import Markup

from trivet.audit import etsi
from trivet.audit.report import FAILED, Report

TONES = {FAILED: "bad", etsi.MET: "good", etsi.PARTLY: "warn", etsi.NOT_YET: "muted", etsi.NOT_APPLICABLE: "muted"}


def html(report: Report) -> str:
    """The whole file."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["when"] = _when
    source = resources.files("trivet.audit").joinpath("report.html").read_text("utf-8")
    look = resources.files("trivet.desk").joinpath("static", "desk.css").read_text("utf-8")
    own = resources.files("trivet.audit").joinpath("report.css").read_text("utf-8")
    return environment.from_string(source).render(
        report=report, look=Markup(look + own), tones=TONES, clauses=etsi.CLAUSES, failed=FAILED
    )


def _when(at: dt.datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M}"
