"""How far new appliances come: where set-ups stop, in counts alone."""
