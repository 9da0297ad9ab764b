"""Passkeys: made once by whoever gave the password, shown once to one browser, unlocked by a person, never copied."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyotp
import pytest
from sqlmodel import col, select

from forbear.accounts import accounts, administration, passkeys, second_factor, sign_in
from forbear.accounts.accounts import UnfitError
from forbear.accounts.passkeys import WITHIN, PasskeySite
from forbear.desk.maintenance import tidy
from forbear.ledger.unit_of_work import Work
from models.account import Account, Passkey, UsedChallenge
from models.ledger import LedgerRow
from tests.forbear.ledger.test_audit import verified
from tests.support.desk.cases import NOW, working
from tests.support.passkey_device import ORIGIN, PasskeyDevice

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
SITE = PasskeySite("localhost", (ORIGIN,), "a browser")
OTHER_BROWSER, OTHER_HOST = PasskeySite("localhost", (ORIGIN,), "another"), PasskeySite("x.org", (ORIGIN,), "a browser")
TICK = dt.timedelta(microseconds=1)
JUNK = ("", "{", "{}", "[]", "null", "1", '"x"', "x" * 20_000, "[" * 10_000, '{"id":1}', "\x00", "\ud800")


@pytest.fixture(scope="module")
def url(shared_database_url: str) -> str:
    """Three accounts; `wang` and `li` have a passkey each, made in the order of the devices below."""
    with working(shared_database_url) as work:
        for name in ("wang", "li", "zhao"):
            administration.add(work, name, "counsellor", None, PASSWORD)
    for account_id, device in ((1, WANG), (2, LI)):
        with working(shared_database_url) as work:
            account = work.session.get_one(Account, account_id)
            made(work, account, device)
    return shared_database_url


WANG, LI = PasskeyDevice(), PasskeyDevice()


def made(work: Work, account: Account, device: PasskeyDevice, name: str = "钥匙") -> tuple[str, ...]:
    answer = device.make(passkeys.to_make(work, account, SITE, name))
    return administration.add_passkey(work, account, passkeys.made(work, account, SITE, answer))


@contextmanager
def undone(url: str, now: dt.datetime = NOW) -> Iterator[Work]:
    """A unit of work of which nothing stays."""
    with pytest.raises(KeyError, match="undone"), working(url, now=now) as work:
        yield work
        raise KeyError("undone")


def later(work: Work, at: dt.datetime) -> Work:
    return Work(work.session, work.vault, at, noted=work.noted, touched=work.touched)


def asked(work: Work, account: Account, site: PasskeySite = SITE) -> str:
    options = passkeys.to_use(work, site, account)
    assert options is not None
    return options


def test_a_site_is_a_name_over_https_or_this_computer() -> None:
    assert PasskeySite.at("desk.example.org", "s") == PasskeySite(
        "desk.example.org", ("https://desk.example.org",), "s"
    )
    here = PasskeySite.at("localhost:8600", "s")
    assert here == PasskeySite("localhost", ("https://localhost:8600", "http://localhost:8600"), "s")
    far = PasskeySite.at("desk.example.org:8443", "s")
    assert far is not None and (far.host, far.origins) == ("desk.example.org", ("https://desk.example.org:8443",))
    for bare in ("127.0.0.1:8600", "10.0.0.7", "[::1]:8600", "[::1]"):
        assert PasskeySite.at(bare, "s") is None, bare


def test_one_is_made_once_by_this_browser_within_five_minutes(url: str) -> None:
    with undone(url) as work:
        zhao = work.session.get_one(Account, 3)
        options = passkeys.to_make(work, zhao, SITE, "手机")
        told = json.loads(options)
        assert told["authenticatorSelection"] == {
            "requireResidentKey": False,
            "residentKey": "preferred",
            "userVerification": "required",
        }
        assert told["user"]["name"] == "zhao" and "zhao" not in told["user"]["id"]
        answer = PasskeyDevice().make(options)
        refused: tuple[tuple[Work, Account, PasskeySite, str, str], ...] = (
            (later(work, NOW + WITHIN), zhao, SITE, answer, "late"),
            (work, zhao, OTHER_BROWSER, answer, "late"),
            (work, zhao, OTHER_HOST, answer, "late"),
            (work, work.session.get_one(Account, 1), SITE, answer, "late"),
            *((work, zhao, SITE, junk, "late") for junk in JUNK),
            (work, zhao, SITE, PasskeyDevice().make(passkeys.to_make(work, zhao, SITE, "x"), verified=False), "wrong"),
            (work, zhao, SITE, PasskeyDevice().make(passkeys.to_make(work, zhao, SITE, "x"), "https://x.org"), "wrong"),
        )
        for at, account, site, given, reason in refused:
            with pytest.raises(UnfitError) as error:
                passkeys.made(at, account, site, given)
            assert (error.value.field, error.value.reason) == ("passkey", reason), given[:40]
        passkey = passkeys.made(later(work, NOW + WITHIN - TICK), zhao, SITE, answer)
        assert (passkey.name, passkey.host, passkey.used_at) == ("手机", "localhost", None)
        with pytest.raises(UnfitError, match="answered already"):
            passkeys.made(work, zhao, SITE, answer)


def test_one_is_shown_once_to_this_browser_for_this_account(url: str) -> None:
    with undone(url) as work:
        wang, li = work.session.get_one(Account, 1), work.session.get_one(Account, 2)
        assert len(json.loads(asked(work, wang))["allowCredentials"]) == 1
        assert passkeys.to_use(work, OTHER_HOST, wang) is None
        answer = WANG.use(asked(work, wang))
        end = NOW + WITHIN
        cases: tuple[tuple[Work, PasskeySite | None, Account, str], ...] = (
            (work, OTHER_BROWSER, wang, answer),
            (work, OTHER_HOST, wang, answer),
            (work, None, wang, answer),
            (work, SITE, li, answer),
            (later(work, end), SITE, wang, answer),
            (work, SITE, wang, WANG.use(asked(work, wang), "https://x.org")),
            (work, SITE, wang, WANG.use(asked(work, wang), verified=False)),
            (work, SITE, wang, LI.use(asked(work, wang))),
            (work, SITE, li, WANG.use(asked(work, li))),
            *((work, SITE, wang, "{" + junk) for junk in JUNK),
        )
        for number, (at, site, account, given) in enumerate(cases):
            assert not passkeys.shown(site, given)(at, account), number
        answer = WANG.use(asked(work, wang))
        assert passkeys.shown(SITE, answer)(later(work, end - TICK), wang)
        assert not passkeys.shown(SITE, answer)(work, wang), "it was taken"
        passkey = passkeys.of_account(work.session, wang)[0]
        assert (passkey.uses, passkey.used_at) == (WANG.soft.sign_count, end - TICK)
        assert work.session.exec(select(UsedChallenge)).all()
        tidy(work.session, end)
        assert not work.session.exec(select(UsedChallenge)).all()


def test_a_copy_is_told_by_its_counter(url: str) -> None:
    with undone(url) as work:
        wang, copied = work.session.get_one(Account, 1), WANG.soft.sign_count
        assert passkeys.shown(SITE, WANG.use(asked(work, wang)))(work, wang)
        for before, counts in ((copied, False), (copied - 1, False), (copied + 1, True)):
            WANG.soft.sign_count = before
            assert passkeys.shown(SITE, WANG.use(asked(work, wang)))(work, wang) is counts, before
        refused = [each.detail for _, each in work.noted if each.kind == "passkey_refused"]
        assert refused == [
            {"passkey": 1, "counter": copied + 1, "before": copied + 1},
            {"passkey": 1, "counter": copied, "before": copied + 1},
        ]


def test_a_device_without_a_counter_is_as_good(url: str) -> None:
    with undone(url) as work:
        zhao, device = work.session.get_one(Account, 3), PasskeyDevice()
        made(work, zhao, device)
        for _ in range(2):
            assert passkeys.shown(SITE, device.use(asked(work, zhao), counts=False))(work, zhao)


def test_one_passkey_alone_says_whose_it_is(url: str) -> None:
    def owner(options: str | None, site: PasskeySite = SITE) -> str | None:
        account = passkeys.owner(work, site, LI.use(options or ""))
        return None if account is None else account.name

    with undone(url) as work:
        open_question = passkeys.to_use(work, SITE, None)
        assert open_question is not None and json.loads(open_question)["allowCredentials"] == []
        assert owner(open_question) == "li"
        assert owner(open_question) is None, "it was taken"
        assert owner(asked(work, work.session.get_one(Account, 2))) is None, "asked besides a password"
        assert owner(passkeys.to_use(work, SITE, None), OTHER_BROWSER) is None
        assert [passkeys.owner(work, SITE, "{" + junk) for junk in JUNK] == [None] * len(JUNK)
        done = sign_in.sign_in_alone(
            work,
            "203.0.113.7",
            lambda work: passkeys.owner(work, SITE, LI.use(passkeys.to_use(work, SITE, None) or "")),
            None,
        )
        assert not isinstance(done, sign_in.Refused)
        assert accounts.signed_in(work.session, done[0], NOW) is not None
        for looked in (True, False):
            again = sign_in.sign_in_alone(work, "203.0.113.7", lambda _: None, None)
            assert again == sign_in.Refused(1, looked=looked)
        work.session.get_one(Account, 2).disabled_at = NOW
        work.session.flush()
        assert owner(passkeys.to_use(work, SITE, None)) is None


def test_recovery_codes_are_there_as_long_as_there_is_a_second_factor(url: str) -> None:
    with undone(url) as work:
        zhao = work.session.get_one(Account, 3)
        secret = accounts.start(work.session, zhao, NOW)
        codes = made(work, zhao, PasskeyDevice())
        assert accounts.signed_in(work.session, secret, NOW) is None, "other sign-ins ended"
        assert len(codes) == second_factor.RECOVERY_CODES and made(work, zhao, PasskeyDevice()) == ()
        assert second_factor.accepts(work, zhao, codes[0]) and len(zhao.recovery) == len(codes) - 1
        seed = second_factor.new_secret()
        administration.second_factor_on(work, zhao, seed, pyotp.TOTP(seed).at(NOW))
        administration.second_factor_off(work, zhao)
        assert zhao.has_second_factor and len(zhao.recovery) == len(codes)
        one, other = passkeys.of_account(work.session, zhao)
        administration.remove_passkey(work, zhao, one)
        assert zhao.passkeys == 1 and zhao.recovery
        administration.remove_passkey(work, zhao, other)
        assert (zhao.has_second_factor, zhao.recovery) == (False, [])
        for _ in range(administration.MOST_PASSKEYS):
            made(work, zhao, PasskeyDevice())
        with pytest.raises(UnfitError) as many:
            made(work, zhao, PasskeyDevice())
        assert (many.value.reason, many.value.n) == ("many", administration.MOST_PASSKEYS)
        administration.second_factor_off(work, zhao, passkeys_too=True)
        assert (zhao.passkeys, passkeys.of_account(work.session, zhao)) == (0, [])


def test_a_passkey_is_of_one_account_and_has_a_name(url: str) -> None:
    with undone(url) as work:
        zhao, theirs = work.session.get_one(Account, 3), work.session.get_one(Passkey, 1)
        same = Passkey(**(theirs.model_dump(exclude={"id"}) | {"account_id": 3}))
        with pytest.raises(UnfitError) as known:
            administration.add_passkey(work, zhao, same)
        assert known.value.reason == "known"
        for name in ("", " ", "x" * 65, "a\nb"):
            with pytest.raises(UnfitError) as unnamed:
                administration.may_have_passkey(zhao, name)
            assert (unnamed.value.field, unnamed.value.reason) == ("passkey_name", "form")


def test_the_password_and_a_passkey_sign_in_and_all_of_it_is_told(url: str) -> None:
    with working(url) as work:
        needed = sign_in.sign_in(work, sign_in.Attempt("wang", PASSWORD, "203.0.113.7"), "cookie")
        assert isinstance(needed, sign_in.CodeNeeded)
        wang = sign_in.account_of(work, needed.ticket, "cookie")
        shown: Callable[[Work, Account], bool] = passkeys.shown(SITE, WANG.use(asked(work, wang)))
        done = sign_in.sign_in_by_code(work, needed.ticket, shown, "", "cookie")
        assert not isinstance(done, sign_in.Refused) and done[1].name == "wang"
        wrong = sign_in.sign_in_by_code(work, needed.ticket, passkeys.shown(SITE, "{}"), "", "cookie")
        assert wrong == sign_in.Refused(1, looked=True)
        li = work.session.get_one(Account, 2)
        administration.remove_passkey(work, li, passkeys.of_account(work.session, li)[0])
    with undone(url) as work:
        query = select(LedgerRow.kind).where(col(LedgerRow.kind).not_in(("start", "state", "account_added")))
        kinds = list(work.session.exec(query.order_by(col(LedgerRow.seq))))
    assert kinds == ["passkey_added"] * 2 + [
        "code_asked",
        "passkey_used",
        "sign_in",
        "sign_in_failed",
        "passkey_removed",
    ]
    assert verified(url).faults == ()
