"""Personal data at rest: what is sealed opens only with its key, and keys are kept as promised."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.base.vault import Vault, check_key, load_vault
from models.database.session import make_engine, session

KEY = bytes(range(32))


@given(st.dictionaries(st.text(), st.text()))
def test_what_is_sealed_opens_again(data: dict[str, str]) -> None:
    vault = Vault(KEY)
    assert vault.open(vault.seal(data, "here"), "here") == data


def test_sealed_bytes_do_not_show_the_content_and_never_repeat() -> None:
    vault = Vault(KEY)
    first, second = vault.seal({"name": "测试甲"}, "here"), vault.seal({"name": "测试甲"}, "here")
    assert "测试甲".encode() not in first
    assert first != second


def test_another_key_another_place_or_one_changed_byte_is_refused() -> None:
    sealed = Vault(KEY).seal({"name": "测试甲"}, "here")
    with pytest.raises(ForbearError, match="FORBEAR_KEY"):
        Vault(bytes(32)).open(sealed, "here")
    with pytest.raises(ForbearError, match="FORBEAR_KEY"):
        Vault(KEY).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here")
    with pytest.raises(ForbearError, match="FORBEAR_KEY"):
        Vault(KEY).open(sealed, "there")


def test_the_keyed_hash_depends_on_the_key() -> None:
    assert Vault(KEY).mac(b"13800000000") == Vault(KEY).mac(b"13800000000")
    assert Vault(KEY).mac(b"13800000000") != Vault(bytes(32)).mac(b"13800000000")


def test_the_embedded_key_is_generated_once_with_mode_0600(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=None, key=None)
    sealed = load_vault(settings).seal("x", "here")
    assert load_vault(settings).open(sealed, "here") == "x"
    assert stat.S_IMODE((tmp_path / "home" / "key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["key"]


def test_a_database_takes_one_key_and_refuses_any_other(database_url: str) -> None:
    engine = make_engine(database_url)
    for _ in range(2):
        with session(engine) as opened:
            check_key(opened, Vault(KEY))
    with pytest.raises(ForbearError, match="sealed with another key"), session(engine) as opened:
        check_key(opened, Vault(bytes(32)))
    engine.dispose()


@pytest.mark.parametrize("key", ["", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_an_unusable_key_is_told_in_one_sentence(tmp_path: Path, key: str) -> None:
    with pytest.raises(ForbearError, match="openssl rand"):
        load_vault(Settings(home=tmp_path, key=key))
