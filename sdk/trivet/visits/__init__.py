"""Visits: two-hour windows against what an area's technicians can do in a day, a price that is said before, a yes, an
entry for the owner's calendar. Takes a case that evidence speaks for; never sends anybody without it.
"""
