"""How an owner is told: channels, quiet hours, zone, language, on one form. Takes the form of the owner who is signed
in, keeps their choice; what cannot be kept is said in their language and nothing of what they typed is lost.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from trivet.api.auth import User
from trivet.api.ports import CloudPort
from trivet.desk import gate
from trivet.desk.doors import door_page, form_of
from trivet.desk.texts import LANGUAGES, Words
from trivet.notify import choices
from trivet.notify.config import Config, NotifyError, load

MOST = 40  # fields: two for each of 16 channels, and the rest
router = APIRouter(prefix=f"{gate.OWN}/notify", include_in_schema=False)


@router.get("")
async def show(request: Request) -> Response:
    """What holds now."""
    cloud: CloudPort = request.app.state.cloud
    user: User = request.scope["trivet.user"]
    config = load(cloud.settings.data_dir)
    async with cloud.store.reading() as session:
        choice = await choices.of(session, user.owner, config)
    first, end = choice.quiet
    form = {"from": str(first), "until": str(end), "zone": choice.zone, "language": choice.language}
    for name, address in choice.channels.items():
        form |= {f"use_{name}": "yes", f"to_{name}": address}
    return _page(request, config, form)


@router.post("")
async def keep(request: Request) -> Response:
    """From now on."""
    cloud: CloudPort = request.app.state.cloud
    user: User = request.scope["trivet.user"]
    config = load(cloud.settings.data_dir)
    names = [f"{part}_{name}" for name in config.channels for part in ("use", "to")]
    form = await form_of(request, "from", "until", "zone", "language", *names, most=MOST)
    if form is None:
        return Response(status_code=413)
    words = Words(gate.language_of(request))
    wanted: dict[str, str | None] = {
        name: form[f"to_{name}"].strip() or None for name in config.channels if form[f"use_{name}"] == "yes"
    }
    try:
        async with cloud.store.writing() as session:
            quiet, zone = _hours(form), form["zone"].strip()
            await choices.choose(session, user.owner, config, wanted, zone=zone, quiet=quiet, language=form["language"])
    except NotifyError as error:
        about = error.about if error.about in ("hours", "zone", "address") else "address"
        return _page(request, config, form, 422, error=words("my_notify.refused", why=words(f"my_notify.bad_{about}")))
    return _page(request, config, form, kept=True)


def _hours(form: Mapping[str, str]) -> tuple[int, ...]:
    """Two hours; none where it is the same one twice. Raises NotifyError."""
    given = form["from"], form["until"]
    if not all(one.isascii() and one.isdecimal() and len(one) <= 2 for one in given):
        raise NotifyError("quiet hours are two of 0 to 23", "hours")
    first, end = int(given[0]), int(given[1])
    return () if first == end and first <= 23 else (first, end)


def _page(
    request: Request, config: Config, form: Mapping[str, str], status: int = 200, *, error: str = "", kept: bool = False
) -> Response:
    zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    values = {"channels": config.channels, "form": form, "zones": zones, "languages": LANGUAGES, "kept": kept}
    return door_page(request, "my_notify.html", status, error=error, **values)
