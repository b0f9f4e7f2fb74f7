"""The cloud's side of privacy: what was agreed to, who read what for what, how long it stays, and how it goes away.

`texts` what an owner is shown; `state` what holds; `requests` decisions made in the account; `access` and `uses` every
read; `security` what must not happen; `retention`, `export`, `erase`, `proof` and `records` the owner's rights.
"""
