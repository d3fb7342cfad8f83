"""The links in messages: signed, expiring, each for one person at one address, one matter and one purpose."""

import copy
import hmac
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from commitments.errors import TallyError
from commitments.settings import Settings
from notifications.secret import load_secrets

SIGN_IN_WITHIN = timedelta(minutes=15)

_BY_LINK = " by link "
_SHORT = struct.Struct(">IH")
"""A contact and the day of the link, since 1970."""
_SHORT_PLACE = 3
"""So many bytes of the hash of the address to which it goes stand in a short link behind them."""
_SHORT_MAC = 10
"""So many bytes of the signature stand in a short link: 80 bits, which nobody tries out over a network."""
_SECONDS_A_DAY = 86_400


class Purpose(StrEnum):
    """What a link is for; one for one purpose opens no other."""

    ANSWER = "answer"
    ANSWERED = "answered"
    CHOICES = "choices"
    UNSUBSCRIBE = "unsubscribe"
    SIGN_IN = "sign_in"
    ACCOUNT = "account"


class LinkInvalid(TallyError):
    """A link that we did not sign, or not for this."""


class LinkExpired(LinkInvalid):
    """A link of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom an answer link lets answer what: a follow-up, or a matter as it concerns a party."""

    contact_id: int
    follow_up_id: int | None = None
    matter: str | None = None
    party_id: int | None = None
    place: str = ""
    """The address to which the link went, as `name_place` has it; empty for one that is shown to who is signed in."""


