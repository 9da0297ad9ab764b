"""Passwords: which ones will do, and their Argon2id hashes."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn  # type: ignore[import-untyped] # it says no types

from forbear.accounts.accounts import UnfitError

SHORTEST, LONGEST = 12, 128  # characters; no rules of composition (NIST SP 800-63B, 3.1.1.2)
_GOOD = 3  # of zxcvbn's scores, 0 to 4: more than a hundred million guesses
_LOOKED_AT = 72  # characters: more of them are no easier, and it would take long
# What is tried first here and is in no list of elsewhere; besides, thirty thousand common passwords, names and words.
_OURS = ("forbear", "admin", "root", "woaini", "aini", "zhangsan", "lisi", "wangwu", "5201314", "1314520", "521")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_hasher = PasswordHasher()  # Argon2id as RFC 9106 has it for little memory: 64 MiB, 3 passes, 4 lanes


def check(password: str, name: str) -> int:
    """How hard a password is to guess, 3 or 4. Raises UnfitError if an account of this name should not have it."""
    plain = _normal(password).lower()
    if len(plain) < SHORTEST:
        raise UnfitError("password", "short", f"A password has at least {SHORTEST} characters: take a longer one.")
    if len(plain) > LONGEST:
        raise UnfitError("password", "long", f"A password has at most {LONGEST} characters: take a shorter one.")
    if not plain.replace(name.lower(), "").strip():
        raise UnfitError("password", "name", "The password is the account's name: take one that nobody guesses.")
    looked_at = zxcvbn(plain[:_LOOKED_AT], user_inputs=[name, *_OURS], max_length=_LOOKED_AT)
    if looked_at["score"] < _GOOD:
        raise UnfitError("password", "easy", "This password is among the first that are tried: take another one.")
    return int(looked_at["score"])


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
