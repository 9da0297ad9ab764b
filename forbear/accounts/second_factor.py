"""The second factor: a code of six digits that an authenticator shows (TOTP, RFC 6238), or a recovery code.

Passkeys are the other kind (`passkeys`); recovery codes go with either.

A code counts in its half minute and the ones before and after it, for clocks that differ, and is taken once. Recovery
codes are for whoever lost the authenticator, each of them good once.
"""

import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pyotp

from forbear.accounts import passwords
from forbear.accounts.accounts import UnfitError
from forbear.ledger.ledger import SYSTEM
from forbear.ledger.unit_of_work import Work
from models.account import Account

ISSUER: Final = "Forbear"  # what an authenticator calls it
RECOVERY_CODES: Final = 10
_AROUND: Final = 1  # half minutes before and after the present one
_SALT: Final = 32  # hex digits
_BLANKS = re.compile(r"[\s-]+")


def new_secret() -> str:
    """What codes are made from: 160 bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What a QR code tells an authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def turn_on(work: Work, account: Account, secret: str, code: str) -> tuple[str, ...]:
    """Ask an account for codes from now on; answers its recovery codes. Raises UnfitError unless a code shows it works.

    The account is locked.
    """
    step = _step(work, secret, code, None)
    if step is None:
        raise UnfitError("code", "wrong", "This is not the code that the authenticator shows now.")
    account.second_factor = work.vault.seal(secret, _place(account))
    codes = give_recovery_codes(account)
    account.code_step = step
    work.session.add(account)
    work.note("second_factor_on", f"account:{account.id}")
    return codes


def give_recovery_codes(account: Account) -> tuple[str, ...]:
    """New recovery codes for an account in place of those it had."""
    codes = tuple(passwords.generated() for _ in range(RECOVERY_CODES))
    account.recovery = [_hashed(each, secrets.token_hex(_SALT // 2)) for each in codes]
    return codes


def turn_off(work: Work, account: Account, details: Mapping[str, str]) -> None:
    """Ask a locked account for no codes any more; those for recovery stay while there are passkeys."""
    if account.second_factor is not None:
        account.second_factor, account.code_step = None, None
        if not account.passkeys:
            account.recovery = []
        work.session.add(account)
        work.note("second_factor_off", f"account:{account.id}", dict(details))


def accepts(work: Work, account: Account, typed: str) -> bool:
    """Whether this is a code of a locked account that was not used before; it is now."""
    plain = _plain(typed)
    if (step := _step_of(work, account, plain)) is not None:
        account.code_step = step
    elif found := [each for each in account.recovery if hmac.compare_digest(_hashed(plain, each[:_SALT]), each)]:
        account.recovery = [each for each in account.recovery if each not in found]
        work.note("recovery_code_used", f"account:{account.id}", {"left": len(account.recovery)})
    else:
        if account.second_factor is not None and _step(work, _secret(work, account), plain, None) is not None:
            work.note("code_used_again", f"account:{account.id}", actor=SYSTEM)  # by them twice, or by who saw it
        return False
    work.session.add(account)
    return True


def _step_of(work: Work, account: Account, plain: str) -> int | None:
    if account.second_factor is None:
        return None
    return _step(work, _secret(work, account), plain, account.code_step)


def _step(work: Work, secret: str, typed: str, last: int | None) -> int | None:
    """Of which half minute around the present one this is the code, if of one later than `last`."""
    codes, code = pyotp.TOTP(secret), _plain(typed).encode()
    present = codes.timecode(work.now)
    for step in range(present - _AROUND, present + _AROUND + 1):
        if hmac.compare_digest(codes.generate_otp(step).encode(), code) and (last is None or step > last):
            return step
    return None


def _secret(work: Work, account: Account) -> str:
    secret: str = work.vault.open(account.second_factor or b"", _place(account))
    return secret


def _place(account: Account) -> str:
    return f"account.second_factor:{account.id}"


def _plain(typed: str) -> str:
    """A code without what people put between its parts, full-width digits of a Chinese keyboard as ordinary ones."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", typed)).lower()


def _hashed(code: str, salt: str) -> str:
    """A recovery code as it is kept: 79 random bits need no slow hash."""
    return salt + sha256(f"{salt}{_plain(code)}".encode()).hexdigest()
