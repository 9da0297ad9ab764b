"""Settings: the only reader of the environment, and of files that it names. Every field is in docs/settings.md."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from forbear.base.errors import ForbearError
from forbear.base.network import addresses


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class _Files(PydanticBaseSettingsSource):
    """Of each setting whose FORBEAR_<NAME>_FILE is set, what that file holds: so secrets stand in no environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The text of the setting's file without what is blank around it; None where no file is named."""
        name = f"FORBEAR_{field_name.upper()}"
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(name):
            raise ForbearError(f"{name} and {name}_FILE are both set: unset one of them.")
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise ForbearError(f"{name}_FILE names {path}, which cannot be read ({why}): correct it.") from None
        if not value and field.default == ():
            return None, field_name, False  # none as yet, or none any more
        if not value:
            raise ForbearError(f"{name}_FILE names {path}, which is empty: put the value into it.")
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that comes from a file."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """What can be set from outside, each as FORBEAR_<NAME>, or in a file that FORBEAR_<NAME>_FILE names."""

    model_config = SettingsConfigDict(env_prefix="FORBEAR_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(Path(".forbear"), description="Folder of the embedded servers' data and the generated key")
    database_url: str | None = Field(None, description="PostgreSQL to use; unset: an embedded one")
    redis_url: str | None = Field(None, description="Redis to use as broker; unset: an embedded one")
    key: str | None = Field(
        None, description="Base64 of the 32-byte key of personal data; unset: kept in FORBEAR_HOME/key"
    )
    previous_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Keys that what was sealed before still opens with, while it is sealed anew; with commas"
    )
    pack: Path | None = Field(None, description="Folder of the policy pack; unset: the cn_consumer pack")
    submitter: str = Field("local", max_length=64, description="Whose cases the command line submits")
    chunk_size: int = Field(2000, ge=1, le=5000, description="The most cases a worker evaluates in one transaction")
    asked_once: bool = Field(
        False, description="In mass loads and ageing durable-rules is asked each distinct question only once"
    )
    worker_processes: int = Field(default_factory=_cores, ge=1, description="Processes of a worker")
    web_host: str = Field("127.0.0.1", description="Address the web server listens on")
    web_port: int = Field(8600, ge=0, le=65535, description="Port the web server listens on; 0: any free one")
    web_processes: int = Field(1, ge=1, le=32, description="Web processes beside each other, on one port")
    web_hosts: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Names the pages are reached under, with commas; local addresses always"
    )
    web_proxy: str | None = Field(None, description="Address of the proxy whose X-Forwarded headers are believed")
    sign_in_idle_minutes: int = Field(
        30, ge=5, le=720, description="Minutes in which nothing is done, after which one signs in again"
    )
    second_factor: Literal["off", "supervisors", "all"] = Field(
        "off", description="Who needs a second factor to sign in: nobody, supervisors and administrators, or all"
    )
    passkey_sign_in: bool = Field(False, description="A passkey signs in by itself, without name and password")
    oidc_issuer: str | None = Field(
        None, max_length=500, description="Address of the identity provider for single sign-on; unset: none"
    )
    oidc_client_id: str | None = Field(None, max_length=500, description="What that provider calls this desk")
    oidc_client_secret: str | None = Field(
        None, max_length=500, description="By which the desk shows that provider that it is the desk"
    )
    oidc_name: str = Field("", max_length=40, description="What that provider is called on the pages; unset: its host")
    oidc_acr: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Classes of authentication, one of which that provider has to state, with commas; unset: any"
    )
    retention_days: int = Field(1095, ge=1, description="Days a closed case is kept after the last activity on it")
    upload_megabytes: int = Field(20, ge=1, le=200, description="Size of a file that the page takes, in MB")
    attachment_megabytes: int = Field(10, ge=1, le=20, description="Size of a file that is kept with a case, in MB")
    attachments: int = Field(50, ge=1, le=500, description="Files that are kept with one case")
    sweep_seconds: int = Field(2, ge=1, description="Seconds between sweeps for chunks nobody woke")
    lock_seconds: int = Field(10, ge=1, description="Seconds a page or a worker waits for a row that another one has")
    idle_seconds: int = Field(
        120, ge=5, description="Seconds after which a transaction is ended in which nothing goes on"
    )
    statement_seconds: int = Field(60, ge=1, description="Seconds one statement of a page may take")
    web_turns: int = Field(1, ge=1, le=50, description="Requests worked on at once, beside those that take long")
    turn_seconds: float = Field(1, gt=0, le=60, description="Seconds a request waits for its turn before it gets 503")
    token_requests: int = Field(1200, ge=1, description="Requests that a token may make in a minute")
    body_seconds: int = Field(30, ge=1, description="Seconds a client may send nothing of a request that it began")
    download_seconds: int = Field(60, ge=1, description="Seconds a client may take nothing of an answer")
    what_if_cases: int = Field(100_000, ge=1, description="Cases that the what-if page looks at, those decided last")
    whole_rejects: int = Field(
        2000, ge=0, description="Rejected rows with their personal data that an account may download in 24 hours"
    )
    webhook_private: bool = Field(
        False, description="Webhooks may go to addresses of one's own network, and by http to this machine"
    )
    mail_url: str | None = Field(None, description="SMTP server that mail is sent by; unset: none is sent")
    mail_from: str | None = Field(None, max_length=254, description="Address that mail is sent from")
    working_hours: str = Field(
        "", description="Hours in which our own time to answer runs, on working days: 09:00-18:00; unset: day and night"
    )
    log_level: str = Field("WARNING", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged")

    @property
    def counts(self) -> Path | None:
        """Where several web processes count their answers together; None: the one counts in its memory."""
        return self.home / "counts" if self.web_processes > 1 else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the program says, else the environment, else files that it names."""
        return init_settings, env_settings, _Files(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        return None if value is None else addresses.check_database(value)

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        return None if value is None else addresses.check_redis(value)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        return None if value is None else addresses.check_issuer(value)

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _sent(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\x20-\x7e]+", value):
            raise ValueError("only printable ASCII characters may be in it")
        return value

    @field_validator("previous_keys", "oidc_acr", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("mail_url")
    @classmethod
    def _mail(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"smtps?://([^@/\s]+@)?[0-9A-Za-z.-]+(:[0-9]{1,5})?/?", value):
            raise ValueError("write it as smtps://user:password@host:465, or smtp:// and port 25 or 587")
        return value

    @field_validator("working_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        opens, _, closes = value.partition("-")
        if value and not (
            re.fullmatch(r"(([01]\d|2[0-3]):[0-5]\d-?){2}", value) and len(value) == 11 and opens < closes
        ):
            raise ValueError(f"{value!r} are no hours of one day: write them as 09:00-18:00")
        return value

    @field_validator("web_hosts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = [name for part in value.split(",") if (name := part.strip().lower())]
        if wrong := [name for name in names if not _HOST.fullmatch(name)]:
            raise ValueError(f"{wrong[0]!r} is no name of a host: give names alone, without https:// and port")
        return names


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "FORBEAR_" + "_".join(str(part) for part in first["loc"]).upper()
        what = first["msg"].removeprefix("Value error, ")
        raise ForbearError(f"{name} is not usable: {what}. Correct it or unset it.") from None


def child_environment(**changes: str) -> dict[str, str]:
    """The environment for a process we start: ours with these values set, in place of files that held them."""
    ours = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in changes}
    return {**ours, **changes}


def share_cores() -> None:
    """Give each worker process its part of the cores: Polars reads this when it is imported, and never again."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, _cores() // settings().worker_processes)))
