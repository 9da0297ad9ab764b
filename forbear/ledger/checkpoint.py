"""Checkpoints: how many entries the ledger has and the root over them, signed, as a text that anybody can keep.

The form is that of transparency logs (C2SP: tlog-checkpoint and signed-note), so that tools made for those read it. Who
has noted one can tell for ever whether what the ledger held then is still what it begins with.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger import ledger_tree, merkle

_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_SIGNATURE = re.compile(r"— (\S+) (\S+)")


@dataclass(frozen=True)
class VerifierKey:
    """A public key and the name that it signs under."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """What a signature says which key made it by."""
        return key_id(self, _ED25519)

    def has_signed(self, data: bytes, signature: str) -> bool:
        """Whether it made this signature, given as base64."""
        return _is_right(self.public, base64.b64decode(signature), data)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_text(_ED25519 + self.public)}"


@dataclass(frozen=True)
class Checkpoint:
    """The first `size` entries of a log have this root; whoever signed it says so."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...] = ()  # name, and key id with signature

    @property
    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"

    def __str__(self) -> str:
        return f"{self.body}\n" + "".join(f"— {name} {_text(each)}\n" for name, each in self.signatures)

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether a signature of this key is among them, and right."""
        of_key = [each[_ID_BYTES:] for name, each in self.signatures if (name, each[:_ID_BYTES]) == (key.name, key.id)]
        return any(_is_right(key.public, signature, self.body.encode()) for signature in of_key)


def key_id(key: VerifierKey, kind: bytes) -> bytes:
    """What signatures of a kind by a key begin with."""
    return sha256(f"{key.name}\n".encode() + kind + key.public).digest()[:_ID_BYTES]


def read_key(text: str) -> VerifierKey:
    """A public key as it was printed. Raises ForbearError for anything else."""
    name, _, rest = text.strip().partition("+")
    try:
        public = base64.b64decode(rest.partition("+")[2])
    except (ValueError, binascii.Error):
        public = b""
    key = VerifierKey(name, public[1:])
    if str(key) != text.strip() or len(key.public) != _KEY_BYTES:
        raise ForbearError("This is no public key: give the line that `forbear audit key` printed.")
    return key


def verifier_key(vault: Vault) -> VerifierKey:
    """The public key of this installation, under the name that its ledger has."""
    return verifier_keys(vault)[-1]


def verifier_keys(vault: Vault) -> tuple[VerifierKey, ...]:
    """The public keys of this ledger, the one that signs now last. Its name is that of its first key for ever."""
    name = f"forbear/{vault.line[0].fingerprint[:6].hex()}"
    return tuple(VerifierKey(name, each.public) for each in vault.line)


def succession(number: int, key: VerifierKey) -> bytes:
    """What the key before signs of the one that comes after it."""
    return f"forbear/key {number}\n{key}\n".encode()


def signed(vault: Vault, size: int, root: bytes) -> Checkpoint:
    """A checkpoint that this installation signs."""
    key = verifier_key(vault)
    plain = Checkpoint(key.name, size, root)
    return Checkpoint(key.name, size, root, ((key.name, key.id + vault.sign(plain.body.encode())),))


def current(session: Session, vault: Vault) -> Checkpoint:
    """The checkpoint of the ledger as it is now."""
    size = ledger_tree.size(session)
    return signed(vault, size, merkle.root(ledger_tree.nodes(session), size))


def grown_from(session: Session, vault: Vault, earlier: Checkpoint) -> str:
    """Proof, as JSON, that the ledger begins with what it held at an earlier checkpoint of ours, and the one of now.

    Raises ForbearError (exit code 1) where it does not.
    """
    key = verifier_key(vault)
    if not any(earlier.is_signed_by(each) for each in verifier_keys(vault)):
        raise ForbearError(
            f"The checkpoint is not signed by this ledger's key ({key}): it is of another ledger.",
            exit_code=1,
        )
    now, node = current(session, vault), ledger_tree.nodes(session)
    if earlier.size > now.size:
        raise ForbearError(
            f"The ledger has {now.size} entries and had {earlier.size} at the checkpoint: its end was cut off, an old "
            "copy was put back, or it began anew.",
            exit_code=1,
        )
    if merkle.root(node, earlier.size) != earlier.root:
        raise ForbearError(
            f"The first {earlier.size} entries are not those of the checkpoint: the ledger was rewritten.", exit_code=1
        )
    proof = merkle.consistency(node, earlier.size, now.size) if earlier.size else []
    return json.dumps(
        {"old": earlier.size, "new": now.size, "proof": [_text(each) for each in proof], "checkpoint": str(now)},
        ensure_ascii=False,
    )


def read_checkpoint(text: str) -> Checkpoint:
    """A checkpoint as it was printed. Raises ForbearError for anything else."""
    body, parted, signatures = text.partition("\n\n")
    lines = body.split("\n")
    found = [_SIGNATURE.fullmatch(line) for line in signatures.splitlines()]
    try:
        origin, size, root = lines
        told = Checkpoint(
            origin,
            int(size),
            base64.b64decode(root),
            tuple((each[1], base64.b64decode(each[2])) for each in found if each is not None),
        )
    except (ValueError, binascii.Error):
        raise ForbearError(_NO_CHECKPOINT) from None
    if not parted or None in found or str(told) != text or len(told.root) != sha256().digest_size or told.size < 0:
        raise ForbearError(_NO_CHECKPOINT)
    return told


_NO_CHECKPOINT: Final = "This is no checkpoint: give the whole text that `forbear audit checkpoint` printed, as it was."


def _is_right(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
