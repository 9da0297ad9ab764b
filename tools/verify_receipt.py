#!/usr/bin/env python3
"""Check a Forbear receipt without Forbear: python verify_receipt.py RECEIPT.json --key "forbear/…+…+…"

RECEIPT is the file, or one that holds the digits of the QR code. The key is what `forbear audit key` prints where the
decision was made: get it there, not from who gave you the receipt. Needs Python 3.9 or newer and the package
cryptography. Exits with 0 and one sentence if the decision is in the signed ledger, with 1 and one sentence if not.
"""

import argparse
import base64
import json
import sys
import zlib
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXT, NUMBER, TRUTH, DAY = (str,), (int,), (bool,), (str, type(None))
RECEIPT = {"receipt": NUMBER, "decision": NUMBER, "row": (dict,), "chunk": (dict,), "entry": (list,), "log": (dict,)}
RECEIPT["signed"] = (list,)
ROW = {"facts": TEXT, "version": NUMBER, "pack": TEXT, "day": TEXT, "strategy": TEXT, "urgency": TEXT}  # as digested
ROW |= {"certain": TRUTH, "agree": TRUTH, "until": DAY, "deadline": DAY, "chunk": NUMBER}
ROW |= {"decided_at": TEXT, "outcome": TEXT}
CHUNK, LOG = {"at": NUMBER, "size": NUMBER, "path": TEXT}, {"size": NUMBER, "path": TEXT}
ENTRY = [int, str, str, str, str, dict]  # number, when, who, kind, what it is about, details


class RefusedError(Exception):
    """Why a receipt proves nothing."""


def main() -> None:
    """Check the receipt that is named and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("receipt", help="file with a receipt, or - for standard input")
    parser.add_argument("--key", required=True, help="the public key that `forbear audit key` prints")
    options = parser.parse_args()
    try:
        data = sys.stdin.buffer.read() if options.receipt == "-" else Path(options.receipt).read_bytes()
        told = verified(data.decode(), options.key)
    except (RefusedError, OSError, UnicodeDecodeError) as error:
        sys.exit(f"Refused: {error}.")
    row = told["row"]
    print(
        f"Decision {told['decision']} ({row['strategy']}, {row['urgency']}) was made as of {row['day']} by the policy "
        f"{row['pack'][:12]}… and is in entry {told['entry'][0]} of the ledger {told['signed'][0]}."
    )


def verified(text: str, key: str) -> dict:
    """What a receipt says, once every step of it holds. Raises RefusedError."""
    told = parsed(text)
    row, chunk, log, entry = told["row"], told["chunk"], told["log"], told["entry"]
    leaf = hashed(b"\x00", told["decision"].to_bytes(8, "big") + sha256(canonical(list(row.values()))).digest())
    root = climbed(leaf, chunk["at"], chunk["size"], chunk["path"])
    need(entry[3:5] == ["decisions", f"decision_tree:{row['chunk']}"], "its entry is about something else")
    need(entry[5].get("decisions") == chunk["size"], "its entry tells of more decisions or fewer")
    leaf = hashed(b"\x00", canonical(["entry", *entry, root.hex()], sort_keys=True))
    root = climbed(leaf, entry[0] - 1, log["size"], log["path"])
    signed(told["signed"], key, log["size"], root)
    return told


def parsed(text: str) -> dict:
    """The parts of a receipt, each of its type and written in the one way that there is."""
    try:
        if text.strip().isdecimal():  # from a QR code: a number, whose bytes are the compressed text
            number, stream = int(text), zlib.decompressobj()
            text = stream.decompress(number.to_bytes(-(-number.bit_length() // 8), "big"), 4096).decode()
            need(stream.eof and not stream.unused_data, "its digits are not all there")
        told = json.loads(text)
        need(canonical(told) == text.rstrip("\n").encode(), "it is not written as it was given out")
        for part, kinds in ((told, RECEIPT), (told["row"], ROW), (told["chunk"], CHUNK), (told["log"], LOG)):
            need(list(part) == list(kinds), "it has other parts than a receipt")
            need(all(type(part[name]) in kinds[name] for name in kinds), "a part of it is of another kind")
    except (ValueError, RecursionError, KeyError, TypeError, zlib.error):
        raise RefusedError("this is no receipt") from None
    need(told["receipt"] == 1, "it is of another version: get a newer verifier")
    need([type(each) for each in told["entry"]] == ENTRY, "its entry is none")
    need([type(each) for each in told["signed"]] == [str, str], "nobody signed it")
    need(0 <= told["decision"] < 2**63, "there is no such decision")
    return told


def canonical(value: object, sort_keys: bool = False) -> bytes:
    """A value as it is hashed and given out."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys).encode()


def hashed(kind: bytes, data: bytes) -> bytes:
    """A node of a tree: 0x00 before a leaf, 0x01 before two nodes."""
    return sha256(kind + data).digest()


def decoded(text: str) -> bytes:
    """Bytes from base64, which may be written in one way only."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    need(base64.b64encode(data).decode() == text, "something in it is not base64")
    return data


def climbed(leaf: bytes, at: int, size: int, path: str) -> bytes:
    """The root that a path, of 32 bytes a step, leads to from a leaf: RFC 9162, section 2.1.3.2."""
    need(0 <= at < size, "it is no leaf of its tree")
    first, last, found, steps = at, size - 1, leaf, decoded(path)
    need(len(steps) % 32 == 0, "a path is cut off")
    for step in (steps[place : place + 32] for place in range(0, len(steps), 32)):
        need(last > 0, "a path is too long")
        if first & 1 or first == last:
            found = hashed(b"\x01", step + found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = hashed(b"\x01", found + step)
        first, last = first >> 1, last >> 1
    need(last == 0, "a path is too short")
    return found


def signed(by: list, key: str, size: int, root: bytes) -> None:
    """This key signed the checkpoint of this size and root."""
    name, _, rest = key.strip().partition("+")
    public = decoded(rest.partition("+")[2])
    known = sha256(f"{name}\n".encode() + public).digest()[:4]
    need(len(public) == 33 and public[:1] == b"\x01" and rest[:8] == known.hex(), "the key is not one of Forbear's")
    need(by[0] == name, "it is of another ledger than the key")
    signature = decoded(by[1])
    need(signature[:4] == known, "another key signed it")
    body = f"{name}\n{size}\n{base64.b64encode(root).decode()}\n"
    try:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], body.encode())
    except InvalidSignature:
        raise RefusedError("the signature is wrong") from None


def need(holds: bool, why: str) -> None:
    """Refuse for a reason unless something holds."""
    if not holds:
        raise RefusedError(why)


if __name__ == "__main__":
    main()
