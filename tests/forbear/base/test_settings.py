"""Settings: read once from the environment, and what is not usable told in one sentence."""

from pathlib import Path

import pytest

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings, child_environment, settings
from forbear.ops.processes import web_command


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORBEAR_DATABASE_URL", "")
    monkeypatch.setenv("FORBEAR_CHUNK_SIZE", "")
    assert Settings().database_url is None
    assert Settings().chunk_size == 2000


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


def test_names_of_hosts_are_given_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().web_hosts == frozenset()
    monkeypatch.setenv("FORBEAR_WEB_HOSTS", "Desk.example.org, desk,")
    assert Settings().web_hosts == {"desk.example.org", "desk"}


@pytest.mark.parametrize("value", ["https://desk.example", "desk.example:443", "*", "a b", "desk.example/"])
def test_what_is_no_name_of_a_host_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FORBEAR_WEB_HOSTS", value)
    settings.cache_clear()
    try:
        with pytest.raises(ForbearError, match=r"^FORBEAR_WEB_HOSTS is not usable: '"):
            settings()
    finally:
        settings.cache_clear()


def test_no_proxy_is_believed_unless_it_is_named() -> None:
    assert "--no-proxy-headers" in web_command(Settings(web_proxy=None))
    named = web_command(Settings(web_proxy="10.0.0.2"))
    assert named[named.index("--forwarded-allow-ips") + 1] == "10.0.0.2"
    assert "--no-proxy-headers" not in named


def test_whatever_can_be_set_can_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held = {
        "KEY": "secret\n",
        "DATABASE_URL": "postgresql://f:p@db/f",
        "WEB_HOSTS": "a.example,b.example\n",
        "CHUNK_SIZE": "7",
        "PREVIOUS_KEYS": "\n",
    }
    for name, text in held.items():
        monkeypatch.delenv(f"FORBEAR_{name}", raising=False)
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(f"FORBEAR_{name}_FILE", str(tmp_path / name))
    found = Settings()
    assert (found.key, found.database_url, found.chunk_size) == ("secret", "postgresql://f:p@db/f", 7)
    assert found.web_hosts == {"a.example", "b.example"}
    assert found.previous_keys == ()  # the one file that may be empty: as a rule there is no key before
    (tmp_path / "PREVIOUS_KEYS").write_text("a=, b=\n")
    assert Settings().previous_keys == ("a=", "b=")
    # A process of ours is told the address that is used, once.
    children = child_environment(FORBEAR_DATABASE_URL="postgresql://embedded/f")
    assert "FORBEAR_DATABASE_URL_FILE" not in children
    assert children["FORBEAR_KEY_FILE"] == str(tmp_path / "KEY")

    (tmp_path / "KEY").write_text(" \n")
    with pytest.raises(ForbearError, match=r"FORBEAR_KEY_FILE names .*KEY, which is empty"):
        Settings()
    (tmp_path / "KEY").unlink()
    with pytest.raises(ForbearError, match=r"FORBEAR_KEY_FILE names .* cannot be read"):
        Settings()
    monkeypatch.setenv("FORBEAR_KEY", "secret")
    with pytest.raises(ForbearError, match="FORBEAR_KEY and FORBEAR_KEY_FILE are both set"):
        Settings()
