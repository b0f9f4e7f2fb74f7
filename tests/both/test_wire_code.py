"""Codes for people: what is misread is refused, with words that help."""

from runner import MICROPYTHON, run
from trivet_wire import code

STRIDE = 97 if MICROPYTHON else 1  # MicroPython takes every 97th code where CPython takes all
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. "


def refused(text: str) -> bool:
    try:
        code.parse(text)
    except code.CodeError as error:
        return len(str(error)) > 20
    return False


def test_the_code_of_the_handbook() -> None:
    assert code.parse("H07-1K") == code.parse_stem("H07-1") == code.number_of("H", 71)
    assert code.code_text(code.parse_stem("H07-1")) == "H07-1K"
    assert code.parse(" h071k ") == code.parse("H07-1K")


def test_every_code_reads_back_and_fits_sixteen_bits() -> None:
    for number in range(0, code.COUNT, STRIDE):
        assert code.parse(code.code_text(number)) == number
    assert code.COUNT <= 0x10000


def test_every_single_wrong_digit_or_letter_changes_the_check_character() -> None:
    """All of 23,000 codes: each other letter in front, each other digit in each of the three places."""
    checks = [code.check_character(number) for number in range(code.COUNT)] if STRIDE == 1 else None
    for number in range(0, code.COUNT, STRIDE):
        right = code.check_character(number)
        for weight, count in ((1000, 23), (100, 10), (10, 10), (1, 10)):
            own = number // weight % count
            for other in range(count):
                wrong = number + (other - own) * weight
                check = checks[wrong] if checks else code.check_character(wrong)
                assert other == own or check != right


def test_every_swap_of_neighbouring_digits_changes_the_check_character() -> None:
    for number in range(0, code.COUNT, STRIDE):
        first, second, third = number // 100 % 10, number // 10 % 10, number % 10
        letter = number // 1000 * 1000
        if first != second:
            assert code.check_character(letter + second * 100 + first * 10 + third) != code.check_character(number)
        if second != third:
            assert code.check_character(letter + first * 100 + third * 10 + second) != code.check_character(number)


def test_as_text_every_wrong_character_and_every_swap_is_refused() -> None:
    for number in range(0, code.COUNT, 97 if STRIDE == 1 else 1553):
        text = code.code_text(number)
        for place in range(6):
            for other in CHARACTERS:
                wrong = text[:place] + other + text[place + 1 :]
                assert other == text[place] or refused(wrong), wrong
        for place in range(5):
            swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
            assert swapped == text or refused(swapped), swapped


def test_without_its_dash_too() -> None:
    for number in range(0, code.COUNT, 997):
        text = code.code_text(number).replace("-", "")
        for place in range(5):
            for other in CHARACTERS:
                wrong = text[:place] + other + text[place + 1 :]
                assert other == text[place] or refused(wrong), wrong
        for place in range(4):
            swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
            assert swapped == text or refused(swapped), swapped


def test_what_is_no_code_at_all() -> None:
    for text in (
        "",
        "H",
        "H07-1",
        "H07-1KK",
        "H-071K",
        "I07-1K",
        "H0A-1K",
        "H07-17",
        "\u00e907-1K",
        "H07--K",
        "H07-1\u00df",
    ):
        assert refused(text), text
    for letter, digits in (("", 0), ("I", 0), ("HH", 0), ("h", 0), ("H", 1000), ("H", -1)):
        try:
            code.number_of(letter, digits)
        except code.CodeError:
            continue
        raise AssertionError(letter)


run(globals()) if __name__ == "__main__" else None
