"""A part of an update that was brought over the line: `block OFFSET BASE64`. Takes what the appliance asked for (event
`fetch`). Apart from `spoken.py`: while a download is under way there is no heap for the words about it.
"""

from binascii import a2b_base64

from trivet_wire.ids import R_FIELD
from trivet_wire.refuse import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..service.console import Answer, Talk


def main(talk: "Talk", said: "list[str]") -> "Answer":
    """The answer (service/console.py). WireError for what was not asked for; the appliance asks again for what it
    lacks."""
    download, offset = talk.app.download, said[1]
    if download is None or not offset.isdigit() or len(offset) > 7:
        raise WireError(R_FIELD)
    try:
        data = a2b_base64(said[2])
    except ValueError:
        raise WireError(R_FIELD) from None
    if not download.piece(download.start, int(offset), data):
        raise WireError(R_FIELD)
    return None
    yield None  # a generator, as all of them
