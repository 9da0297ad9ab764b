"""The outbox, step by step: a webhook's message is claimed, sent between two transactions, and settled."""

from functools import partial

from bench.simulation.record import Connection
from bench.simulation.transactions import STEP, Steps, Transactions
from forbear.webhooks.outbox import LEASE, LONGEST, PAUSES, TRIES


def deliver(process: Transactions) -> Steps:
    """workers/tasks.py:deliver, with forbear/webhooks/outbox.py:send."""
    parcels = yield from process.steady(partial(claim, process))
    if not parcels:
        return
    came = {}
    for each, _ in parcels:
        yield STEP
        came[each] = process.world.receive(each)
    yield from process.steady(lambda open_: settle(process, open_, parcels, came))


def claim(process: Transactions, open_: Connection) -> Steps:
    """forbear/webhooks/outbox.py:claim."""
    yield STEP
    open_.usable()
    now, parcels = process.now(), []
    for each in list(process.world.record.open["delivery"]):
        row = process.world.record.rows["delivery", each]
        ahead = row.next_at > now + LONGEST.total_seconds() and process.world.bug != "an event to come is believed"
        if (row.next_at <= now or ahead) and open_.lock(("delivery", each)):
            row = open_.edit(("delivery", each))
            if row.tries >= TRIES:
                row.status = "failed"
                continue
            row.tries += 1
            row.next_at = now + LEASE.total_seconds()
            if process.world.bug == "a delivery is settled before it is sent":
                row.status = "delivered"
            parcels.append((each, row.tries))
    return parcels


def settle(process: Transactions, open_: Connection, parcels: list[tuple[int, int]], came: dict[int, bool]) -> Steps:
    """forbear/webhooks/outbox.py:settle."""
    for each, tries in parcels:
        yield from process.locked(open_, ("delivery", each))
        row = open_.read(("delivery", each))
        if row.status != "pending" or row.tries != tries:
            continue
        row = open_.edit(("delivery", each))
        if came[each]:
            row.status = "delivered"
        elif tries < TRIES:
            row.next_at = process.now() + PAUSES[min(tries, len(PAUSES)) - 1]
        else:
            row.status = "failed"
