"""Passkeys (WebAuthn): what a device is asked by way of its browser, and what its answer shows.

A challenge is sealed for one account, one browser and one purpose, so that nothing is kept of it until it is answered;
the first answer uses it up. Whoever has the challenge that makes a passkey has given the password for it. The device
verifies its person (PIN, finger, face): a passkey is what somebody has, with what only they know or are.
"""

import datetime as dt
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import webauthn
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select
from webauthn.helpers import options_to_json, parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from forbear.accounts import second_factor
from forbear.accounts.accounts import UnfitError
from forbear.ledger.ledger import SYSTEM
from forbear.ledger.unit_of_work import Work
from models.account import Account, Passkey, UsedChallenge

WITHIN: Final = dt.timedelta(minutes=5)  # of the page that asks
LONGEST: Final = 16_384  # characters of an answer; real ones have some 1,000
_MAKE, _USE = "make", "use"
_NOBODY: Final = 0  # whose challenge it is where nobody said yet who they are
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


@dataclass(frozen=True)
class PasskeySite:
    """One of our names as a browser has it open: passkeys are bound to it, challenges to the secret of the cookie."""

    host: str
    origins: tuple[str, ...]  # of pages that answers may come from
    browser: str

    @classmethod
    def at(cls, address: str, browser: str) -> "PasskeySite | None":
        """The site at host:port, which was found to be ours; None where browsers have no passkeys: a bare address."""
        host = address.rpartition(":")[0] if address.rpartition(":")[2].isdecimal() else address
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            plain = (f"http://{address}",) if host == "localhost" else ()  # any other name has them over https alone
            return cls(host, (f"https://{address}", *plain), browser)
        return None


def of_account(session: Session, account: Account, host: str | None = None) -> list[Passkey]:
    """The passkeys of an account, or those that work under one name of ours, the oldest first."""
    query = select(Passkey).where(Passkey.account_id == account.id).order_by(col(Passkey.id))
    return list(session.exec(query if host is None else query.where(Passkey.host == host)))


