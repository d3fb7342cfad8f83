"""The address to which a letter comes back: one for each message, signed, so that nobody can make one up. Pure."""

import base64
import hashlib
import hmac
import re

_PLUS = re.compile(r"([A-Za-z0-9._-]{1,40})@(.+)")
_SIGNATURE_BYTES = 10


def write_bounce_address(house: str, notification_id: int, secret: bytes) -> str:
    """`bounces@city.example` becomes `bounces+1b9c-2f…@city.example`, which names the message and is signed."""
    local, _, domain = house.rpartition("@")
    number = f"{notification_id:x}"
    return f"{local}+{number}-{_sign(number, secret)}@{domain}"


def read_bounce_address(address: str, house: str, secret: bytes) -> int | None:
    """The message that a bounce address belongs to; nothing if it is not the house's or the signature is wrong."""
    local, _, domain = house.rpartition("@")
    found = re.fullmatch(
        rf"{re.escape(local)}\+([0-9a-f]{{1,15}})-([a-z2-7]{{16}})@{re.escape(domain)}", address.strip(), re.I
    )
    if found is None:
        return None
    number, signature = found[1].lower(), found[2].lower()
    return int(number, 16) if hmac.compare_digest(signature, _sign(number, secret)) else None


def _sign(number: str, secret: bytes) -> str:
    digest = hmac.new(secret, f"bounce|{number}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode().lower()
