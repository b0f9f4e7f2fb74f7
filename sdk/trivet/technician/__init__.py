"""The technician's bench: what a code means without any appliance, and a client of the service port.

Takes codes, a port; gives answers as typed values and words. Knows no cloud and needs no network.
"""
