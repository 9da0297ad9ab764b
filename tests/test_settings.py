"""Settings: read once from the environment, and what is not usable told in one sentence."""

import pytest

from forbear.errors import ForbearError
from forbear.settings import Settings, settings


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORBEAR_DATABASE_URL", "")
    monkeypatch.setenv("FORBEAR_CHUNK_SIZE", "")
    assert Settings().database_url is None
    assert Settings().chunk_size == 500


@pytest.mark.parametrize(
    ("value", "usable"), [("0", False), ("1", True), ("5000", True), ("5001", False), ("x", False)]
)
def test_an_unusable_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, value: str, usable: bool) -> None:
    monkeypatch.setenv("FORBEAR_CHUNK_SIZE", value)
    settings.cache_clear()
    try:
        if usable:
            assert settings().chunk_size == int(value)
        else:
            with pytest.raises(ForbearError, match="FORBEAR_CHUNK_SIZE"):
                settings()
    finally:
        settings.cache_clear()
