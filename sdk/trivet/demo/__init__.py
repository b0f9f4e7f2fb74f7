"""`trivet demo`: an oven calls the desk itself, twice, on real parts. Takes nothing but a folder to work in."""
