"""The published list of what somebody with the database alone may try: `audit verify` finds each."""

import datetime as dt
from pathlib import Path

import pyotp
import pytest

from forbear.accounts import administration, second_factor, sign_in, teams
from forbear.accounts.accounts import Viewer
from forbear.accounts.teams import TeamTerms
from forbear.base.packs import shipped
from forbear.conversation import agreements, attachments, notes, tasks
from forbear.conversation.agreements import AgreedTerms
from forbear.desk.review import Act, perform, take_case
from forbear.intake import Rejected
from forbear.ledger import audit, ledger
from forbear.person import identity
from models.account import Account
from models.case import Case
from models.person import HouseholdBudget
from models.webhook import Webhook
from tests.forbear.ledger.test_audit import unwritten, verified
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working, working_as
from tests.support.passkey_device import invented

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"
# What is done, in SQL, and the row or entry that is named for it.
FORGERIES = {
    "a crisis is taken off the queue": ("UPDATE desk_case SET status = 'closed' WHERE case_id = 1", "desk_case:1"),
    "danger is erased": ("UPDATE desk_case SET danger = NULL, danger_kinds = '{}' WHERE case_id = 1", "desk_case:1"),
    "danger beside a case is erased": ("UPDATE desk_case SET crisis_beside = NOT crisis_beside", "desk_case:1"),
    "a contact is made up": (
        "UPDATE desk_case SET contacted_at = '2027-01-01T00:00:00Z' WHERE case_id = 1",
        "desk_case:1",
    ),
    "the next call is put off": (
        "UPDATE desk_case SET call_at = '2027-01-01T00:00:00Z' WHERE case_id = 1",
        "desk_case:1",
    ),
    "a case becomes less urgent": ("UPDATE desk_case SET decided_urgency = 'U3' WHERE case_id = 1", "desk_case:1"),
    "the time to answer is moved": (
        "UPDATE desk_case SET due_at = '2027-01-01T00:00:00Z' WHERE case_id = 2",
        "desk_case:2",
    ),
    "a deadline is moved": ("UPDATE desk_case SET deadline = '2031-01-01' WHERE case_id = 2", "desk_case:2"),
    "a case is given to somebody": ("UPDATE desk_case SET assignee_id = 1 WHERE case_id = 2", "desk_case:2"),
    "another strategy is chosen": ("UPDATE desk_case SET chosen_strategy = 'x' WHERE case_id = 2", "desk_case:2"),
    "another strategy is listed": ("UPDATE desk_case SET strategy = 'x' WHERE case_id = 2", "desk_case:2"),
    "a follow-up is moved": (
        "UPDATE desk_case SET follow_up_at = '2027-01-01T00:00:00Z' WHERE case_id = 2",
        "desk_case:2",
    ),
    "a failed case is hidden": (
        "UPDATE desk_case SET failed_at = '2027-01-01T00:00:00Z' WHERE case_id = 2",
        "desk_case:2",
    ),
    "a case is never decided again": ("UPDATE desk_case SET valid_until = '2099-01-01'", "desk_case:1"),
    "a case vanishes from the queue": ("DELETE FROM desk_case WHERE case_id = 2", "desk_case:2"),
    "it vanishes with its seal": ("DELETE FROM desk_seal WHERE case_id = 2; DELETE FROM desk_case", "desk_case:1"),
    "a case is put on the queue": (
        "UPDATE desk_case SET case_id = 9 WHERE case_id = 2",
        "desk_case:9",
    ),
    "an account gets another role": ("UPDATE account SET role = 'admin' WHERE id = 1", "account:1"),
    "an account gets another password": ("UPDATE account SET password_hash = 'x' WHERE id = 1", "account:1"),
    "a closed account is opened": ("UPDATE account SET disabled_at = '2027-01-01T00:00:00Z' WHERE id = 1", "account:1"),
    "an account sees another submitter": ("UPDATE account SET submitter = 'them' WHERE id = 1", "account:1"),
    "an account is added": (
        (
            "INSERT INTO account (name, role, password_hash, created_at) SELECT 'x', role, password_hash, created_at "
            "FROM account WHERE id = 1"
        ),
        "account:",
    ),
    "a second factor is taken off": ("UPDATE account SET second_factor = NULL WHERE id = 2", "account:2"),
    "a second factor is another": ("UPDATE account SET second_factor = 'x' WHERE id = 2", "account:2"),
    "a recovery code is added": ("UPDATE account SET recovery = recovery || '{x}' WHERE id = 2", "account:2"),
    "a second factor is made up": ("UPDATE account SET second_factor = 'x' WHERE id = 1", "account:1"),
    "a passkey is planted": (
        (
            "INSERT INTO passkey (account_id, name, host, credential_id, public_key, uses, transports, created_at) "
            "SELECT 1, name, host, 'y', public_key, uses, transports, created_at FROM passkey"
        ),
        "account:1",
    ),
    "a passkey has another key": ("UPDATE passkey SET public_key = 'x'", "account:2"),
    "a passkey is another account's": ("UPDATE passkey SET account_id = 1", "account:1"),
    "a passkey's counter is set back": ("UPDATE passkey SET uses = 0", "account:2"),
    "a passkey is deleted": ("DELETE FROM passkey", "account:2"),
    "an account is said to have no passkey": ("UPDATE account SET passkeys = 0", "account:2"),
    "a first password may stay": ("UPDATE account SET first_password = false WHERE id = 2", "account:2"),
    "a link to single sign-on is planted": (
        "UPDATE account SET oidc_issuer = 'https://id.example', oidc_subject = 'x' WHERE id = 1",
        "account:1",
    ),
    "a link to single sign-on is another": ("UPDATE account SET oidc_subject = 'x' WHERE id = 2", "account:2"),
    "a link to single sign-on is taken off": (
        "UPDATE account SET oidc_issuer = NULL, oidc_subject = NULL WHERE id = 2",
        "account:2",
    ),
    "an account is deleted": ("DELETE FROM account WHERE id = 2", "account:2"),
    "a token may do more": ("UPDATE token SET scopes = '{cases:write}'", "token:1"),
    "a token has another secret": ("UPDATE token SET secret_hash = 'x'", "token:1"),
    "a token lasts longer": ("UPDATE token SET expires_at = '2027-01-01T00:00:00Z'", "token:1"),
    "a token is added": (
        (
            "INSERT INTO token (account_id, name, scopes, secret_hash, created_at, expires_at) SELECT account_id, 'y', "
            "scopes, 'y', created_at, expires_at FROM token"
        ),
        "token:",
    ),
    "a webhook goes elsewhere": ("UPDATE webhook SET url = 'https://x.example'", "webhook:1"),
    "a webhook has another secret": ("UPDATE webhook SET secret = 'x'", "webhook:1"),
    "a webhook is another submitter's": ("UPDATE webhook SET submitter = 'them'", "webhook:1"),
    "a consent is made up": ("UPDATE \"case\" SET consent = '{given}' WHERE id = 2", "case:2"),
    "a consent is changed": ("UPDATE \"case\" SET consent = '{refused}' WHERE id = 1", "case:1"),
    "a case is to be deleted early": ("UPDATE \"case\" SET retain_until = '2020-01-01' WHERE id = 1", "case:1"),
    "a case is another's": ("UPDATE \"case\" SET submitter = 'them' WHERE id = 1", "case:1"),
    "a decision is another": ("UPDATE decision SET strategy = 'x' WHERE id = 1", "decision:1"),
    "a decision becomes certain": ("UPDATE decision SET certain = NOT certain WHERE id = 1", "decision:1"),
    "a decision's reasons are others": ("UPDATE decision SET body = 'x' WHERE id = 1", "decision:1"),
    "a decision is of another day": ("UPDATE decision SET as_of = as_of - 1 WHERE id = 1", "decision:1"),
    "a decision is deleted": ("DELETE FROM decision WHERE id = 2", "decision:2"),
    "the tree of a chunk is another": ("UPDATE decision_tree SET digests = reverse(digests)", "decision_tree:"),
    "submitted facts are others": ("UPDATE case_version SET facts = '{}' WHERE id = 1", "decision:1"),
    "sealed texts are others": ("UPDATE case_version SET private = 'x' WHERE id = 1", "decision:1"),
    "a review is by somebody else": ("UPDATE review SET account_id = 2", "review:1"),
    "a review chose another strategy": ("UPDATE review SET strategy = 'x'", "review:1"),
    "what somebody wrote is another": ("UPDATE review SET words = 'x'", "review:1"),
    "a review is deleted": ("DELETE FROM review", "review:1"),
    "a policy is another": ("UPDATE pack SET files = '{}'", "pack:"),
    "a batch had other rows": ("UPDATE batch SET rows_read = 99", "batch:"),
    "a rejected row is another": ("UPDATE rejection SET content = 'x'", "batch:"),
    "a rejected row is deleted": ("DELETE FROM rejection", "batch:"),
    "a rejected row is made up": (
        "INSERT INTO rejection (batch_id, row, content) SELECT id, 9, 'x' FROM batch",
        "batch:",
    ),
    "a batch's row came to another case": (
        "UPDATE batch_case SET case_version_id = 3 - case_version_id",
        "batch_case:",
    ),
    "a row came to nothing new": ("UPDATE batch_case SET outcome = 'unchanged' WHERE row = 1", "batch_case:"),
    "an entry is changed": ("UPDATE ledger SET actor = 'account:2' WHERE seq = 2", "entry 2"),
    "an entry is deleted": ("DELETE FROM ledger WHERE seq = 2", "entry 2"),
    "the end of the chain is cut off": ("DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)", "the head"),
    "the head names less": (
        (
            "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger);"
            "UPDATE ledger_head SET seq = seq - 1, mac = (SELECT mac FROM ledger ORDER BY seq DESC LIMIT 1)"
        ),
        "the head",
    ),
    "a sign-in is made up": (
        (
            "INSERT INTO sign_in (secret_hash, account_id, created_at, expires_at, seen_at) "
            "SELECT sha256('mine'), 2, created_at, expires_at, seen_at FROM sign_in"
        ),
        "account:2",
    ),
    "a sign-in is another account's": ("UPDATE sign_in SET account_id = 2", "account:2"),
    "a sign-in lasts longer": ("UPDATE sign_in SET expires_at = '2099-01-01'", "account:1"),
    "a sign-in is said to be vouched for": ("UPDATE sign_in SET vouched = true", "account:1"),
    "a team has another member": ("INSERT INTO team_member VALUES (2, 1)", "team:1"),
    "a team takes other cases": ("UPDATE team SET skills = '{}'", "team:1"),
    "somebody is there who is away": ("UPDATE absence SET last = first", "absence:1"),
    "somebody is away who is there": (
        "INSERT INTO absence (account_id, first, last) VALUES (2, '2026-11-23', '2099-01-01')",
        "absence:",
    ),
    "a task is said to be done": ("UPDATE task SET done_at = made_at", "task:1"),
    "a task is somebody else's": ("UPDATE task SET owner_id = 2", "task:1"),
    "a task is deleted": ("DELETE FROM task", "task:1"),
    "an instalment is said to be paid": ("UPDATE instalment SET status = 'kept' WHERE number = 1", "agreement:1"),
    "an instalment is deleted": ("DELETE FROM instalment WHERE number = 2", "agreement:1"),
    "an agreement is of another day": ("UPDATE agreement SET agreed_on = agreed_on - 1", "agreement:1"),
    "a file is another": ("UPDATE attachment SET content = 'x'", "attachment:1"),
    "a file proves something else": ("UPDATE attachment SET evidence = 'official'", "attachment:1"),
    "a file is deleted": ("DELETE FROM attachment", "attachment:1"),
    "a case is said to be of somebody else": ("UPDATE person SET head = NULL, apart = '{1}' WHERE id = 2", "person:2"),
    "that cases are of one person is made up": (
        (
            "INSERT INTO person (id, head, apart, apart_before, change, what, account_id, at) "
            "SELECT 3, 1, '{}', '{}', change, what, account_id, at FROM person LIMIT 1"
        ),
        "person:3",
    ),
    "that cases are of one person is deleted": ("DELETE FROM person WHERE id = 2", "person:2"),
    "a household has more to live on": ("UPDATE household_budget SET lines = '{}'", "household_budget:1"),
    "somebody is told that a note names them": ("INSERT INTO mention VALUES (2, 1, 1)", "mention:"),
    "a note that names somebody is kept from them": ("DELETE FROM mention", "mention:"),
    "a node of the tree is another": ("UPDATE ledger_node SET hash = decode(repeat('00', 32), 'hex')", "node "),
}


