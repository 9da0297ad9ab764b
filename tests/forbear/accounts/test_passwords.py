"""Passwords: which ones will do, and that only a hash that takes long to guess is kept."""

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from forbear.accounts import passwords
from forbear.accounts.accounts import UnfitError


def reason(password: str, name: str = "wang") -> str | None:
    try:
        passwords.check(password, name)
    except UnfitError as error:
        assert error.field == "password"
        return error.reason
    return None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("k7#mPq2!xVb", "short"),
        ("k7#mPq2!xVbz", None),
        ("山高月小水落石出清风徐来", None),
        ("x" * 8, "short"),
        ("correct horse battery " * 5 + "k7#mPq2!xVbzabcdef", None),
        ("correct horse battery " * 5 + "k7#mPq2!xVbzabcdefg", "long"),
        ("aaaaaaaaaaaa", "easy"),
        ("abababababab", "easy"),
        ("123412341234", "easy"),
        ("123451234512", "easy"),
        ("123456789012", "easy"),
        ("abcdefghijkl", "easy"),
        ("QWERTYUIOPAS", "easy"),
        ("qwertyuiopaz", "easy"),
        ("password1234", "easy"),
        ("P@ssw0rd2026", "easy"),
        ("ILoveYou1234", "easy"),
        ("1qaz2wsx3edc", "easy"),
        ("woaini1314520", "easy"),
        ("zhangsan123456", "easy"),
        ("admin@123456", "easy"),
        ("Forbear2026!", "easy"),
        ("wang19900307", "easy"),
        ("password" * 16, "easy"),
    ],
)
def test_a_password_is_long_and_not_what_is_tried_first(password: str, why: str | None) -> None:
    assert reason(password) == why


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("administrator", "name"),
        ("Administrator", "name"),
        ("administratoradministrator", "name"),
        ("the administrator", "easy"),
        ("the administrator sleeps at nine", None),
    ],
)
def test_a_password_is_not_the_name(password: str, why: str | None) -> None:
    assert reason(password, "administrator") == why


def test_a_password_fits_its_own_hash_only() -> None:
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert passwords.fits("correct horse battery", kept)
    assert not passwords.fits("correct horse batterY", kept)
    assert not passwords.fits("", kept)


def test_the_same_password_is_kept_under_another_hash_each_time() -> None:
    assert passwords.hashed("correct horse battery") != passwords.hashed("correct horse battery")


def test_a_password_typed_full_width_is_the_same() -> None:
    assert passwords.fits("ｃｏｒｒｅｃｔ　horse battery", passwords.hashed("correct horse battery"))


@pytest.mark.parametrize("kept", [None, "none", ""])
def test_without_a_hash_no_password_fits(kept: str | None) -> None:
    assert not passwords.fits("correct horse battery", kept)


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse battery")
    assert passwords.fits("correct horse battery", weaker)
    assert passwords.outdated(weaker)
    assert not passwords.outdated(passwords.hashed("correct horse battery"))


@given(st.integers(0, 999))
def test_a_generated_password_will_do_and_is_not_given_twice(_: int) -> None:
    made = passwords.generated()
    assert reason(made) is None
    assert made != passwords.generated()
    assert not set(made) & set("01ilo")
