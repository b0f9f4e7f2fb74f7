"""The appliance's firmware: rooms in the order of the data's way. `app.py` puts them together."""

VERSION = "0.1.0"
