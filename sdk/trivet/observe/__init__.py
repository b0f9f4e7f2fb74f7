"""How a running cloud is watched: its log as lines for programs, its state as numbers. Neither holds anything of a
person."""
