"""The menu's digits: what they may be, and how fast they may be guessed."""

import asyncio

import pytest

from netboot.bootmenu import password as menu_password
from netboot.bootmenu.password import TRIES, TRIES_IN_ALL, TRIES_WITHIN, MenuPassword, hash_menu_password
from netboot.shared.errors import NetbootError

DIGITS = "240871"
STORED = hash_menu_password(DIGITS)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def password(clock: Clock) -> MenuPassword:
    return MenuPassword(lambda: STORED, clock)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What argon2 was asked; it is spared, and answers at once."""
    asked: list[str] = []

    def is_right(digits: str, stored: str) -> bool:
        asked.append(digits)
        return digits == DIGITS

    monkeypatch.setattr(menu_password, "is_right", is_right)
    return asked


@pytest.mark.parametrize("digits", ["12345", "1234567890123", "12a456", "１２３４５６", " 123456"])
def test_a_password_is_six_to_twelve_digits(digits: str) -> None:
    with pytest.raises(NetbootError, match="digits"):
        hash_menu_password(digits)


def test_no_password_is_asked_for_when_none_is_set() -> None:
    assert hash_menu_password("") == ""
    for unset in (MenuPassword(lambda: ""), MenuPassword(lambda: None)):
        assert not unset.is_set()
        assert asyncio.run(unset.try_digits("", mac="", address="")) == "right"


async def test_the_right_digits_are_right_and_others_are_not(password: MenuPassword) -> None:
    assert password.is_set()
    assert await password.try_digits(DIGITS, mac="a", address="1") == "right"
    assert await password.try_digits("240872", mac="a", address="1") == "wrong"
    assert await password.try_digits("", mac="a", address="1") == "wrong"
    assert await password.try_digits("9" * 100_000, mac="a", address="1") == "wrong"


async def test_grubs_head_and_get_are_one_guess(password: MenuPassword, cheap: list[str]) -> None:
    for _ in range(TRIES * 2):
        assert await password.try_digits("111111", mac="a", address="1") == "wrong"
    assert cheap == ["111111"]
    assert await password.try_digits(DIGITS, mac="a", address="1") == "right"


async def test_a_pc_has_five_guesses_in_five_minutes(password: MenuPassword, clock: Clock, cheap: list[str]) -> None:
    for number in range(TRIES):
        assert await password.try_digits(f"{number:06}", mac="a", address=f"{number}") == "wrong"
    assert await password.try_digits(DIGITS, mac="a", address="9") == "too-many"
    assert await password.try_digits(DIGITS, mac="b", address="9") == "right"
    clock.now += TRIES_WITHIN + 1
    assert await password.try_digits(DIGITS, mac="a", address="9") == "right"


async def test_another_address_in_the_question_gives_one_pc_no_more_guesses(
    password: MenuPassword, cheap: list[str]
) -> None:
    for number in range(TRIES):
        assert await password.try_digits(f"{number:06}", mac=f"{number}", address="1") == "wrong"
    assert await password.try_digits(DIGITS, mac="b", address="1") == "too-many"


async def test_all_guesses_together_are_bounded(password: MenuPassword, cheap: list[str]) -> None:
    found = [
        await password.try_digits(f"{number:06}", mac=f"{number}", address=f"{number}")
        for number in range(TRIES_IN_ALL + 1)
    ]
    assert found == ["wrong"] * TRIES_IN_ALL + ["too-many"]
    assert len(cheap) == TRIES_IN_ALL


async def test_the_right_digits_begin_anew(password: MenuPassword, cheap: list[str]) -> None:
    for number in range(TRIES - 1):
        await password.try_digits(f"{number:06}", mac="a", address="1")
    assert await password.try_digits(DIGITS, mac="a", address="1") == "right"
    assert await password.try_digits("999999", mac="a", address="1") == "wrong"
