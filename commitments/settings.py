"""All settings in one place: the environment (prefix TALLY_) or a `tally.toml` in the working folder."""

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from commitments.errors import SettingsError

SHORTEST_SECRET = 24


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TALLY_", toml_file="tally.toml", extra="ignore", frozen=True)

    home: Path = Field(Path(".tally"), description="The folder with all state of an embedded system")
    database_url: SecretStr | None = Field(None, description="The register; SQLite in the home folder if not set")
    mail_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port or smtps://; the local mailbox if not set"
    )
    channels: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict, description="The channels besides mail by name, each with its type and values"
    )
    webhook_hosts_inside: tuple[str, ...] = Field(
        (), description="Hosts, as host:port, that a webhook may reach inside and without encryption; none if not set"
    )
    rates: dict[str, str] = Field(
        default_factory=dict,
        description="How fast messages go by mail, mail:*, mail:DOMAIN or a channel: 300/minute, off",
    )
    bounce_address: str | None = Field(
        None, description="Where letters come back, one address a message by a +; as without if not set", max_length=200
    )
    bounce_mailbox: SecretStr | None = Field(
        None, description="What came back: imaps://user:password@host/INBOX, maildir:PATH, mbox:PATH or folder:PATH"
    )
    base_url: str | None = Field(None, description="Where the pages are reached, for links in messages")
    secret: SecretStr | None = Field(
        None, description="What links are signed with; several by commas, the newest first; made in the home if not set"
    )
    answer_days: int = Field(60, ge=1, le=366, description="How long an answer link in a message can be used")
    sender: str = Field("tallystick@tallystick.example", description="The address that messages come from")
    sender_name: str = "Tallystick"
    operator: str | None = Field(
        None,
        description="The mail address of who watches the runs; the first coordinator in office if not set",
        max_length=254,
    )
    operator_language: str = Field("en", description="The language of what the operator is told", max_length=20)
    approval_days: float = Field(
        7,
        gt=0,
        le=365,
        description="How long an agreement registered by form waits for approval before its coordinator is asked",
    )
    administrators: str = Field(
        "", description="The mail addresses of who may do everything in the portal, by commas", max_length=4000
    )
    house_parties: str = Field(
        "",
        description="The references of the parties that keep this register, by commas: people of others are guests in"
        " the portal; if not set, the people of each party work for their own side as colleagues",
        max_length=4000,
    )
    evidence: Path | None = Field(
        None, description="Where files that people hand in are kept; `evidence` in the home folder if not set"
    )
    evidence_megabytes: int = Field(20, ge=1, le=1000, description="How large one file of evidence may be, in MB")
    session_days: int = Field(14, ge=1, le=90, description="How long one stays signed in to the portal")
    oidc_issuer: str | None = Field(
        None,
        description="Where people have an account already (OpenID Connect), to sign in to the portal with it:"
        " https://login.house.example",
    )
    oidc_client_id: str | None = Field(None, description="As what the portal is known there", max_length=300)
    oidc_client_secret: SecretStr | None = Field(None, description="The secret by which the portal proves that")
    time_zone: str = Field("Europe/London", description="The zone in which the schedules run")
    templates: Path | None = Field(
        None, description="The house's own templates, catalogues and rules; `templates` in the home folder if not set"
    )
    sources: Path | None = Field(None, description="A folder with the source documents, if they are at hand")
    prefect_port: int = 4200
    prefect_ui_url: str | None = Field(
        None,
        description="Where the Prefect UI is reached by a browser, for links to the run that sent a message; the"
        " embedded one while the portal is on this machine too",
    )
    prefect_auth: SecretStr | None = Field(
        None, description="user:password that the embedded Prefect server asks for; on a machine of several people"
    )
    mailbox_port: int = 8025
    mailbox_pages_port: int = 8026
    portal_port: int = Field(8080, description="The port of the portal's pages")
    portal_host: str = Field("127.0.0.1", description="The address on which the portal listens")
    requests_a_minute: int = Field(
        120,
        ge=1,
        description="How many requests the portal takes from one address in a minute; what a page fetches in place,"
        " while somebody types, counts a quarter",
    )
    lease_seconds: int = Field(
        300, ge=1, description="How long a sender may hold a message before another takes it over"
    )
    senders: int = Field(
        3,
        ge=1,
        le=8,
        description="How many messages are sent at the same time, each over a connection of its own, if there are many;"
        " as many may have to be repeated after a crash",
    )
    repeat_uncertain: bool = Field(
        True,
        description="Whether a message that may or may not have arrived goes again (same Message-ID) or is set aside",
    )
    synchronous: Literal["FULL", "NORMAL"] = Field("FULL", description="SQLite's promise at a power cut")
    clock: AwareDatetime | None = Field(None, description="A fixed present, for rehearsals: 2026-03-02T09:00:00+00:00")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("base_url", "prefect_ui_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        bare = value.strip().rstrip("/")
        if not bare.startswith(("https://", "http://")) or not bare.isprintable() or " " in bare or "?" in bare:
            raise ValueError("not the address of a page such as https://tally.house.example")
        return bare

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        bare = value.strip().rstrip("/")
        place = urlsplit(bare)
        inside = place.hostname in ("127.0.0.1", "localhost", "::1")
        if not place.hostname or place.query or (place.scheme != "https" and not (inside and place.scheme == "http")):
            raise ValueError("not the https address of a provider, such as https://login.house.example")
        return bare

    @model_validator(mode="after")
    def _names_the_provider_whole(self) -> Self:
        secret = self.oidc_client_secret.get_secret_value() if self.oidc_client_secret is not None else None
        named = {"OIDC_ISSUER": self.oidc_issuer, "OIDC_CLIENT_ID": self.oidc_client_id, "OIDC_CLIENT_SECRET": secret}
        missing = [f"TALLY_{name}" for name, value in named.items() if not value]
        if missing and len(missing) < len(named):
            raise ValueError(f"to sign in by OpenID Connect, {' and '.join(missing)} must be set as well")
        return self

    @field_validator("secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        if any(len(one.strip()) < SHORTEST_SECRET for one in value.get_secret_value().split(",")):
            raise ValueError(f"each secret has at least {SHORTEST_SECRET} characters")
        return value

    @field_validator("bounce_address")
    @classmethod
    def _is_bounce_address(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        local, _, domain = value.strip().rpartition("@")
        if not local or not domain or "+" in local or len(local) > 24 or not value.isascii():
            raise ValueError(
                "not an address such as bounces@tally.city.example: at most 24 characters and no + before the @"
            )
        return value.strip()

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError) as unknown:
            raise ValueError("not a time zone such as Europe/London") from unknown
        return value

    @field_validator("prefect_auth")
    @classmethod
    def _is_user_and_password(cls, value: SecretStr | None) -> SecretStr | None:
        user, colon, password = value.get_secret_value().partition(":") if value is not None else ("", "", "")
        if value is not None and not (user and colon and password):
            raise ValueError("not of the form user:password")
        return value

    @field_validator("operator")
    @classmethod
    def _is_one_address(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        if not _is_address(value.strip()):
            raise ValueError("not a mail address such as operator@house.example")
        return value.strip()

    @field_validator("administrators")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        wrong = [one.strip() for one in value.split(",") if one.strip() and not _is_address(one.strip())]
        if wrong:
            raise ValueError(f"not mail addresses by commas: {', '.join(wrong)}")
        return value

    @property
    def administrator_addresses(self) -> frozenset[str]:
        return frozenset(one.strip().lower() for one in self.administrators.split(",") if one.strip())

    @property
    def house_party_references(self) -> frozenset[str]:
        """None named: the register belongs to all of its parties."""
        return frozenset(one.strip() for one in self.house_parties.split(",") if one.strip())

    @property
    def register_url(self) -> str:
        """The database's address, with its password: never show it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'tally.db').absolute()}"

    @property
    def post_url(self) -> str:
        """The mail server's address, with its password: never show it."""
        if self.mail_url is not None:
            return self.mail_url.get_secret_value()
        return f"smtp://127.0.0.1:{self.mailbox_port}"

    @property
    def pages_url(self) -> str | None:
        """Where links in messages lead; our own portal where the letters stay on this machine."""
        if self.base_url is not None:
            return self.base_url
        return f"http://127.0.0.1:{self.portal_port}" if self.mail_url is None else None

    @property
    def runs_url(self) -> str | None:
        """Where the Prefect UI is; our own server listens on this machine alone, so only for pages that do so, too."""
        if self.prefect_ui_url is not None:
            return self.prefect_ui_url
        host = urlsplit(self.pages_url or "").hostname
        return f"http://127.0.0.1:{self.prefect_port}" if host in ("127.0.0.1", "localhost", "::1") else None

    @property
    def house_folder(self) -> Path | None:
        """The folder with what the house has changed, if there is one."""
        folder = self.templates or self.home / "templates"
        return folder if folder.is_dir() else None

    @property
    def evidence_folder(self) -> Path:
        return self.evidence or self.home / "evidence"

    @property
    def largest_evidence(self) -> int:
        """In bytes."""
        return self.evidence_megabytes * 1024 * 1024

    @property
    def mailbox_folder(self) -> Path:
        return self.home / "mailbox"


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and text.isprintable() and " " not in text


@lru_cache(maxsize=1)
def read_settings() -> Settings:
    """The settings of this process; SettingsError names each setting that cannot be used."""
    try:
        return Settings()
    except ValidationError as invalid:
        faults = [
            f"TALLY_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in invalid.errors()
        ]
        raise SettingsError("\n".join(faults)) from None
