"""The desk at an appliance from afar: sessions that its owner sees and can stop, self-tests and fixes within them, and
whether a fix helped, which the appliance's own monitors say.

`sessions` begins and ends one, `acts` asks for a test or a fix, `heard` takes what the appliance says, `verify` judges
a fix, `job` ends by the clock, `listing` shows. Nothing here sends: commands go through `trivet.control`.
"""
