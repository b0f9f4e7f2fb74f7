"""From the engine to the database: verify, decode, store once, open cases, receipt."""
