"""The rules of events as cases, one line each: (rule, name, configuration, script). Read by `test_dem.py` in both
interpreters.

A script is words: F P f p n report FAILED, PASSED, PREFAILED, PREPASSED, NOT_RUN (3f: three times) · ( ) operation
cycle start and end · ok: a cycle that passes, ko: one that fails · +500 time goes on by 500 ms, then a tick · x o
enable condition false, true · s S storage condition false, true · C clear · R restart from flash · =2F the status
byte is 0x2F · @64 the fault detection counter is 64 · #2 occurrence is 2 · E e an entry is, is not there · r the
entry says it came back after a clear · m50 the near miss is 50 · T a tombstone is there · c2 the count of the freeze
frame's cycle is 2 · j+ j- the frame's trigger was test failed, confirmed.
"""

COUNT = {"fail": 3, "good": -2}
STEPS = {"fail": 10, "good": -10, "inc": 4, "dec": 3}
JUMPS = {"fail": 10, "good": -10, "up": 0, "down": 0}
TIMED = {"kind": 1, "fail": 1000, "good": 500}
PLAIN: "dict[str, int]" = {}
TWICE = {"confirm": 2, "heal": 1, "age": 1}
LAMP = {"warning": 1, "heal": 2, "age": 2}
AGE = {"age": 2}
RESET = {"fail": 3, "good": -2, "on_disable": 1}
TIMED_RESET = {"kind": 1, "fail": 1000, "good": 500, "on_disable": 1}

