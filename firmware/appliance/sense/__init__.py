"""From raw readings to verdicts: board, signals with validity, conditions, monitors. Pure; a tick allocates nothing."""
