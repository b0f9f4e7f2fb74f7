"""The wear budget of journal and ledger: how many years until the most worn sector reaches its erases, from real sizes.

Takes a partition's geometry and what a day writes, gives years. Pure arithmetic over the layouts of `records.py`; a
ring wears all sectors alike (they differ by one erase at most), so bytes a day divide evenly. Runs on the host.
"""

from .records import BOOT_FORMAT, ENTRY_SIZE, FRAME_HEAD, SPOOL_HEAD, TOTALS_SIZE
from .ring import FIRST, HEAD, MAX_PAYLOAD

BLOCK_PAYLOAD = 128  # a STATUS record: 16 events of 8 bytes
NOTED = 8 + 22 + 8  # a SENT record of the ledger: time, what was sent, mac (trust/chain.py, which a test holds to it)
SUMMED = 8 + 85 + 8  # a SUMMARY, which begins each sector
LEDGER_END = 32 + 4 * 11 + 8  # the journal's word of the ledger's end, with every note (trust/ledger.py)
LIVE_SHARE = 0.5  # of the partition alive: each reclaimed sector copies this share forward first


def record_bytes(payload: int, write_size: int = 8) -> int:
    """Flash bytes of one record."""
    return HEAD + (payload + write_size - 1) // write_size * write_size


def fault_bytes(frame: int = 300, evidence: int = 420, fault: int = 48) -> int:
    """One fault that comes, confirms, passes and is told: entry and status block three times, a frame, two messages,
    receipts."""
    saved = 3 * (record_bytes(ENTRY_SIZE) + record_bytes(BLOCK_PAYLOAD) + HEAD)
    told = 2 * record_bytes(SPOOL_HEAD + fault) + record_bytes(SPOOL_HEAD + evidence) + 3 * HEAD
    reported = 3 * (record_bytes(64) + HEAD)
    return saved + record_bytes(FRAME_HEAD + frame) + told + reported


def heartbeat_bytes(message: int = 48) -> int:
    """One heartbeat, spooled and receipted."""
    return record_bytes(SPOOL_HEAD + message) + HEAD


def cycle_bytes(blocks: int = 2, message: int = 48) -> int:
    """One operation cycle: totals and status blocks at start and end and every minute between the first tests, two
    messages."""
    saved = 4 * (blocks * record_bytes(BLOCK_PAYLOAD) + record_bytes(TOTALS_SIZE) + HEAD)
    return saved + 2 * (record_bytes(SPOOL_HEAD + message) + HEAD)


def day_bytes(faults: int = 50, heartbeats: int = 24, cycles: int = 10, starts: int = 10) -> int:
    """Flash bytes that a day appends, before reclaim."""
    boots = starts * record_bytes(len(BOOT_FORMAT) * 2)
    noted = notes(faults, heartbeats, cycles, starts) * record_bytes(LEDGER_END)
    return faults * fault_bytes() + heartbeats * heartbeat_bytes() + cycles * cycle_bytes() + boots + noted


def notes(faults: int = 50, heartbeats: int = 24, cycles: int = 10, starts: int = 10) -> int:
    """Records that a day adds to the ledger: each message of a fault (two and its evidence), heartbeat, cycle (two) and
    start (inventory), the hellos of as many connections, the starts, and the heads told of all of them."""
    sent = 3 * faults + heartbeats + 2 * cycles + 3 * starts
    return sent + sent // 32 + 1


def wear_years(
    sectors: int = 16,
    sector_size: int = 4096,
    erases: int = 100_000,
    faults: int = 50,
    heartbeats: int = 24,
    cycles: int = 10,
    starts: int = 10,
) -> float:
    """Years until a sector of the journal has `erases` erases. Pessimistic: every sector is closed as early as the
    longest record can close it, and LIVE_SHARE of each is copied forward."""
    usable = sector_size - FIRST - record_bytes(MAX_PAYLOAD)
    fresh = usable * (1 - LIVE_SHARE)  # what one erase gains
    erases_a_day = day_bytes(faults, heartbeats, cycles, starts) / fresh / sectors
    return erases / erases_a_day / 365.25


def ledger_years(
    sectors: int = 8,
    sector_size: int = 4096,
    erases: int = 100_000,
    faults: int = 50,
    heartbeats: int = 24,
    cycles: int = 10,
    starts: int = 10,
) -> float:
    """Years until a sector of the ledger has `erases` erases. Nothing is copied there."""
    usable = sector_size - FIRST - record_bytes(SUMMED) - record_bytes(NOTED)
    erases_a_day = notes(faults, heartbeats, cycles, starts) * record_bytes(NOTED) / usable / sectors
    return erases / erases_a_day / 365.25
