"""The same words in several languages. Pure."""

from collections.abc import Mapping


def find_left_behind(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The languages whose words stay while those of another that was there are changed.

    What is new in a language, or taken away in one, leaves nothing behind.
    """
    known = {tag: text for tag, text in before.items() if text}
    same = [tag for tag, text in known.items() if after.get(tag) == text]
    is_changed = any(after.get(tag) and tag not in same for tag in known)
    return same if is_changed else []
