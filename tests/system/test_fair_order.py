"""A real worker does what is most urgent first, whatever was handed in before it, and leaves nothing."""

from pathlib import Path

import psycopg

from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.ops.embedded import Urls
from tests.support.desk.cases import accepted, many, submitted
from tests.support.desk.processes import Site, until
from workers.wake import wake

SINGLES, FILE, CHUNK = 20, 40, 10
BEFORE = """
    SELECT count(*) FILTER (WHERE k.queue = 'urgent'), count(DISTINCT k.id) FILTER (WHERE k.queue = 'bulk')
    FROM decision d JOIN chunk k ON k.id = d.chunk_id
    WHERE d.id < (SELECT min(d.id) FROM decision d JOIN chunk k ON k.id = d.chunk_id WHERE k.lane = 0)
"""


def test_a_crisis_overtakes_the_single_cases_and_the_file_that_were_handed_in_before_it(
    database_url: str, redis_url: str, tmp_path: Path, vault: Vault
) -> None:
    site = Site(Urls(database_url, redis_url), tmp_path)
    handed_in = [submitted(database_url, many(FILE, "F"), vault, chunk_size=CHUNK)]
    handed_in += [submitted(database_url, [accepted(1, f"S{number}")], vault) for number in range(SINGLES)]
    danger = accepted(1, "crisis", {"notes": "他说不想活了"})
    handed_in.append(submitted(database_url, [danger], vault, by=shipped()))
    assert wake((each for done in handed_in for each in done.wakes), redis_url) == FILE // CHUNK + SINGLES + 1
    with site.worker(processes=1):
        decided = "SELECT count(*) FROM decision"
        try:
            until(lambda: site.scalar(decided) == FILE + SINGLES + 1, "everything decided", deadline=240)
        except AssertionError:
            raise AssertionError(site.logs()[-8000:]) from None
    with psycopg.connect(database_url) as connection:
        singles, chunks = connection.execute(BEFORE).fetchone() or (None, None)
    assert singles == 0
    assert chunks in {0, 1, 2}, "a worker of all queues takes them in turn"
