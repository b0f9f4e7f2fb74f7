"""The journal's layouts as numbers are those that have names."""

from appliance.store import fields, records
from appliance.store.binary import calcsize


def test_formats_sizes_and_offsets_are_those_of_the_named_fields():
    for kind, form, size in (
        (records.ENTRY, records.ENTRY_FORMAT, records.ENTRY_SIZE),
        (records.TOMBSTONE, records.ENTRY_FORMAT, records.ENTRY_SIZE),
        (records.FRAME, records.FRAME_FORMAT, records.FRAME_HEAD),
        (records.TOTALS, records.TOTALS_FORMAT, records.TOTALS_SIZE),
        (records.SPOOL, records.SPOOL_FORMAT, records.SPOOL_HEAD),
    ):
        assert fields.layout(kind) == form
        assert calcsize(form) == size


def test_every_offset_of_an_entry_is_where_its_field_lies():
    offsets = {
        "event": records.E_EVENT,
        "status": records.E_STATUS,
        "occurrence": records.E_OCCURRENCE,
        "fdc_max": records.E_FDC_MAX,
        "ages": records.E_AGES,
        "flags": records.E_FLAGS,
        "priority": records.E_PRIORITY,
        "who": records.E_WHO,
        "first_boot": records.E_FIRST,
        "last_boot": records.E_LAST,
        "operation_s": records.E_OPERATION_S,
        "cycle": records.E_CYCLE,
        "order": records.E_ORDER,
        "catalogue": records.E_CATALOGUE,
        "grant": records.E_GRANT,
        "cleared_boot": records.E_CLEARED,
        "firmware": records.E_FIRMWARE,
    }
    at = 0
    for name, form in zip(*[part.split() for part in fields.LAYOUTS[records.ENTRY]], strict=True):
        if name in offsets:
            assert offsets[name] == at
        at += calcsize("<" + form)
    assert at == records.ENTRY_SIZE
