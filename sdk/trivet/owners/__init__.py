"""What an owner sees of their own appliances: state in plain words, what was sent and why, what happened.

`own` says which appliances are theirs; everything else takes one of those. Never shows anything of an earlier owner.
"""