class Links:
    """Signs and reads links with the secrets of the house."""

    def __init__(self, base_url: str, secrets: Sequence[str], answer_days: int = 60) -> None:
        self.base_url = base_url.rstrip("/")
        self._lifetimes = {
            Purpose.ANSWER: timedelta(days=answer_days),
            Purpose.ANSWERED: timedelta(hours=1),
            Purpose.CHOICES: timedelta(days=answer_days),
            Purpose.UNSUBSCRIBE: timedelta(days=800),  # a letter may be found again after years
            Purpose.SIGN_IN: SIGN_IN_WITHIN,
            Purpose.ACCOUNT: SIGN_IN_WITHIN,
        }
        self._secrets = [secret.encode() for secret in secrets]
        # The library signs with the last key and believes all of them.
        keys = [secret.encode() for secret in reversed(secrets)]
        self._signers = {
            purpose: URLSafeTimedSerializer(
                keys, salt=f"tallystick.{purpose}", signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"}
            )
            for purpose in Purpose
        }

        self._place = ""

    def bind(self, place: str) -> "Links":
        """The same for a message to one address: what they write bears its `place`."""
        bound = copy.copy(self)
        bound._place = place
        return bound

    def sign(self, purpose: Purpose, value: Any) -> str:
        """A token that carries the value; everybody can read it, nobody can make another."""
        return str(self._signers[purpose].dumps({"for": self._place, "is": value} if self._place else value))

    def read(self, purpose: Purpose, token: str) -> Any:
        """What a token carries; LinkExpired or LinkInvalid if it is not, or no longer, to be believed."""
        value = self._load(purpose, token)
        return value["is"] if isinstance(value, dict) else value

    def read_place(self, purpose: Purpose, token: str) -> str:
        """The address to which a link went, as `name_place` has it; empty for one without."""
        if purpose is Purpose.CHOICES and "." not in token:
            return self._load_short(token)[1]
        value = self._load(purpose, token)
        return str(value["for"]) if isinstance(value, dict) else ""

    def _load(self, purpose: Purpose, token: str) -> Any:
        try:
            return self._signers[purpose].loads(token, max_age=int(self._lifetimes[purpose].total_seconds()))
        except SignatureExpired:
            raise LinkExpired("the time of this link is over") from None
        except (BadData, ValueError):
            raise LinkInvalid("this link is not one of ours") from None

    def read_ask(self, token: str) -> Ask:
        """What an answer link asks of whom."""
        value, place = self.read(Purpose.ANSWER, token), self.read_place(Purpose.ANSWER, token)
        if len(value) == 2:
            return Ask(value[0], follow_up_id=value[1], place=place)
        return Ask(value[0], matter=value[1], party_id=value[2], place=place)

    def write_answer(self, ask: Ask) -> str:
        """Where a person answers."""
        about = [ask.follow_up_id] if ask.follow_up_id is not None else [ask.matter, ask.party_id]
        return f"{self.base_url}/answer/{self.sign(Purpose.ANSWER, [ask.contact_id, *about])}"

    def write_choices(self, contact_id: int) -> str:
        """Where a person changes their choices."""
        return f"{self.base_url}/choices/{self.sign(Purpose.CHOICES, [contact_id])}"

    def write_short_choices(self, contact_id: int) -> str:
        """The same for where there is little room, as on a telephone: it leads there."""
        value = _SHORT.pack(contact_id, int(time.time()) // _SECONDS_A_DAY) + bytes.fromhex(self._place)
        token = urlsafe_b64encode(value + _sign_short(self._secrets[0], value)).decode()
        return f"{self.base_url}/c/{token.rstrip('=')}"

    def read_choices(self, token: str) -> int:
        """Whose choices a link, long or short, leads to; LinkExpired or LinkInvalid as `read`."""
        if "." in token:
            (contact_id,) = self.read(Purpose.CHOICES, token)
            return int(contact_id)
        return self._load_short(token)[0]

    def _load_short(self, token: str) -> tuple[int, str]:
        try:
            given = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            value, mac = given[:-_SHORT_MAC], given[-_SHORT_MAC:]
            short_id, day = _SHORT.unpack(value[: _SHORT.size])
        except (ValueError, struct.error):
            raise LinkInvalid("this link is not one of ours") from None
        if not any(hmac.compare_digest(mac, _sign_short(secret, value)) for secret in self._secrets):
            raise LinkInvalid("this link is not one of ours")
        if int(time.time()) // _SECONDS_A_DAY - day > self._lifetimes[Purpose.CHOICES].days:
            raise LinkExpired("the time of this link is over")
        return int(short_id), value[_SHORT.size :].hex()

    def write_unsubscribe(self, contact_id: int, kind: str) -> str:
        """Where a person, or their mail program for them, unsubscribes from a kind of message."""
        return f"{self.base_url}/unsubscribe/{self.sign(Purpose.UNSUBSCRIBE, [contact_id, kind])}"

    def write_sign_in(self, number: str) -> str:
        """Where a person signs in, once; `number` is that under which the portal keeps the request."""
        return f"{self.base_url}/sign-in/{self.sign(Purpose.SIGN_IN, [number])}"


def _sign_short(secret: bytes, value: bytes) -> bytes:
    key = hmac.digest(secret, b"tallystick.short_choices", sha256)
    return hmac.digest(key, value, sha256)[:_SHORT_MAC]


def name_place(address: str | None) -> str:
    """An address as a link bears it, by which it is known again and not read; empty for none."""
    return sha256(address.strip().lower().encode()).hexdigest()[: 2 * _SHORT_PLACE] if address else ""


def name_link(token: str) -> str:
    """The link as the log names it: recognisable, and of no use to who reads it."""
    return sha256(token.encode()).hexdigest()[:8]


def sign_by_link(reference: str, token: str) -> str:
    """How the log names a contact who acts by a link: with the link, which whoever holds it may have used."""
    return f"{reference}{_BY_LINK}{name_link(token)}"


def read_signer(who: str) -> tuple[str, bool]:
    """Whom the log names, and whether they acted by a link."""
    reference, by_link, _ = who.partition(_BY_LINK)
    return reference, bool(by_link)


def open_links(settings: Settings) -> Links | None:
    """The links of the settings; None where nobody has said where the pages are."""
    if settings.pages_url is None:
        return None
    return Links(settings.pages_url, load_secrets(settings), settings.answer_days)
