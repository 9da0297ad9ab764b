"""A device with one passkey, in software, that answers as a browser sends it on."""

import datetime as dt
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from soft_webauthn import SoftWebauthnDevice

from models.account import Passkey

ORIGIN = "https://localhost"
_PRESENT, _VERIFIED = 0x01, 0x04  # flags of WebAuthn, 6.1
_FLAGS = 32  # the byte of them


def invented(account_id: int, name: str, made: dt.datetime) -> Passkey:
    """A passkey that no device has."""
    return Passkey(
        account_id=account_id,
        name=name,
        host="localhost",
        credential_id=b"c",
        public_key=b"k",
        uses=7,
        transports=["usb"],
        created_at=made,
    )


class PasskeyDevice:
    """soft-webauthn with what it leaves out: that the person was verified, and JSON on both sides."""

    def __init__(self) -> None:
        self.soft: Any = SoftWebauthnDevice()

    def make(self, options: str, origin: str = ORIGIN, *, verified: bool = True) -> str:
        """The answer to what a page asks to make a passkey."""
        asked = json.loads(options)
        asked["challenge"], asked["user"]["id"] = _bytes(asked["challenge"]), _bytes(asked["user"]["id"])
        answer = self.soft.create({"publicKey": asked}, origin)
        host, given = sha256(asked["rp"]["id"].encode()).digest(), answer["response"]["attestationObject"]
        if verified:
            answer["response"]["attestationObject"] = given.replace(host + b"\x41", host + b"\x45")
        return _sent(answer)

    def use(self, options: str, origin: str = ORIGIN, *, verified: bool = True, counts: bool = True) -> str:
        """The answer to what a page asks to show a passkey; `counts`: whether the device has a counter."""
        asked = json.loads(options)
        asked["challenge"] = _bytes(asked["challenge"])
        self.soft.sign_count = self.soft.sign_count if counts else -1
        answer = self.soft.get({"publicKey": asked}, origin)
        response = answer["response"]
        data = bytearray(response["authenticatorData"])
        data[_FLAGS] = _PRESENT | (_VERIFIED if verified else 0)
        signed = bytes(data) + sha256(response["clientDataJSON"]).digest()
        response["authenticatorData"] = bytes(data)
        response["signature"] = self.soft.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return _sent(answer)


def _sent(answer: dict[str, Any]) -> str:
    """As `PublicKeyCredential.toJSON` has it."""
    response = {name: _text(value) for name, value in answer["response"].items()}
    sent = {"type": "public-key", "id": _text(answer["rawId"]), "rawId": _text(answer["rawId"]), "response": response}
    return json.dumps(sent)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
