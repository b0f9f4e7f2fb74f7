"""The words of the command `trivet`, one file each; `trivet.cli` finds them."""