@pytest.fixture(scope="module")
def told(shared_database_url: str) -> str:
    """A record with a row of everything that is answered for."""
    url = shared_database_url
    with working(url) as work:
        ledger.start(work.session, VAULT, NOW - dt.timedelta(hours=1))
        administration.add(work, "wang", "counsellor", None, "a long enough password")
        administration.add(work, "li", "supervisor", None, "another long password", handed_over=True)
        secret = second_factor.new_secret()
        second_factor.turn_on(work, work.session.get_one(Account, 2), secret, pyotp.TOTP(secret).at(NOW))
        administration.add_passkey(work, work.session.get_one(Account, 2), invented(2, "key", NOW))
        administration.link(work, work.session.get_one(Account, 2), "https://id.example", "li")
    with working(url) as work:
        administration.give_token(work, work.session.get_one(Account, 1), "import", ["cases:read"], 30)
        work.session.add(
            Webhook(submitter="us", account_id=1, url="https://example.com", events=[], secret=b"s", created_at=NOW)
        )
        work.session.flush()
        work.note("webhook_added", "webhook:1")
    refused = Rejected(3, "product", "不认识", "Unknown", ("R", "x"))
    crisis = accepted(1, "A", phone="13812345678", notes="他说不想活了，已经买好了农药")
    decided(url, [crisis, accepted(2, "B"), refused], VAULT, by=shipped())
    with working_as(Viewer(1, "wang", "counsellor", None), url) as work:
        perform(work, take_case(work.session, work.viewer, 1, None), Act("accept", {"status": "reviewed"}, words="好"))
        day = NOW.date()
        sign_in.begin(work, work.session.get_one(Account, 1))
        teams.save(work, None, TeamTerms("一组", ["S03"], members=[1]), {"S03"})
        teams.away(work, 1, day, day + dt.timedelta(days=3), day)
        tasks.add(work, 1, "f1", "打电话", None, day)
        case = take_case(work.session, work.viewer, 1, None)
        agreements.make(work, case, AgreedTerms(10_000, 2, day, day, in_writing=True, words=""))
        attachments.add(work, 1, "f2", "a.pdf", b"%PDF-1.7", "", "")
        notes.add(work, 1, "f3", "@li 请看")
        identity.merge(work, 1, 2)
        work.session.add(HouseholdBudget(id=1, lines={"food": 1}, account_id=1, at=NOW))
        work.session.flush()
        work.note("budget", "household_budget:1")
    with working(url) as work:
        work.session.get_one(Case, 1).consent = ["given"]
        work.session.flush()
        work.note("consent", "case:1")
    return url


def test_nothing_is_found_where_nobody_tried(told: str) -> None:
    assert verified(told).faults == ()


@pytest.mark.parametrize("what", FORGERIES)
def test_what_somebody_may_try_is_found(told: str, what: str) -> None:
    statements, where = FORGERIES[what]
    with unwritten(told) as (opened, raw):
        for statement in statements.split(";"):
            raw.execute(statement.encode())
        found = audit.verify(opened, VAULT)
    assert any(fault.where.startswith(where) for fault in found.faults), found.faults


def test_the_page_lists_them_all() -> None:
    listed = PAGE.read_text(encoding="utf-8").partition("<!-- forgeries -->")[2].split("\n\n")[1].splitlines()
    assert len(listed) == len(FORGERIES) >= 40
    assert [line.removeprefix("- ") for line in listed] == list(FORGERIES)
