"""Events are told at least once: written with what they tell, tried again, given up after the last try, never lost."""

import datetime as dt
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer
from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.case import acting
from forbear.case.actions import ACTIONS
from forbear.desk import assignment
from forbear.ops.embedded import Urls
from forbear.webhooks import outbox, webhooks
from forbear.webhooks.http import AddressError
from forbear.webhooks.outbox import EACH, LEASE, LONGEST, PAUSES, TRIES
from models.database.session import session
from models.webhook import Delivery, Webhook
from tests.support.desk.api import Receiver, receiver
from tests.support.desk.cases import NOW, VAULT, accepted, decided, engine_of, submitted, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.processes import Site, kill_group, until

SECOND = dt.timedelta(seconds=1)
BOTH = ("batch.complete", "decision.changed")


@contextmanager
def record(url: str) -> Iterator[Session]:
    with engine_of(url) as engine, session(engine) as opened:
        yield opened


def register(
    url: str, to: str = "https://example.com/hook", events: tuple[str, ...] = BOTH, submitter: str = "us"
) -> tuple[int, str]:
    name = f"owner of {submitter} {to}"[:64]
    who = Viewer(account(url, name, "submitter", submitter), name, "submitter", submitter)
    with working_as(who, url) as work:
        hook, secret = webhooks.add(work, submitter, to, events, private=True)
        return hook.id, secret


def all_deliveries(url: str) -> list[Delivery]:
    with record(url) as opened:
        found = list(opened.exec(select(Delivery).order_by(col(Delivery.id))))
        opened.expunge_all()
    return found


def tell(url: str, count: int = 1, event: str = "batch.complete", submitter: str = "us") -> None:
    with record(url) as opened:
        webhooks.tell(opened, submitter, event, ({"n": n} for n in range(count)), NOW)


def round_at(url: str, now: dt.datetime) -> dict[int, str | None]:
    """One round of the task, at a moment."""
    with record(url) as opened:
        parcels = outbox.claim(opened, now)
    errors = outbox.send(parcels, VAULT, lambda: now, private=True)
    with record(url) as opened:
        outbox.settle(opened, parcels, errors, now)
    return errors


def test_a_batch_that_is_complete_is_told(database_url: str, vault: Vault) -> None:
    register(database_url)
    done = decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault)
    [delivery] = all_deliveries(database_url)
    assert (delivery.event, delivery.status, delivery.tries) == ("batch.complete", "pending", 0)
    assert delivery.payload["event"] == "batch.complete"
    assert delivery.payload["data"] == {
        "batch_id": str(done.batch_id),
        "submitter": "us",
        "as_of": "2026-11-23",
        "rows_read": 2,
        "accepted": 2,
        "rejected": 0,
        "unchanged": 0,
        "cancelled": 0,
    }


