"""Personal data at rest: sealed with AES-256-GCM, compared by keyed hash, never stored in the open."""

import base64
import binascii
import hmac
import json
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, select

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from models.operation.vault_key import VaultKey

KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D: 96-bit random nonces
_VERSION = b"\x01"  # first byte of every sealed value, so that the scheme can change


class Vault:
    """Seals and opens personal data with one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(_derive(key, b"seal"))
        self._mac_key = _derive(key, b"mac")
        self._chain_key = _derive(key, b"chain")
        self._signer = Ed25519PrivateKey.from_private_bytes(_derive(key, b"sign"))
        self.public_key = self._signer.public_key().public_bytes_raw()  # anybody may have it: checks what `sign` signs
        self.fingerprint = _derive(key, b"fingerprint")  # tells keys apart and gives nothing of them away

    def seal(self, data: Any) -> bytes:
        """Encrypt a JSON value."""
        return self.seal_bytes(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """Decrypt what `seal` made. Raises ForbearError if the key is another one or the bytes were changed."""
        return json.loads(self.open_bytes(sealed))

    def seal_bytes(self, data: bytes) -> bytes:
        """Encrypt a file."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, data, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made. Raises ForbearError as `open` does."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, body, None)
        except InvalidTag:
            raise ForbearError(
                "Stored personal data cannot be decrypted: set FORBEAR_KEY to the key it was written with."
            ) from None

    def mac(self, data: bytes) -> bytes:
        """A 32-byte keyed hash: tells whether two contents are the same and nothing else."""
        return hmac.digest(self._mac_key, data, sha256)

    def chain(self, data: bytes) -> bytes:
        """A 32-byte keyed hash for the ledger alone: nobody can have a link of it made by submitting its content."""
        return hmac.digest(self._chain_key, data, sha256)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature: who has the public key can tell that this key's holder signed just these bytes."""
        return self._signer.sign(data)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"forbear/" + purpose).derive(key)


def load_vault(settings: Settings) -> Vault:
    """The vault of FORBEAR_KEY, else of FORBEAR_HOME/key, which is made (mode 0600) if there is none."""
    if settings.key is not None:
        return Vault(_decode(settings.key, "FORBEAR_KEY"))
    path = settings.home / "key"
    if path.exists():
        return Vault(_decode(path.read_text(), str(path)))
    try:
        return Vault(_generate(path))
    except OSError as error:
        raise ForbearError(f"The key cannot be written to {path}: {error.strerror}. Set FORBEAR_KEY instead.") from None


def check_key(session: Session, vault: Vault, *, note: bool = True) -> None:
    """Refuse a key other than the one this database's personal data is sealed with; the first one used is noted."""
    if note:
        session.exec(insert(VaultKey).values(id=1, fingerprint=vault.fingerprint).on_conflict_do_nothing())
    if session.exec(select(VaultKey.fingerprint)).first() not in (vault.fingerprint, None):
        raise ForbearError(
            "The personal data in this database is sealed with another key: "
            "set FORBEAR_KEY (or FORBEAR_HOME, whose file `key` holds it) to the one it was made with."
        )


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ForbearError(
            f"{where} is not a base64 key of {KEY_BYTES} bytes: make one with `openssl rand -base64 32`."
        )
    return key


def _generate(path: Path) -> bytes:
    """Write a new key, or take the one another process wrote in the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_name(f".key.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # a link, not a rename: it never replaces a key
    except FileExistsError:
        return _decode(path.read_text(), str(path))
    finally:
        draft.unlink()
    return key
