"""A cosigner, in transparency logs a witness: signs a checkpoint only once it is proved to have grown from its last.

Two people who saw checkpoints that one witness signed saw the same ledger; one that was rolled back, emptied or told
differently to different people finds no witness. The signature is a timestamped one, as transparency logs have them
(C2SP: tlog-cosignature).
"""

import base64
import datetime as dt
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forbear.base.errors import ForbearError
from forbear.ledger import merkle
from forbear.ledger.checkpoint import Checkpoint, VerifierKey, key_id, read_checkpoint, read_key

_COSIGNATURE: Final = b"\x04"
_SEED_BYTES: Final = 32
_NO_PROOF: Final = "This is no proof: give the whole text that `forbear audit consistency` printed, as it was."


def cosigned(proof: str, of: str, state: Path, now: dt.datetime) -> str:
    """The checkpoint of a proof with this witness's signature, which is kept as the last one of that ledger.

    Raises ForbearError, with exit code 1 where the ledger did not grow from what the witness signed last.
    """
    key, told = read_key(of), _read(proof)
    new = read_checkpoint(told["checkpoint"])
    if not new.is_signed_by(key) or new.origin != key.name:
        raise ForbearError(
            f"The checkpoint is not signed by the key of {key.name} given: nothing was signed.", exit_code=1
        )
    kept = state / f"{key.name.replace('/', '_')}.checkpoint"
    if kept.exists():
        _check(read_checkpoint(kept.read_text()), new, told)
    found = Checkpoint(new.origin, new.size, new.root, (*new.signatures, _signature(state, new, now)))
    _write(kept, str(found).encode())
    return str(found)


def _check(last: Checkpoint, new: Checkpoint, told: dict[str, Any]) -> None:
    steps = [base64.b64decode(each) for each in told["proof"]]
    if told["old"] != last.size and new.size != last.size:
        raise ForbearError(
            f"The proof begins at {told['old']} entries, and this witness signed {last.size} last: ask for a proof "
            "from the checkpoint that it printed.",
            exit_code=1,
        )
    if last.size and not merkle.consistent(last.size, last.root, new.size, new.root, steps):
        raise ForbearError(
            f"The ledger did not grow from the {last.size} entries that this witness signed last: it was rolled back, "
            "emptied or rewritten. Nothing was signed.",
            exit_code=1,
        )


def _read(proof: str) -> dict[str, Any]:
    try:
        told = json.loads(proof)
        whole = {"old": int, "new": int, "proof": list, "checkpoint": str}
        if {name: type(value) for name, value in told.items()} != whole:
            raise ValueError
        for each in told["proof"]:
            base64.b64decode(each, validate=True)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ForbearError(_NO_PROOF) from None
    return dict(told)


def _signature(state: Path, new: Checkpoint, now: dt.datetime) -> tuple[str, bytes]:
    name = "forbear/witness"
    signer = Ed25519PrivateKey.from_private_bytes(_seed(state))
    seconds = int(now.timestamp())
    signature = signer.sign(f"cosignature/v1\ntime {seconds}\n{new.body}".encode())
    own = VerifierKey(name, signer.public_key().public_bytes_raw())
    return name, key_id(own, _COSIGNATURE) + seconds.to_bytes(8, "big") + signature


def _seed(state: Path) -> bytes:
    path = state / "key"
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _write(path, secrets.token_bytes(_SEED_BYTES))
        seed = path.read_bytes()
    except OSError as error:
        raise ForbearError(f"The witness's folder {state} cannot be used: {error.strerror}.") from None
    if len(seed) != _SEED_BYTES:
        raise ForbearError(f"{path} is no key of a witness: take it away, and a new one is made.")
    return seed


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
