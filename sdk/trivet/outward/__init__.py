"""What every way out of the cloud shares: the outbox that is fed by the timeline, the schedule of retries, requests
that reach no private address, signatures, sealed secrets.
"""