def test_a_batch_with_nothing_to_do_is_told_at_once(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    register(database_url)
    submitted(database_url, [accepted(1, "A")], vault)
    [delivery] = all_deliveries(database_url)
    assert delivery.payload["data"]["unchanged"] == 1


def test_a_changed_decision_is_told_by_reference_alone(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault)
    register(database_url, events=("decision.changed",))
    later = [accepted(1, "A", private={"notes": "我不想活了"}), accepted(2, "B", days_overdue=101)]
    decided(database_url, later, vault)  # B is decided anew, and the same
    [delivery] = all_deliveries(database_url)
    assert delivery.payload["data"].keys() == {"submitter", "case_ref", "decision_id"}
    assert delivery.payload["data"]["case_ref"] == "A"


def test_a_first_decision_is_no_change(database_url: str, vault: Vault) -> None:
    register(database_url, events=("decision.changed",))
    decided(database_url, [accepted(1, "A")], vault)
    assert all_deliveries(database_url) == []


def test_only_who_wants_an_event_of_its_own_submitter_is_told(database_url: str) -> None:
    wants, _ = register(database_url)
    register(database_url, "https://example.com/other", ("decision.changed",))
    register(database_url, "https://example.com/them", submitter="them")
    tell(database_url)
    assert [each.webhook_id for each in all_deliveries(database_url)] == [wants]


def test_an_event_of_a_transaction_that_fails_never_was(database_url: str) -> None:
    register(database_url)
    with pytest.raises(RuntimeError), record(database_url) as opened:
        webhooks.tell(opened, "us", "batch.complete", [{}], NOW)
        raise RuntimeError
    assert all_deliveries(database_url) == []


def test_a_webhook_to_an_internal_machine_is_refused(database_url: str) -> None:
    who = Viewer(account(database_url), "wang", "supervisor", None)
    with working_as(who, database_url) as work, pytest.raises(AddressError):
        webhooks.add(work, "us", "https://10.0.0.8/", BOTH, private=False)


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def test_a_delivery_is_signed_and_noted(database_url: str, there: Receiver) -> None:
    _, secret = register(database_url, there.address)
    tell(database_url)
    round_at(database_url, NOW)
    [delivery] = all_deliveries(database_url)
    assert (delivery.status, delivery.delivered_at, delivery.tries) == ("delivered", NOW, 1)
    [(headers, body)] = there.got
    assert headers["Forbear-Delivery"] == str(delivery.id)
    stamp, signed = headers["Forbear-Signature"].split(",")
    assert stamp == f"t={int(NOW.timestamp())}"
    expected = hmac.new(secret.encode(), f"{stamp[2:]}.".encode() + body, sha256).hexdigest()
    assert signed == f"v1={expected}"
    assert there.bodies() == [delivery.payload]


@given(st.text(), st.integers(0, 2**40), st.binary())
def test_a_signature_is_of_its_secret_moment_and_body(secret: str, at: int, body: bytes) -> None:
    signed = outbox.signature([secret], at, body)
    assert outbox.signature([secret], at, body) == signed
    assert outbox.signature([secret + "x"], at, body) != signed
    assert outbox.signature([secret], at + 1, body) != signed
    assert outbox.signature([secret], at, body + b"x") != signed


def test_what_fails_is_tried_again_after_growing_pauses_and_then_given_up(database_url: str, there: Receiver) -> None:
    register(database_url, there.address)
    tell(database_url)
    there.status, now = 503, NOW
    for pause in PAUSES:
        assert round_at(database_url, now - SECOND) == {} or now == NOW
        assert list(round_at(database_url, now).values()) in (["status_503"], [])
        [delivery] = all_deliveries(database_url)
        assert (delivery.status, delivery.error) == ("pending", "status_503")
        now = delivery.next_at
        assert pause in PAUSES
    round_at(database_url, now)
    [delivery] = all_deliveries(database_url)
    assert (delivery.status, delivery.error, delivery.tries) == ("failed", "status_503", TRIES)
    assert round_at(database_url, now + dt.timedelta(days=9)) == {}
    assert len({headers["Forbear-Delivery"] for headers, _ in there.got}) == 1
    assert len(there.got) == TRIES


def test_pauses_grow_to_about_a_day_in_all() -> None:
    assert list(PAUSES) == sorted(set(PAUSES))
    assert 20 * 3600 < sum(PAUSES) < 30 * 3600


def test_a_delivery_in_flight_is_not_taken_by_another_worker(database_url: str) -> None:
    register(database_url)
    tell(database_url)
    with record(database_url) as opened:
        assert len(outbox.claim(opened, NOW)) == 1
    with record(database_url) as opened:
        assert outbox.claim(opened, NOW + LEASE - SECOND) == []


@pytest.mark.parametrize(("ahead", "due"), [(-SECOND, True), (LONGEST, False), (LONGEST + SECOND, True)])
def test_a_delivery_of_a_clock_that_was_ahead_waits_no_longer_than_any(
    database_url: str, ahead: dt.timedelta, due: bool
) -> None:
    register(database_url)
    with record(database_url) as opened:
        webhooks.tell(opened, "us", "batch.complete", [{}], NOW + ahead)
        assert (len(outbox.claim(opened, NOW)) == 1) is due


def test_two_workers_never_claim_the_same_delivery(database_url: str) -> None:
    register(database_url)
    tell(database_url, 3)
    with engine_of(database_url) as engine, session(engine) as first, session(engine) as second:
        mine, theirs = outbox.claim(first, NOW), outbox.claim(second, NOW)
    assert len(mine) == 3
    assert theirs == []


def test_who_dies_between_sending_and_settling_leaves_a_delivery_that_is_sent_again(
    database_url: str, there: Receiver
) -> None:
    register(database_url, there.address)
    tell(database_url)
    with record(database_url) as opened:
        parcels = outbox.claim(opened, NOW)
    outbox.send(parcels, VAULT, lambda: NOW, private=True)  # and the process is gone
    assert list(round_at(database_url, NOW + LEASE).values()) == [None]
    first, second = there.got
    assert first[0]["Forbear-Delivery"] == second[0]["Forbear-Delivery"]
    assert first[1] == second[1]


def test_who_dies_at_the_last_try_leaves_a_failure(database_url: str) -> None:
    register(database_url)
    tell(database_url)
    now = NOW
    for _ in range(TRIES):
        with record(database_url) as opened:
            assert len(outbox.claim(opened, now)) == 1
        now += LEASE
    with record(database_url) as opened:
        assert outbox.claim(opened, now) == []
    [delivery] = all_deliveries(database_url)
    assert (delivery.status, delivery.error) == ("failed", "interrupted")


def test_one_dead_address_does_not_hold_up_the_others(database_url: str, there: Receiver) -> None:
    dead, _ = register(database_url, "http://127.0.0.1:1/")
    tell(database_url, 40)
    alive, _ = register(database_url, there.address)
    tell(database_url, 3)
    round_at(database_url, NOW)
    assert len(there.got) == 3
    assert {each.status for each in all_deliveries(database_url) if each.webhook_id == alive} == {"delivered"}
    waiting = [each for each in all_deliveries(database_url) if each.webhook_id == dead]
    assert sorted(each.tries for each in waiting) == [0] * (43 - EACH) + [1] * EACH
    assert {each.next_at for each in waiting} == {NOW + PAUSES[0] * SECOND}


def test_an_address_that_takes_some_is_not_left_alone(database_url: str, there: Receiver) -> None:
    hook, _ = register(database_url, there.address)
    tell(database_url, EACH + 2)
    with record(database_url) as opened:
        parcels = outbox.claim(opened, NOW)
        errors: dict[int, str | None] = dict.fromkeys((each.id for each in parcels), "status_500")
        errors[parcels[0].id] = None
        outbox.settle(opened, parcels, errors, NOW)
    assert len(round_at(database_url, NOW)) == 2
    assert hook == parcels[0].webhook_id


def test_sending_again_starts_anew(database_url: str, there: Receiver) -> None:
    hook, _ = register(database_url, there.address)
    tell(database_url)
    round_at(database_url, NOW)
    with record(database_url) as opened:
        delivery = opened.exec(select(Delivery)).one()
        assert webhooks.send_again(opened, hook + 1, delivery.id, NOW) is None
        assert webhooks.send_again(opened, hook, delivery.id, NOW + SECOND) is not None
    round_at(database_url, NOW + SECOND)
    assert len(there.got) == 2
    assert there.got[0][1] == there.got[1][1]


def test_a_removed_webhook_is_sent_nothing_more(database_url: str, there: Receiver) -> None:
    hook, _ = register(database_url, there.address)
    tell(database_url)
    with working(database_url) as work:
        webhooks.remove(work, work.session.get_one(Webhook, hook))
    tell(database_url)
    assert round_at(database_url, NOW) == {}
    assert [(each.status, each.error) for each in all_deliveries(database_url)] == [("failed", "removed")]


def test_what_was_settled_long_ago_is_forgotten(database_url: str, there: Receiver) -> None:
    register(database_url, there.address)
    tell(database_url)
    round_at(database_url, NOW)
    tell(database_url)
    with record(database_url) as opened:
        assert outbox.forget(opened, NOW + outbox.KEPT) == 0
        assert outbox.forget(opened, NOW + outbox.KEPT + SECOND) == 1
    assert [each.status for each in all_deliveries(database_url)] == ["pending"]


def test_a_real_worker_tells_and_one_killed_in_the_middle_leaves_it_to_be_told_again(
    database_url: str, redis_url: str, there: Receiver, tmp_path: Path
) -> None:
    site = Site(Urls(database_url, redis_url), tmp_path)
    register(database_url, there.address)
    there.hold = threading.Event()
    tell(database_url)
    with site.worker() as worker, site.scheduler():
        until(lambda: len(there.got) == 1, "a delivery on its way; " + site.logs()[-2000:])
        kill_group(worker)
    there.hold.set()
    [claimed] = all_deliveries(database_url)
    assert (claimed.status, claimed.tries) == ("pending", 1)
    with record(database_url) as opened:
        opened.get_one(Delivery, claimed.id).next_at = NOW  # its lease is over
    with site.worker(), site.scheduler():
        until(lambda: all_deliveries(database_url)[0].status == "delivered", site.logs()[-2000:])
    assert len(there.got) == 2
    assert there.got[0][0]["Forbear-Delivery"] == there.got[1][0]["Forbear-Delivery"]
    assert there.got[0][1] == there.got[1][1]


@pytest.mark.parametrize(("minutes", "both"), [(59, True), (60, False)])
def test_while_two_secrets_overlap_either_signs(database_url: str, there: Receiver, minutes: int, both: bool) -> None:
    hook_id, old = register(database_url, there.address)
    with working(database_url) as work:
        new = webhooks.rotate(work, work.session.get_one(Webhook, hook_id), dt.timedelta(hours=1))
    at = NOW + dt.timedelta(minutes=minutes)
    tell(database_url)
    round_at(database_url, at)
    [(headers, body)] = there.got
    signed = f"{int(at.timestamp())}.".encode() + body
    made = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in (new, old)]
    assert headers["Forbear-Signature"].split(",")[1:] == [f"v1={each}" for each in made[: 2 if both else 1]]


