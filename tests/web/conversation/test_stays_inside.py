"""What colleagues say among themselves reaches nobody else: neither API, events, webhooks, results nor any paper."""

import json
from pathlib import Path

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.batch.export import write_results
from forbear.batch.recorded_decision import decisions_of_batch
from forbear.conversation import agreements, attachments, notes, tasks
from forbear.desk.review import take_case
from models.database.session import session
from models.review import INTERNAL
from models.webhook import Webhook
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import caller, token
from tests.support.desk.cases import AS_OF, NOW, VAULT, accepted, decided, engine_of, working_as
from tests.support.desk.desk_clients import account, cookie_of, holding, served
from tests.web.pages.test_crisis import MONEY
from web.language import LANGUAGES

SECRETS = ("她妹妹爱种月季", "问老同事的看法", "口头答应的条件", "存折第三页")


def test_nothing_said_among_colleagues_leaves(database_url: str, redis_url: str, vault: Vault, tmp_path: Path) -> None:
    batch = decided(database_url, [accepted(1, "A", **MONEY), accepted(2, "B")], vault, by=load(DEFAULT_PACK)).batch_id
    shop = account(database_url, "shop", "submitter", "us")
    wang = Viewer(account(database_url), "wang", "counsellor", None)
    secret, cookie = token(database_url, shop), cookie_of(database_url, shop)
    with served(database_url, redis_url, vault) as address, caller(address, secret) as api:
        before = api.get("/cases/A").json()
        at = api.get("/cases?updated_after=0").raise_for_status().json()["next"]
        said(database_url, wang, shop)
        answers = [api.get(path) for path in PATHS]
        assert {answer.status_code for answer in answers} == {200}, [(a.url, a.status_code) for a in answers]
        assert api.get("/cases/A").json() == before, "not even when it was last said"
        heard = [answer.text for answer in answers]
        assert api.get("/cases/A/reviews").json() == {"reviews": []}
        assert api.get("/cases", params={"updated_after": at}).json()["cases"] == []
        events = api.get("/events").json()
        assert not [each for each in events["events"] if each.get("action") in INTERNAL]
        with holding(address, cookie) as client:
            for lang in LANGUAGES:
                heard += [client.get(f"{page}?lang={lang}").raise_for_status().text for page in PAGES]
            heard.append(client.get(f"/batches/{batch}").raise_for_status().text)
    with engine_of(database_url) as engine, session(engine) as opened:
        heard += [
            json.dumps(list(row), default=str)
            for row in opened.connection().exec_driver_sql("SELECT payload FROM delivery")
        ]
        for kind in ("csv", "jsonl"):
            write_results(tmp_path / f"results.{kind}", decisions_of_batch(opened, batch, vault))
            heard.append((tmp_path / f"results.{kind}").read_text())
    for text in heard:
        assert not [each for each in SECRETS if each in text]


PATHS = (
    "/cases/A",
    "/cases",
    "/cases/A/reviews",
    "/cases/A/negotiation-pack",
    "/cases/A/plan",
    "/events",
)
PAGES = ("/cases/1", "/cases/1/kit", "/", "/batches")


def said(url: str, who: Viewer, shop: int) -> None:
    """A note, a task, an agreement and a file; a webhook of the submitter's would hear of everything."""
    with working_as(who, url) as work:
        hook = Webhook(
            submitter="us",
            account_id=shop,
            url="https://hooks.example/",
            events=["review.recorded", "decision.changed", "case.aged", "batch.complete"],
            secret=VAULT.seal("s", "webhook.secret:1"),
            created_at=NOW,
        )
        work.session.add(hook)
        work.session.flush()
        work.note("webhook_added", f"webhook:{hook.id}")
        notes.add(work, 1, "1", SECRETS[0])
        tasks.add(work, 1, "2", SECRETS[1], None, AS_OF)
        agreed = agreements.AgreedTerms(120000, 3, AS_OF, AS_OF, in_writing=True, words=SECRETS[2])
        agreements.make(work, take_case(work.session, who, 1, None), agreed)
        attachments.add(work, 1, "3", f"{SECRETS[3]}.png", b"\x89PNG\r\n\x1a\n", "", SECRETS[3])
    with engine_of(url) as engine, session(engine) as opened:
        assert opened.connection().exec_driver_sql("SELECT count(*) FROM delivery").scalar_one() == 0
