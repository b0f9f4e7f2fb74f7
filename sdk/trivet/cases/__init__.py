"""Cases: opened once per appliance and root cause, triaged from evidence, shown by `queries`."""