def test_a_ping_goes_to_its_webhook_alone_whatever_it_wants_to_hear(database_url: str, there: Receiver) -> None:
    hook_id, _ = register(database_url, there.address, ("case.aged",))
    register(database_url, "https://example.com/other", ("case.aged",))
    with record(database_url) as opened:
        webhooks.ping(opened, opened.get_one(Webhook, hook_id), NOW)
    round_at(database_url, NOW)
    assert [body["event"] for body in there.bodies()] == ["ping"]


def test_an_action_on_a_case_is_told_by_codes_alone(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault, by=shipped())
    register(database_url, events=("review.recorded",))
    who = Viewer(account(database_url, "zhao", "supervisor"), "zhao", "supervisor", None)
    given = {"reason": "complex", "words": "请督导看一下这个案件的情况"}
    with working_as(who, database_url, vault) as work:
        acting.act(work, 1, 1, ACTIONS["escalate"], lambda _: given)
        assignment.assign(work, [(1, 2)], who.account_id)
    [delivery] = all_deliveries(database_url)
    assert delivery.payload["data"] == {
        "submitter": "us",
        "case_ref": "A",
        "review_id": 1,
        "action": "escalate",
        "strategy": None,
        "reason": "complex",
        "decision_id": 1,
        "status": "escalated",
        "revision": 2,
    }
