"""Personal data at rest: what is sealed opens only with its key, and keys are kept as promised."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.base.vault import KEY_BYTES, UsedKey, Vault, check_key, load_vault
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


def test_what_was_sealed_before_values_were_bound_opens_anywhere_until_it_is_sealed_anew() -> None:
    nonce, cipher = bytes(12), AESGCM(HKDF(SHA256(), KEY_BYTES, None, b"forbear/seal").derive(KEY))
    unbound = b"\x01" + nonce + cipher.encrypt(nonce, b'"x"', None)
    assert Vault(KEY).open(unbound, "here") == Vault(bytes(32), KEY).open(unbound, "there") == "x"
    for cut in (b"", b"\x01", b"\x02", unbound[:9], b"\x03" + unbound[1:]):
        with pytest.raises(ForbearError, match="FORBEAR_KEY"):
            Vault(KEY).open(cut, "here")


def test_keyed_hashes_are_hashed_on_by_each_further_key() -> None:
    """Which of them there are in the record is seen by their length and first byte; both are looked for meanwhile."""
    first, both = Vault(KEY), Vault(bytes(32), KEY)
    old = UsedKey(1, first.fingerprint, 1, None, True)
    new = UsedKey(2, Vault(bytes(32)).fingerprint, 7, None, False)
    meanwhile, done = both.arranged([old, new]), both.arranged([old, new._replace(done=True)])
    mac = first.mac(b"x")
    assert meanwhile.macs(b"x") == (meanwhile.lifted(mac), mac)
    assert done.macs(b"x") == (meanwhile.mac(b"x"),) == (done.lifted(mac),)
    assert done.lifted(done.mac(b"x")) == done.mac(b"x")
    assert (len(mac), len(done.mac(b"x")), done.mac(b"x")[0]) == (32, 33, 2)
    assert done.mac(b"x")[1:] != Vault(bytes(32)).mac(b"x")
    # The chain: by number of the entry; what is hashed now, by the key that is used.
    assert [done.chain(b"x", seq) == first.chain(b"x") for seq in (1, 6, 7, 8)] == [True, True, False, False]
    assert done.chain(b"x") == done.chain(b"x", 7) == Vault(bytes(32)).chain(b"x")
    assert (len(meanwhile.chains(b"x")), len(done.chains(b"x"))) == (2, 1)
    # Until the new one is used, both keys seal with the old one.
    before = both.arranged([old])
    assert before.seals_as == first.seals_as and before.mac(b"x") == mac
    assert before.successor() is not None and done.successor() is None


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
