"""Passwords: which ones will do, and their Argon2id hashes."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from forbear.accounts.accounts import UnfitError

SHORTEST, LONGEST = 12, 200  # characters; no rules of composition (NIST SP 800-63B, 3.1.1.2)
_LEAST_DIFFERENT = 5
_ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")  # typed by running a finger along
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_hasher = PasswordHasher()  # Argon2id as RFC 9106 has it for little memory: 64 MiB, 3 passes, 4 lanes


def check(password: str, name: str) -> None:
    """Raise UnfitError if an account of this name should not have this password."""
    plain = _normal(password).lower()
    if len(plain) < SHORTEST:
        raise UnfitError("password", "short", f"A password has at least {SHORTEST} characters: take a longer one.")
    if len(plain) > LONGEST:
        raise UnfitError("password", "long", f"A password has at most {LONGEST} characters: take a shorter one.")
    if not plain.replace(name.lower(), "").strip():
        raise UnfitError("password", "name", "The password is the account's name: take one that nobody guesses.")
    if len(set(plain)) < _LEAST_DIFFERENT or any(plain in row * (LONGEST // len(row) + 2) for row in _ROWS):
        raise UnfitError("password", "easy", "This password is among the first that are tried: take another one.")


def hashed(password: str) -> str:
    """The hash to keep of a password."""
    return _hasher.hash(_normal(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether this is the password of a hash; None (no such account) is never fitted and takes as long."""
    nobodys = _hash_of_nobody()
    try:
        return _hasher.verify(kept or nobodys, _normal(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(kept)


def generated() -> str:
    """A password to hand over: 79 bits, in groups that can be read out and typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


@cache
def _hash_of_nobody() -> str:
    return hashed(secrets.token_urlsafe())


def _normal(password: str) -> str:
    """One form for what keyboards write in several, full-width letters of a Chinese one included."""
    return unicodedata.normalize("NFKC", password)
