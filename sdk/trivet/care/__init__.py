"""Reminders and care tips from how an appliance is used, for owners who said yes to `personal`, and for nobody else."""
