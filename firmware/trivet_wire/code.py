"""Codes that people read, say and type: `H07-1K` is subsystem H, number 07, failure type 1, check character K.

Takes text or a number (the code as a u16, without its check character), gives the other. Never guesses: what is not
exactly a code raises `CodeError`, whose text a person can act on. The check is a weighted sum modulo 23, the number of
letters used; 23 is prime and the weights differ, so every wrong character and every swap of neighbours is caught.
"""

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without I, O and Q, which read as 1 and 0
MODULUS = 23
COUNT = MODULUS * 1000  # numbers 0 … COUNT - 1 are codes
_DASH = 3


class CodeError(ValueError):
    """The text is not a code, or its check character says that it was misread."""


def check_character(number: int) -> str:
    """The letter that ends the code `number`."""
    letter = number // 1000
    total = letter + 2 * (number // 100 % 10) + 3 * (number // 10 % 10) + 4 * (number % 10)
    return LETTERS[total % MODULUS]


def code_text(number: int) -> str:
    """The code as people see it, six characters."""
    if not 0 <= number < COUNT:
        raise CodeError("a code's number lies between 0 and 22999")
    digits = number % 1000
    return "%s%02d-%d%s" % (LETTERS[number // 1000], digits // 10, digits % 10, check_character(number))


def number_of(letter: str, digits: int) -> int:
    """The number of a code from its subsystem letter and its three digits (number and failure type) as one integer."""
    if len(letter) != 1 or letter not in LETTERS or not 0 <= digits <= 999:
        raise CodeError("a code is one of the letters " + LETTERS + " and three digits")
    return LETTERS.index(letter) * 1000 + digits


def parse(text: str) -> int:
    """The number of a code with its check character; case, outer spaces and the dash do not matter."""
    code, checked = _split(text, 5, "such as H07-1K")
    expected = check_character(code)
    if checked != expected:
        if checked not in LETTERS:
            raise CodeError("the last character is one of the letters " + LETTERS)
        raise CodeError("the check character does not fit: read the code again, character by character")
    return code


def parse_stem(text: str) -> int:
    """The number of a code written without its check character, as in a catalogue: `H07-1`."""
    code, _ = _split(text, 4, "such as H07-1")
    return code


def _split(text: str, size: int, example: str) -> "tuple[int, str]":
    for one in text:
        if ord(one) > 126:  # before upper(), which makes an S of a long s in one interpreter and not in the other
            raise CodeError("a code has only letters A to Z, digits and a dash, " + example)
    plain = text.strip(" \t\r\n").upper()
    if plain[_DASH : _DASH + 1] == "-":
        plain = plain[:_DASH] + plain[_DASH + 1 :]
    if len(plain) != size:
        raise CodeError("a code is a letter, two digits, a dash, a digit and a check letter, " + example)
    if plain[0] not in LETTERS:
        raise CodeError("a code begins with one of the letters " + LETTERS + " (I, O and Q are not used)")
    for one in plain[1:4]:
        if one not in "0123456789":
            raise CodeError("after its letter a code has two digits, a dash and a digit, " + example)
    return number_of(plain[0], int(plain[1:4])), plain[4:]
