"""Cases as tickets in the vendor's own ticket system: opened, commented and closed there as they are here, and what is
written there comes onto the case's timeline.
"""
