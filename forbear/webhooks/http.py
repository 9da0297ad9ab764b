"""HTTP of webhooks: one signed POST to an address that somebody gave us, never to a machine of our own network."""

import ssl
from collections.abc import Mapping

from forbear.base.network import http
from forbear.base.network.http import MAX_URL, NetworkError, Target, UnfitTargetError
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.pack.files.schema import Text

SECONDS = 10.0  # for all of it: connecting, sending, and the first line of an answer


class DeliveryError(Exception):
    """What went wrong, as a code: `status_503`, or one of NetworkError."""


class AddressError(ValueError):
    """An address that nothing is sent to, told in both languages."""

    def __init__(self, told: Text) -> None:
        super().__init__(told.en)
        self.told = told

    def about(self, field: str) -> FieldError:
        """As the fault of a form's field."""
        return FieldError(field, self.told.zh, self.told.en)


def target_of(url: str, *, private: bool = False) -> Target:
    """Take an address apart, as `forbear.base.network.http.target_of` does. Raises AddressError."""
    try:
        return http.target_of(url, private=private)
    except UnfitTargetError as error:
        raise AddressError(said(f"webhook.{error.why}", most=MAX_URL)) from None


def deliver(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    private: bool = False,
    seconds: float = SECONDS,
    trusted: ssl.SSLContext | None = None,
) -> None:
    """Send a body; returns when it was taken (2xx). Raises DeliveryError."""
    try:
        target = target_of(url, private=private)
        status, _ = http.exchange(target, "POST", body, headers, seconds=seconds, trusted=trusted)
    except AddressError:
        raise DeliveryError("private_address") from None
    except NetworkError as error:
        raise DeliveryError(str(error)) from None
    if not 200 <= status < 300:
        raise DeliveryError(f"status_{status}")