CASES = (
    # Debounce by counter
    ("Debounce", "below the threshold nothing is qualified", COUNT, "2f =50 @84"),
    ("Debounce", "the threshold qualifies FAILED", COUNT, "3f =2F @127"),
    ("Debounce", "PREPASSED to its threshold qualifies PASSED", COUNT, "2p =00 @-128"),
    ("Debounce", "one PREPASSED is half-way", COUNT, "p =50 @-64"),
    ("Debounce", "the counter stops at t_fail", COUNT, "9f @127 p @84"),
    ("Debounce", "the counter stops at t_pass", COUNT, "9p @-128 f @-64"),
    ("Debounce", "FAILED sets the counter to its threshold", COUNT, "F =2F @127"),
    ("Debounce", "PASSED sets the counter to its threshold", COUNT, "P =00 @-128"),
    ("Debounce", "steps are inc and dec", STEPS, "f @50 p @12 p @-25"),
    ("Debounce", "inc overshooting stops at the threshold", STEPS, "3f @127 =2F"),
    ("Debounce", "dec overshooting stops at the threshold", STEPS, "4p @-128 =00"),
    ("Debounce", "jump up leaves the passed side at once", JUMPS, "10p @-128 f @12"),
    ("Debounce", "jump down leaves the failed side at once", JUMPS, "10f @127 p @-12"),
    ("Debounce", "without jump the way back is long", {"fail": 10, "good": -10}, "10p f @-115"),
    ("Debounce", "jump up does not pull down", JUMPS, "3f @38 f @50"),
    ("Debounce", "a fall back from qualified keeps bit 0", COUNT, "3f =2F p =2F"),
    ("Debounce", "NOT_RUN freezes the counter", COUNT, "2f 5n @84 f =2F"),
    ("Debounce", "NOT_RUN resets where the event says so", RESET, "2f n @0 2f =50"),
    ("Debounce", "thresholds of one qualify at once", PLAIN, "f =2F 2p =2E"),
    # Debounce by time
    ("Debounce time", "the first PREFAILED starts the timer", TIMED, "f =50 +999 =50 +1 =2F"),
    ("Debounce time", "repeats do not restart it", TIMED, "f +600 f +400 =2F"),
    ("Debounce time", "a change of direction restarts it", TIMED, "f +900 p f +900 =50 +100 =2F"),
    ("Debounce time", "PREPASSED runs to its own time", TIMED, "p +499 =50 +1 =00"),
    ("Debounce time", "explicit FAILED qualifies at once", TIMED, "F =2F @127"),
    ("Debounce time", "explicit PASSED qualifies at once", TIMED, "f +500 P =00 @-128"),
    ("Debounce time", "FDC grows with time", TIMED, "f +500 @63"),
    ("Debounce time", "FDC falls with time", TIMED, "p +250 @-64"),
    ("Debounce time", "NOT_RUN holds the timer", TIMED, "f +500 n +5000 =50 f +499 =50 +1 =2F"),
    ("Debounce time", "NOT_RUN resets where the event says so", TIMED_RESET, "f +900 n f +999 =50 +1 =2F"),
    ("Debounce time", "an expiry between two reports counts", TIMED, "f +5000 p =2F"),
    ("Debounce time", "zero milliseconds qualify at once", {"kind": 1, "fail": 0, "good": 0}, "f =2F @127 p =2E"),
    # Enable and storage conditions
    ("Enable condition", "false ignores reports", PLAIN, "x F =50 @0"),
    ("Enable condition", "freezes the counter", COUNT, "2f x 3f @84 o f =2F"),
    ("Enable condition", "or resets it", RESET, "2f x o @0 2f =50"),
    ("Enable condition", "freezes the timer", TIMED, "f +500 x +5000 =50 o f +499 =50 +1 =2F"),
    ("Enable condition", "or resets the timer", TIMED_RESET, "f +900 x o f +999 =50 +1 =2F"),
    ("Enable condition", "false keeps the status", PLAIN, "F x P =2F"),
    ("Storage condition", "false keeps the status but writes no entry", PLAIN, "s F =2F e"),
    ("Storage condition", "true again writes it while the fault stands", PLAIN, "s F e S E"),
    ("Storage condition", "true again writes nothing once it passed", PLAIN, "s F P S e"),
    # Status byte
    ("Status", "initial", PLAIN, "=50"),
    ("Status", "qualified FAILED sets 0 1 2 5, clears 4 6", TWICE, "F =27"),
    ("Status", "qualified PASSED clears 4 6 only", PLAIN, "P =00"),
    ("Status", "PASSED after FAILED clears bit 0 only", TWICE, "F P =26"),
    ("Status", "FAILED again after PASSED sets bit 0", TWICE, "F P F =27"),
    ("Status", "repeated FAILED changes nothing", TWICE, "4F =27 #1"),
    ("Status", "cycle start sets 6", PLAIN, "P ( =40"),
    ("Status", "cycle start clears 1, bit 0 stays", TWICE, "F ( =65"),
    ("Status", "cycle start resets debounce", COUNT, "2f ( @0 2f =50"),
    ("Status", "cycle start resets a timer", TIMED, "f +900 ( +900 =50"),
    ("Status", "a second start while it runs is nothing", TWICE, "( F ( =27"),
    ("Status", "an end without a start is nothing", TWICE, "F P ) =26"),
    ("Status", "cycle end: passed and never failed clears 2", TWICE, "( F ) ( P =24 ) =20"),
    ("Status", "cycle end: failed keeps 2", TWICE, "( F P ) =26"),
    ("Status", "cycle end: not tested keeps 2", TWICE, "( F ) ( ) =65"),
    ("Status", "bit 5 stays until clear", TWICE, "ko ok ok ok =20 C =50"),
    ("Status", "bit 4 goes with the first test", PLAIN, "=50 P =00 ( =40"),
    ("Status", "survives a restart", TWICE, "F R =27"),
    ("Status", "a cycle that a restart cut is ended", TWICE, "( F ) ( P R =20"),
    ("Status", "a failed cycle that a restart cut stays failed", TWICE, "( F P R =26"),
    # Occurrence
    ("Occurrence", "rises on the edge of bit 0", PLAIN, "F #1 P F #2"),
    ("Occurrence", "does not rise while bit 0 stays over a cycle", PLAIN, "( F ) ( F #1"),
    ("Occurrence", "saturates", PLAIN, "300FP #255"),
    ("Occurrence", "survives a restart", PLAIN, "F P F R #2"),
    # Confirmation
    ("Confirmation", "at once with threshold one", PLAIN, "F =2F"),
    ("Confirmation", "in the second failed cycle with threshold two", TWICE, "ko =27 ( F =2F"),
    ("Confirmation", "once a cycle only", TWICE, "( F P F P F =27"),
    ("Confirmation", "immediate for codes that say so", {"confirm": 9, "immediate": 1}, "F =2F"),
    ("Confirmation", "a passed cycle resets the failure counter", TWICE, "ko ok ko =27"),
    ("Confirmation", "an untested cycle does not", TWICE, "ko ( ) ko =2F"),
    ("Confirmation", "a cycle that failed and passed counts as failed", TWICE, "( F P ) ko =2F"),
    ("Confirmation", "the failure counter survives a restart", TWICE, "ko R ko =2F"),
    ("Confirmation", "the warning follows it", LAMP, "F =AF"),
    # Healing
    ("Healing", "the warning stays before the threshold", LAMP, "ko ok =A8"),
    ("Healing", "the warning goes at the threshold", LAMP, "ko ok ok =28"),
    ("Healing", "a fail resets the count", LAMP, "ko ok ko ok =A8 ok =28"),
    ("Healing", "an untested cycle does not count", LAMP, "ko ok ( ) =E8"),
    ("Healing", "the count survives a restart", LAMP, "ko ok R ok =28"),
    ("Healing", "a new failure asks for the warning again", LAMP, "ko ok ok ko =AF"),
    ("Healing", "never with threshold zero", {"warning": 1}, "ko ok ok ok ok =A8"),
    # Aging
    ("Aging", "not before its threshold", AGE, "ko ok =28 E"),
    ("Aging", "clears 2 and 3, and the entry goes", AGE, "ko ok ok =20 e"),
    ("Aging", "only with bit 7 = 0", LAMP, "ko ok ok =28 E ok =28 E ok =20 e"),
    ("Aging", "a fail resets the count", AGE, "ko ok ko ok =28 E"),
    ("Aging", "its progress survives restarts", AGE, "ko ok R ok =20 e"),
    ("Aging", "an untested cycle does not count", AGE, "ko ok ( ) E"),
    ("Aging", "never with threshold zero", PLAIN, "ko ok ok ok ok ok =28 E"),
    ("Aging", "the entry stays gone after a restart", AGE, "ko ok ok R =20 e"),
    # Entries, frames, near misses
    ("Entry", "is made with the qualified failure", TWICE, "F E"),
    ("Entry", "is not made by a pass", PLAIN, "P e"),
    ("Entry", "survives a restart", PLAIN, "F R E"),
    ("Freeze frame", "is taken at test failed", PLAIN, "F j+"),
    ("Freeze frame", "is taken at confirmed for codes that say so", {"confirm": 2, "trigger": 3}, "ko e ko j-"),
    ("Near miss", "an excursion that never qualified is kept", COUNT, "2f 4p m84"),
    ("Near miss", "the highest is kept", {"fail": 10, "good": -10}, "5f 9p 2f 9p m63"),
    ("Near miss", "none while the excursion lasts", COUNT, "2f m0"),
    ("Near miss", "none where it qualified", COUNT, "3f 5p m0"),
    ("Near miss", "survives a restart", COUNT, "2f 4p R m84"),
    # Clear
    ("Clear", "gives the initial status", PLAIN, "F C =50 e"),
    ("Clear", "resets debounce", COUNT, "2f C @0 2f =50"),
    ("Clear", "resets occurrence and near miss", COUNT, "2f 4p F C #0 m0"),
    ("Clear", "is not erase: a tombstone stays", PLAIN, "F C T R T"),
    ("Clear", "resets the failure counter", TWICE, "ko C ko =27"),
    ("Clear", "a fault that returns says so", PLAIN, "F C F r"),
    ("Clear", "says so after a restart too", PLAIN, "F C R F r"),
    ("Clear", "of a standing fault lets it come again", PLAIN, "F C =50 F =2F #1"),
)
