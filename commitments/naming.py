"""Makes references that people can read from what a thing is called."""

import re
import unicodedata
from collections.abc import Container


def make_readable(text: str) -> str:
    """Words as part of a reference; nothing if no letter of the alphabet is in them."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:50].strip("-")


def make_unique(wish: str, taken: Container[str]) -> str:
    """The wish, or the wish with the first number that nothing has."""
    made, number = wish, 2
    while made in taken:
        made, number = f"{wish}-{number}", number + 1
    return made
