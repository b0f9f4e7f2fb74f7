"""A fuzzer for parsers of CBOR, in plain Python: `tree.py` takes bytes apart and puts them together again, `mutate.py`
changes them, `loop.py` runs targets over them, guided by the lines they reach, and watches time and memory.

Own code, because what is fuzzed is Python and small: a library that instruments it would own the process, and could not
tell a hang, memory that grows and an accepted forgery apart, which is what is asked.
"""
