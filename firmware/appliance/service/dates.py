"""Moments in figures: takes Unix time, gives text. Loaded while somebody reads one."""


def when(wall: int) -> str:
    """Unix time as date and time, UTC: 2026-11-24 18:04 UTC."""
    days = wall // 86400 + 719468
    era = days // 146097
    of_era = days - era * 146097
    years = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    day = of_era - (365 * years + years // 4 - years // 100)
    month = (5 * day + 2) // 153
    year = years + era * 400 + (1 if month >= 10 else 0)
    date = "%d-%02d-%02d" % (year, month + 3 if month < 10 else month - 9, day - (153 * month + 2) // 5 + 1)
    return date + " %02d:%02d UTC" % (wall // 3600 % 24, wall // 60 % 60)
