"""Personal data at rest: sealed with AES-256-GCM for the row it is in, compared by keyed hash, never in the open.

A database has a line of keys, of which it uses the last; `forbear key rotate` adds one. The one before is configured
beside it until everything is sealed anew. Of older ones what is derived for hashes stays, sealed: keyed hashes are
hashed on by each further key, and the ledger's entries keep theirs.
"""

import base64
import binascii
import hmac
import json
import os
import secrets
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from models.operation.vault_key import VaultKey

KEY_BYTES = 32
MAC_BYTES: Final = 32
ID_BYTES: Final = 4  # of a key's fingerprint, in whatever it sealed
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NONCE_BYTES = 12  # NIST SP 800-38D: 96-bit random nonces
# First byte of every sealed value: of a value before values were bound to their row, and of one that is, which has the
# id of its key behind it.
_UNBOUND, _BOUND = b"\x01", b"\x02"
_LINE = text("SELECT id, fingerprint, since, kept, done_at IS NOT NULL AS done FROM vault_key ORDER BY id")


@dataclass(frozen=True)
class DerivedKeys:
    """What is derived from one key; of one that is not configured any more, only what old hashes need."""

    fingerprint: bytes  # tells keys apart and gives nothing of them away
    mac: bytes
    chain: bytes
    public: bytes  # anybody may have it: checks what the signer signs
    cipher: AESGCM | None = None
    signer: Ed25519PrivateKey | None = None

    @classmethod
    def of(cls, key: bytes) -> "DerivedKeys":
        """Everything that a key is used for, each with a key of its own."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        signer = Ed25519PrivateKey.from_private_bytes(_derive(key, b"sign"))
        fingerprint, mac, chain = (_derive(key, name) for name in (b"fingerprint", b"mac", b"chain"))
        public = signer.public_key().public_bytes_raw()
        return cls(fingerprint, mac, chain, public, AESGCM(_derive(key, b"seal")), signer)


class UsedKey(NamedTuple):
    """A key of a database's line: its number, which ledger entry is the first of it, and what is kept of it after."""

    id: int
    fingerprint: bytes
    since: int
    kept: bytes | None
    done: bool


