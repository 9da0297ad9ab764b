"""Two people with accounts, and the server of a test: for the pages of second factors."""

from collections.abc import Iterator

import pytest

from forbear.accounts import administration
from forbear.base.vault import Vault
from tests.support.desk.cases import working
from tests.support.desk.desk_clients import served

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
WANG, CHIEF = 1, 2


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault) -> Iterator[str]:
    with working(database_url, vault) as work:
        administration.add(work, "wang", "counsellor", None, PASSWORD)
        administration.add(work, "chief", "admin", None, PASSWORD)
    with served(database_url, redis_url, vault) as served_at:
        yield served_at