def to_make(work: Work, account: Account, site: PasskeySite, name: str) -> str:
    """What a browser is asked to make a passkey of this name for an account whose owner was shown to ask for it."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=second_factor.ISSUER,
        user_id=_handle(account),
        user_name=account.name,
        challenge=_challenge(work, site, _MAKE, account.id, name),
        timeout=_milliseconds(WITHIN),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(of_account(work.session, account, site.host)),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json(options)


def made(work: Work, account: Account, site: PasskeySite, answer: str) -> Passkey:
    """The passkey that a device made, to be added. Raises UnfitError."""
    credential = _read(webauthn.helpers.parse_registration_credential_json, answer)
    taken = credential and _taken(work, site, _MAKE, account.id, credential.response.client_data_json)
    if credential is None or taken is None:
        raise UnfitError("passkey", "late", "This was asked too long ago, or was answered already: begin again.")
    challenge, name = taken
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except Exception:  # whatever bytes may be taken for: the library has many errors for them
        raise UnfitError("passkey", "wrong", "The device's answer is none that counts here.") from None
    return Passkey(
        account_id=account.id,
        name=name,
        host=site.host,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        uses=verified.sign_count,
        transports=[each.value for each in credential.response.transports or []],
        created_at=work.now,
    )


def to_use(work: Work, site: PasskeySite, account: Account | None) -> str | None:
    """What a browser is asked to show a passkey of this account, None where it has none here; or of any account."""
    theirs = [] if account is None else of_account(work.session, account, site.host)
    if account is not None and not theirs:
        return None
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=_challenge(work, site, _USE, _NOBODY if account is None else account.id),
        timeout=_milliseconds(WITHIN),
        allow_credentials=_described(theirs),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def shown(site: PasskeySite | None, answer: str) -> Callable[[Work, Account], bool]:
    """Asks whether this answer shows a passkey of a locked account; it counts once."""

    def shows(work: Work, account: Account) -> bool:
        credential = _read(parse_authentication_credential_json, answer)
        if credential is None or site is None:
            return False
        passkey = _known(work.session, site, credential.raw_id)
        return (
            passkey is not None
            and passkey.account_id == account.id
            and _counts(work, site, passkey, credential, account.id)
        )

    return shows


def owner(work: Work, site: PasskeySite, answer: str) -> Account | None:
    """The account, now locked, whose passkey this answer shows by itself, to a question to nobody in particular."""
    credential = _read(parse_authentication_credential_json, answer)
    if credential is None:
        return None
    theirs = select(Passkey.account_id).where(Passkey.credential_id == credential.raw_id)
    query = select(Account).where(col(Account.id).in_(theirs), col(Account.disabled_at).is_(None))
    account = work.session.exec(query.with_for_update(key_share=True)).first()
    passkey = account and _known(work.session, site, credential.raw_id)
    return account if passkey and _counts(work, site, passkey, credential, _NOBODY) else None


def _counts(work: Work, site: PasskeySite, passkey: Passkey, credential: AuthenticationCredential, asked: int) -> bool:
    """Whether a passkey was used for what was asked, on a device whose counter went on: a copy of it falls behind."""
    taken = _taken(work, site, _USE, asked, credential.response.client_data_json)
    if taken is None:
        return False
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=taken[0],
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # ours is compared below, and told
            require_user_verification=True,
        )
    except Exception:  # as above
        return False
    subject, about = f"account:{passkey.account_id}", {"passkey": passkey.id}
    uses = verified.new_sign_count
    if uses <= passkey.uses and (uses, passkey.uses) != (0, 0):
        # Whoever has the copy is not shown to be this viewer.
        work.note("passkey_refused", subject, {**about, "counter": uses, "before": passkey.uses}, actor=SYSTEM)
        return False
    passkey.uses, passkey.used_at = uses, work.now
    work.session.add(passkey)
    work.note("passkey_used", subject, about)
    return True


def _known(session: Session, site: PasskeySite, credential_id: bytes) -> Passkey | None:
    query = select(Passkey).where(Passkey.credential_id == credential_id, Passkey.host == site.host)
    return session.exec(query).first()


def _read(parse: Callable[[str], Any], answer: str) -> Any:
    """An answer as the library has it; None if it is none."""
    try:
        return parse(answer) if len(answer) <= LONGEST else None
    except Exception:  # as above
        return None


def _challenge(work: Work, site: PasskeySite, purpose: str, account_id: int, name: str = "") -> bytes:
    until = work.now + WITHIN
    return work.vault.seal([until.isoformat(), name], _place(site, purpose, account_id))


def _taken(work: Work, site: PasskeySite, purpose: str, account_id: int, told: bytes) -> tuple[bytes, str] | None:
    """The challenge that was answered, now used up, and the name in it; None if it is not ours, or not any more."""
    try:
        challenge = parse_client_data_json(told).challenge
        until, name = work.vault.open(challenge, _place(site, purpose, account_id))
    except Exception:  # as above
        return None
    expires_at = dt.datetime.fromisoformat(until)
    if work.now >= expires_at:
        return None
    used = insert(UsedChallenge).values(hash=sha256(challenge).digest(), expires_at=expires_at)
    once = used.on_conflict_do_nothing().returning(col(UsedChallenge.hash))
    return (challenge, name) if work.session.connection().execute(once).first() else None


def _place(site: PasskeySite, purpose: str, account_id: int) -> str:
    return f"passkey.{purpose}:{account_id}:{site.host}:{site.browser}"


def _handle(account: Account) -> bytes:
    """What a device knows the account by: it tells nobody who that is."""
    return sha256(f"{account.id}:{account.created_at.astimezone(dt.UTC).isoformat()}".encode()).digest()


def _described(theirs: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    ways = {each.value for each in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id, transports=[AuthenticatorTransport(way) for way in each.transports if way in ways]
        )
        for each in theirs
    ]


def _milliseconds(time: dt.timedelta) -> int:
    return time // dt.timedelta(milliseconds=1)