class Vault:
    """Seals and opens personal data: seals with the key that the database uses, opens with any that is configured."""

    def __init__(self, key: bytes, *previous: bytes) -> None:
        self._keys = {each.fingerprint: each for each in map(DerivedKeys.of, (key, *previous))}
        self.configured = next(iter(self._keys))  # the fingerprint of FORBEAR_KEY
        self._line: tuple[DerivedKeys, ...] = (self._keys[self.configured],)
        self._since: tuple[int, ...] = (1,)
        self.rotating = False  # whether values of the key before may be met
        self._arranged: dict[tuple[tuple[int, bool], ...], Vault] = {}

    @property
    def generation(self) -> int:
        """Which key of the database's line is used, from 1."""
        return len(self._line)

    @property
    def line(self) -> tuple[DerivedKeys, ...]:
        """The keys that the database used, the one it uses last."""
        return self._line

    @property
    def fingerprint(self) -> bytes:
        """That of the key that is used."""
        return self._line[-1].fingerprint

    @property
    def public_key(self) -> bytes:
        """What checks what `sign` signs."""
        return self._line[-1].public

    @property
    def seals_as(self) -> bytes:
        """What every value begins with that is sealed with the key that is used."""
        return _BOUND + self.fingerprint[:ID_BYTES]

    def seal(self, data: Any, at: str) -> bytes:
        """Encrypt a JSON value for the place that it is kept at, as `task.words:17`: it opens nowhere else."""
        return self.seal_bytes(_WRITTEN.encode(data).encode(), at)

    def open(self, sealed: bytes, at: str) -> Any:
        """Decrypt what `seal` made. Raises ForbearError if the key or the place is another, or a byte was changed."""
        return json.loads(self.open_bytes(sealed, at))

    def seal_bytes(self, data: bytes, at: str) -> bytes:
        """Encrypt a file."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._line[-1].cipher
        assert cipher is not None  # noqa: S101 - of a key that is used
        return self.seals_as + nonce + cipher.encrypt(nonce, data, at.encode())

    def open_bytes(self, sealed: bytes, at: str) -> bytes:
        """Decrypt what `seal_bytes` made. Raises ForbearError as `open` does."""
        kind, known = sealed[:1], sealed[1 : 1 + ID_BYTES]
        bound = kind == _BOUND
        body = sealed[1 + ID_BYTES * bound :]
        for key in self._keys.values() if kind in (_UNBOUND, _BOUND) else ():
            if key.cipher is None or (bound and key.fingerprint[:ID_BYTES] != known):
                continue
            try:
                return key.cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], at.encode() if bound else None)
            except (InvalidTag, ValueError):
                continue
        raise ForbearError("Stored personal data cannot be decrypted: set FORBEAR_KEY to the key it was written with.")

    def mac(self, data: bytes) -> bytes:
        """A keyed hash: tells whether two contents are the same and nothing else.

        Of the first key 32 bytes; each further key hashes on, and the number of the last one stands before.
        """
        return self._on(hmac.digest(self._line[0].mac, data, sha256), 1, self.generation)

    def macs(self, data: bytes) -> tuple[bytes, ...]:
        """What a keyed hash of this may be in the record: while keys are rotated, those of before as well."""
        before = self.generation - 1 if self.rotating else 0
        first = hmac.digest(self._line[0].mac, data, sha256)
        return tuple([self._on(first, 1, each) for each in (self.generation, *range(before, 0, -1))])

    def lifted(self, mac: bytes) -> bytes:
        """A keyed hash of whichever key as the key that is used has it."""
        at = 1 if len(mac) == MAC_BYTES else mac[0]
        return self._on(mac[-MAC_BYTES:], at, self.generation)

    def _on(self, mac: bytes, at: int, to: int) -> bytes:
        for key in self._line[at:to]:
            mac = hmac.digest(key.mac, mac, sha256)
        return mac if to == 1 else bytes([to]) + mac

    def chain(self, data: bytes, seq: int | None = None) -> bytes:
        """A 32-byte keyed hash for the ledger alone: nobody can have a link of it made by submitting its content.

        By the key that is used, or that was when the ledger came to entry number `seq`.
        """
        key = self._line[-1 if seq is None else max(0, bisect_right(self._since, seq) - 1)]
        return hmac.digest(key.chain, data, sha256)

    def chains(self, data: bytes) -> tuple[bytes, ...]:
        """The same by each key whose hashes may be met."""
        met = self._line[-2:] if self.rotating else self._line[-1:]
        return tuple(hmac.digest(key.chain, data, sha256) for key in reversed(met))

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature: who has the public key can tell that this key's holder signed just these bytes."""
        signer = self._line[-1].signer
        assert signer is not None  # noqa: S101 - of a key that is used
        return signer.sign(data)

    @property
    def opens_former(self) -> bool:
        """Whether the key before is configured, or there is none but others that are."""
        return all(each.fingerprint in self._keys for each in self._line[-2:]) and len(self._keys) > 1

    def successor(self) -> DerivedKeys | None:
        """The key that is configured to come after the one that is used; None where that is FORBEAR_KEY itself."""
        return None if self.configured == self.fingerprint else self._keys[self.configured]

    def kept(self, former: DerivedKeys, number: int) -> bytes:
        """What stays of a key that is used no more, sealed."""
        parts = {name: getattr(former, name).hex() for name in ("mac", "chain", "public")}
        return self.seal(parts, _kept_at(number))

    def arranged(self, rows: Sequence[UsedKey]) -> "Vault":
        """This vault for a database that used these keys. Raises ForbearError without the one that it uses."""
        if not rows:
            return self
        known = tuple((row.since, row.done) for row in rows)
        if known not in self._arranged:
            self._arranged[known] = self._for(rows)
        return self._arranged[known]

    def settled(self) -> "Vault | None":
        """This vault as it was arranged, where that cannot change without another setting."""
        return next(iter(self._arranged.values()), None) if len(self._keys) == 1 else None

    def _for(self, rows: Sequence[UsedKey]) -> "Vault":
        if bytes(rows[-1].fingerprint) not in self._keys:
            raise ForbearError(
                "The personal data in this database is sealed with another key: "
                "set FORBEAR_KEY (or FORBEAR_HOME, whose file `key` holds it) to the one it was made with."
            )
        vault = Vault.__new__(Vault)
        vault.__dict__.update(self.__dict__)
        vault._line = tuple(self._former(row) for row in rows)
        vault._since = tuple(row.since for row in rows)
        vault.rotating = not rows[-1].done
        return vault

    def _former(self, row: UsedKey) -> DerivedKeys:
        fingerprint = bytes(row.fingerprint)
        if fingerprint in self._keys:
            return self._keys[fingerprint]
        parts = self.open(bytes(row.kept or b""), _kept_at(row.id))
        mac, chain, public = (bytes.fromhex(parts[name]) for name in ("mac", "chain", "public"))
        return DerivedKeys(fingerprint, mac, chain, public)


def _kept_at(number: int) -> str:
    return f"vault_key.kept:{number}"


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"forbear/" + purpose).derive(key)


def load_vault(settings: Settings) -> Vault:
    """The vault of FORBEAR_KEY, else of FORBEAR_HOME/key, which is made (mode 0600) if there is none."""
    previous = [_decode(each, "FORBEAR_PREVIOUS_KEYS") for each in settings.previous_keys]
    if settings.key is not None:
        return Vault(_decode(settings.key, "FORBEAR_KEY"), *previous)
    path = settings.home / "key"
    if path.exists():
        return Vault(_decode(path.read_text(), str(path)), *previous)
    try:
        return Vault(_generate(path), *previous)
    except OSError as error:
        raise ForbearError(f"The key cannot be written to {path}: {error.strerror}. Set FORBEAR_KEY instead.") from None


def used_by(session: Session, vault: Vault) -> Vault:
    """The vault as this database uses it; it is asked once, and each time while more than one key is configured."""
    return vault.settled() or read_line(session, vault)


def read_line(session: Session, vault: Vault) -> Vault:
    """The vault as this database uses it now. Raises ForbearError without the key that it uses."""
    return vault.arranged([UsedKey(*row) for row in session.connection().execute(_LINE)])


def check_key(session: Session, vault: Vault, *, note: bool = True) -> Vault:
    """The vault as this database uses it; the first key that it is used with is noted.

    Raises ForbearError where the database's personal data is sealed with another key.
    """
    if note:
        first = insert(VaultKey).values(id=1, fingerprint=vault.fingerprint, since=1, done_at=text("now()"))
        session.exec(first.on_conflict_do_nothing())
    return read_line(session, vault)


def private_of(vault: Vault, version: int, private: bytes | None) -> dict[str, dict[str, Any]]:
    """What is sealed of a case version: its private `facts`, and columns that nobody knows (`extra`)."""
    return {"facts": {}, "extra": {}} if private is None else vault.open(private, f"case_version.private:{version}")


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
