"""What a program does with the Python client that openapi-python-client made: run in that client's own environment.

It knows nothing of Forbear but the client. `go` hands in, follows, reviews and registers; `verify` checks a webhook.
"""

# mypy: ignore-errors
# The package `made` is there only where this runs.

import hashlib
import hmac
import json
import sys
import time
from io import BytesIO
from pathlib import Path

from made import AuthenticatedClient, models
from made.api.batches import cancel_batch, list_batches, rejects, results, show_batch, submit_batch
from made.api.cases import list_cases, show_case, show_negotiation_pack, show_plan, submit_case
from made.api.events import list_events
from made.api.policy import show_policy
from made.api.reviews import list_reviews, review_case, withdraw_case
from made.api.webhooks import add_webhook, change_webhook, ping_webhook, rotate_secret
from made.types import File


def complete(client, batch_id):
    """Ask until a batch is complete."""
    while True:
        found = show_batch.sync(batch_id, client=client)
        if found.status == "complete":
            return found
        time.sleep(0.2)


def go(address: str, token: str, file: str, examples: str) -> None:
    """Everything that a submitter's and a counsellor's program does."""
    client = AuthenticatedClient(address, token, timeout=120, raise_on_unexpected_status=True)
    policy = show_policy.sync(client=client)
    assert {each.id for each in policy.strategies} >= {"mediation"}

    content = Path(file).read_bytes()
    form = models.SubmitBatchFilesBody(file=File(BytesIO(content), "cases.csv", "text/csv"))
    batch = submit_batch.sync(client=client, body=form, idempotency_key="night-1")
    again = submit_batch.sync_detailed(
        client=client,
        body=models.SubmitBatchFilesBody(file=File(BytesIO(content), "cases.csv", "text/csv")),
        idempotency_key="night-1",
    )
    assert again.headers["Idempotency-Replayed"] == "true" and again.parsed.id == batch.id
    done = complete(client, batch.id)
    lines = [json.loads(line) for line in results.sync(batch.id, client=client).splitlines()]
    assert len(lines) == done.decided > 20
    assert models.ResultLine.from_dict(lines[0]).revision == 1
    rejected = rejects.sync(batch.id, client=client, format_=models.RejectsFormat.CSV)
    assert len(rejected.splitlines()) > done.rejected > 0

    given = json.loads(Path(examples).read_text(encoding="utf-8"))
    cases = [models.SubmittedCase.from_dict({**given["case"], "case_ref": f"G-{n}"}) for n in range(12)]
    listed = submit_batch.sync(client=client, body=models.SubmittedCases(cases=cases))
    assert complete(client, listed.id).accepted == 12
    assert len(list_batches.sync(client=client, limit=1).batches) == 1
    alone = submit_case.sync(
        client=client, body=models.SubmittedCase.from_dict({**given["case"], "case_ref": "G/甲"}), wait=30
    )
    assert show_case.sync("G/甲", client=client).decision_id == alone.decision_id
    assert show_plan.sync("G/甲", client=client).plan_for_client.sentence.en
    assert show_negotiation_pack.sync("G/甲", client=client).say

    refs = iter(case.case_ref for case in cases)
    for name, example in given["actions"].items():
        shape = getattr(models, name)
        ref = given["danger"] if name == "Contact" else "G-snoozed" if name == "Resume" else next(refs)
        if name == "Snooze":
            snoozed = ref
        if name == "Resume":
            ref, example = snoozed, {**example, "revision": 2}
        reviewed = review_case.sync(ref, client=client, body=shape.from_dict(example))
        assert isinstance(reviewed, models.Reviewed), (name, reviewed)
    assert [each.action for each in list_reviews.sync(snoozed, client=client).reviews] == ["resume", "snooze"]
    withdrawn = withdraw_case.sync(next(refs), client=client, body=models.Withdrawal.from_dict(given["withdrawal"]))
    assert withdrawn.status == "closed"
    assert cancel_batch.sync(listed.id, client=client).type_ == "urn:forbear:problem:batch_done"

    moved, at = 0, "0"
    while True:
        page = list_cases.sync(client=client, updated_after=at, limit=100)
        moved, at = moved + len(page.cases), page.next_
        if page.last:
            break
    assert moved >= done.decided + 13
    pages, after = 0, None
    while True:
        page = list_cases.sync(client=client, limit=200, **({} if after is None else {"after": after}))
        pages, after = pages + 1, page.next_
        if page.last:
            break
    assert pages > 1
    assert {each.kind for each in list_events.sync(client=client).events} >= {"decision"}

    hook = add_webhook.sync(client=client, body=models.NewWebhook(url="https://example.com/hook"))
    kept = models.WebhookChange(events=[models.WebhookChangeEventsType0Item.REVIEW_RECORDED])
    assert [str(each) for each in change_webhook.sync(hook.id, client=client, body=kept).events] == ["review.recorded"]
    rotated = rotate_secret.sync(hook.id, client=client, body=models.Rotation(overlap_hours=1))
    assert ping_webhook.sync(hook.id, client=client).event == "ping"
    sys.stdout.write(json.dumps([hook.secret, rotated.secret]))


def verify(secret: str, header: str, file: str) -> None:
    """Check what a webhook was sent, and read it as what it is."""
    body = Path(file).read_bytes()
    stamp, *signatures = (part.split("=", 1)[1] for part in header.split(","))
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert any(hmac.compare_digest(each, expected) for each in signatures)
    assert models.PingSent.from_dict(json.loads(body)).data.webhook_id == 1


{"go": go, "verify": verify}[sys.argv[1]](*sys.argv[2:])
