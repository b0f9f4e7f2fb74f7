"""Webhooks: Standard Webhooks signatures around thin CloudEvents, to every receiver at least once; and the door through
which other systems send what owners say to them.
"""
