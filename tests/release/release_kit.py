"""What the tests of this room share."""

TODAY = 1_800_000_000  # Unix s; days in a manifest count from the start of that day
