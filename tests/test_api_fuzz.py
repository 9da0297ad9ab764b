"""Whatever a program sends, the API answers as it says it does: Schemathesis against the real server and database."""

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CHECKS  # noqa: F401 - the checks register themselves

from forbear.packs import shipped
from forbear.privacy import Vault
from rules.loader import DEFAULT_PACK, load
from tests.api import token
from tests.cases import accepted, decided
from tests.desk import account, served
from web.api.openapi import described

schema = schemathesis.openapi.from_dict(described(shipped()))


@pytest.fixture(scope="module")
def nothing() -> None:
    return None
