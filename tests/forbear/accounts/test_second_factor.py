"""The second factor: codes count around their half minute and once, recovery codes once, wrong ones are slowed down."""

import datetime as dt
from collections.abc import Iterator

import psycopg
import pyotp
import pytest
from sqlmodel import col, select

from forbear.accounts import accounts, administration, second_factor
from forbear.accounts.accounts import UnfitError, viewer_of
from forbear.accounts.sign_in import Attempt, CodeNeeded, ExpiredError, Refused, remember, sign_in, sign_in_by_code
from forbear.base.settings import settings
from forbear.ledger.unit_of_work import Work
from models.account import Account
from models.database.session import session
from models.ledger import LedgerRow
from tests.forbear.ledger.test_audit import verified
from tests.support.desk.cases import NOW, VAULT, engine_of, working

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
# RFC 6238, appendix B: of this secret, the last six digits at these moments.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 - of the standard
RFC = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 20000000000: "353130"}
SECRET = second_factor.new_secret()
BROWSER = "a cookie"
AT = dt.datetime(2026, 11, 30, 8, 0, tzinfo=dt.UTC)  # where a half minute begins
HALF = dt.timedelta(seconds=30)
TICK = dt.timedelta(microseconds=1)


def code(at: dt.datetime = AT, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def codes(database_url: str) -> tuple[str, ...]:
    """The recovery codes of `wang`, who turned it on an hour ago."""
    with working(database_url, now=AT - dt.timedelta(hours=1)) as work:
        wang = administration.add(work, "wang", "counsellor", None, PASSWORD)
        return administration.second_factor_on(work, wang, SECRET, code(work.now))


def by_password(url: str, at: dt.datetime = AT, address: str = "203.0.113.7") -> str:
    """The ticket of who gave the password."""
    with working(url, now=at) as work:
        done = sign_in(work, Attempt("wang", PASSWORD, address), BROWSER)
    assert isinstance(done, CodeNeeded)
    return done.ticket


def by_code(
    url: str, typed: str, at: dt.datetime = AT, ticket: str = "", devices: str = "", browser: str = BROWSER
) -> str | Refused:
    with working(url, now=at) as work:
        done = sign_in_by_code(work, ticket, typed, devices, browser)
        return done if isinstance(done, Refused) else done[0]


def kinds(url: str) -> list[str]:
    with engine_of(url) as engine, session(engine) as opened:
        return list(opened.exec(select(LedgerRow.kind).order_by(col(LedgerRow.seq))))


@pytest.fixture
def work(database_url: str) -> Iterator[Work]:
    with working(database_url, now=AT) as opened:
        yield opened


def test_a_code_counts_around_its_half_minute_and_once(work: Work) -> None:
    account = administration.add(work, "li", "admin", None, PASSWORD)
    for seconds, right in RFC.items():
        assert second_factor._step(_at(work, seconds), RFC_SECRET, right, None) == seconds // 30, seconds
    second_factor.turn_on(work, account, SECRET, code())
    assert not second_factor.accepts(work, account, code()), "the one it was turned on by was used"
    for at, counts in ((AT + 3 * HALF, True), (AT + HALF, False), (AT + 3 * HALF, False), (AT + 2 * HALF, False)):
        assert second_factor.accepts(_moved(work, AT + 2 * HALF), account, code(at)) is counts, at
    later = AT + 20 * HALF
    for apart in (-2 * HALF, -HALF - TICK, 2 * HALF):
        assert not second_factor.accepts(_moved(work, later), account, code(later + apart)), apart
    for apart in (-HALF, dt.timedelta(0), 2 * HALF - TICK):
        assert second_factor.accepts(_moved(work, later), account, code(later + apart)), apart
    for wrong in ("", "000000", "١٢٣٤٥٦", "\x00", "1" * 40):
        assert not second_factor.accepts(_moved(work, later), account, wrong), wrong


def _moved(work: Work, at: dt.datetime) -> Work:
    return Work(work.session, work.vault, at, noted=work.noted, touched=work.touched)


def _at(work: Work, seconds: int) -> Work:
    return _moved(work, dt.datetime.fromtimestamp(seconds, dt.UTC))


def test_it_is_turned_on_by_a_code_once_and_ends_the_other_sign_ins(work: Work) -> None:
    account = administration.add(work, "li", "admin", None, PASSWORD)
    secret = accounts.start(work.session, account, AT)
    with pytest.raises(UnfitError) as refused:
        administration.second_factor_on(work, account, SECRET, code(AT - 2 * HALF))
    assert (refused.value.field, refused.value.reason, account.second_factor) == ("code", "wrong", None)
    made = administration.second_factor_on(work, account, SECRET, code())
    assert len({*made}) == second_factor.RECOVERY_CODES
    assert accounts.signed_in(work.session, secret, AT) is None
    assert SECRET.encode() not in (account.second_factor or b"")
    assert not any(each in repr(account.recovery) for each in made)
    with pytest.raises(UnfitError):
        administration.second_factor_on(work, account, SECRET, code(AT + HALF))


def test_the_password_alone_signs_nobody_in(database_url: str, codes: tuple[str, ...]) -> None:
    ticket = by_password(database_url)
    assert by_code(database_url, "000000", ticket=ticket) == Refused(1, looked=True)
    assert by_code(database_url, code(), ticket=ticket) == Refused(1, looked=False), "not looked at so soon"
    secret = by_code(database_url, code(), AT + dt.timedelta(seconds=1), ticket)
    assert isinstance(secret, str)
    with working(database_url, now=AT) as work:
        viewer = accounts.signed_in(work.session, secret, AT)
    assert viewer is not None and viewer.name == "wang"
    assert by_code(database_url, code(), AT + dt.timedelta(seconds=2), ticket) == Refused(1, looked=True), "used"
    told = ["account_added", "second_factor_on", "code_asked", "sign_in_failed"]
    told += ["sign_in", "code_used_again", "sign_in_failed"]
    assert [each for each in kinds(database_url) if each not in ("start", "state")] == told


def test_a_ticket_is_of_one_browser_for_five_minutes_and_one_password(
    database_url: str, codes: tuple[str, ...]
) -> None:
    ticket, end = by_password(database_url), AT + dt.timedelta(minutes=5)
    last = end - TICK
    for browser, at, shown in ((BROWSER, end, ticket), ("another", last, ticket), (BROWSER, last, ticket[:-8])):
        with pytest.raises(ExpiredError):
            by_code(database_url, code(last), at, shown, browser=browser)
    assert isinstance(by_code(database_url, code(last), last, ticket), str)
    ticket = by_password(database_url)
    with working(database_url, now=AT) as work:
        administration.set_password(work, work.session.get_one(Account, 1), "another horse entirely")
    with pytest.raises(ExpiredError):
        by_code(database_url, codes[0], ticket=ticket)


def test_a_recovery_code_signs_in_once_however_it_is_typed(database_url: str, codes: tuple[str, ...]) -> None:
    ticket = by_password(database_url)
    assert isinstance(by_code(database_url, f" {codes[3].upper().replace('-', ' ')}", ticket=ticket), str)
    assert isinstance(by_code(database_url, codes[3], ticket=ticket), Refused)
    assert isinstance(by_code(database_url, codes[4], AT + dt.timedelta(seconds=1), ticket), str)
    with working(database_url, now=AT) as work:
        assert len(work.session.get_one(Account, 1).recovery) == second_factor.RECOVERY_CODES - 2
    assert verified(database_url).faults == ()


def test_wrong_codes_are_slowed_down_whatever_the_network_but_no_known_browser(
    database_url: str, codes: tuple[str, ...]
) -> None:
    with working(database_url, now=AT) as work:
        device = remember(work.vault, Attempt("wang", "", ""))
    at, waits = AT, []
    for network in range(8):
        ticket = by_password(database_url, at, f"203.0.113.{network}")
        refused = by_code(database_url, "000000", at, ticket)
        assert isinstance(refused, Refused) and refused.looked
        waits.append(refused.seconds)
        at += dt.timedelta(seconds=refused.seconds)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    soon = at - TICK
    assert by_code(database_url, code(soon), soon, by_password(database_url, soon)) == Refused(1, looked=False)
    known = by_code(database_url, code(soon), soon, by_password(database_url, soon), device)
    assert isinstance(known, str)
    after = at + HALF
    assert isinstance(by_code(database_url, code(after), after, by_password(database_url, after)), str)


def test_whoever_lost_it_signs_in_by_the_password_after_it_was_taken_off(
    database_url: str, codes: tuple[str, ...]
) -> None:
    ticket = by_password(database_url)
    by_code(database_url, "000000", ticket=ticket)
    with working(database_url, now=AT) as work:
        administration.second_factor_off(work, work.session.get_one(Account, 1))
    with pytest.raises(ExpiredError):
        by_code(database_url, codes[0], ticket=ticket)
    with working(database_url, now=AT) as work:
        assert isinstance(sign_in(work, Attempt("wang", PASSWORD, "203.0.113.7"), None), str)
    assert kinds(database_url)[-2:] == ["second_factor_off", "sign_in"]
    assert verified(database_url).faults == ()


def test_accounts_of_before_are_as_they_were_told(database_url: str) -> None:
    """What came later is in no digest where it says nothing."""
    with working(database_url) as work:
        administration.add(work, "wang", "counsellor", None, PASSWORD)
    old = """
        SELECT sha256(convert_to(jsonb_build_array(name, role, submitter, password_hash, created_at AT TIME ZONE 'UTC',
            disabled_at AT TIME ZONE 'UTC')::text, 'UTF8'))
            = (SELECT digest FROM ledger WHERE subject = 'account:1') FROM account
    """
    with psycopg.connect(database_url) as connection:
        assert connection.execute(old).fetchone() == (True,)


@pytest.mark.parametrize("needed", ["off", "supervisors", "all"])
def test_who_owes_a_second_factor_is_said_by_the_setting(monkeypatch: pytest.MonkeyPatch, needed: str) -> None:
    monkeypatch.setenv("FORBEAR_SECOND_FACTOR", needed)
    settings.cache_clear()
    try:
        owing = {}
        for role in accounts.ROLES:
            account = Account(id=1, name="x", role=role, submitter="us", password_hash="", created_at=NOW)
            owing[role] = viewer_of(account).owes is not None
            assert viewer_of(account.model_copy(update={"second_factor": b"x"})).owes is None
            assert viewer_of(account.model_copy(update={"first_password": True})).owes == "password"
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    supervising = needed != "off"
    everybody = needed == "all"
    assert owing == {
        "submitter": everybody,
        "counsellor": everybody,
        "supervisor": supervising,
        "admin": supervising,
    }


def test_a_secret_opens_for_its_account_alone(database_url: str, codes: tuple[str, ...]) -> None:
    with working(database_url, now=AT) as work:
        wang = work.session.get_one(Account, 1)
        assert work.vault.open(wang.second_factor or b"", "account.second_factor:1") == SECRET
        assert VAULT.seals_as == (wang.second_factor or b"")[: len(VAULT.seals_as)]
