"""Updates in the cloud: what was published (`publish`), what an appliance may fetch (`asked`, `blocks`, `payloads`),
what is offered to it and what it says of that (`offers`, `told`).

Verifying is `trivet.release`'s; here nothing is built and nothing signed. An appliance verifies for itself: whoever
takes this cloud over can offer what the maker signed, and nothing else.
"""
