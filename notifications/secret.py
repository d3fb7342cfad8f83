"""What links are signed with: from the settings, or made at first need and kept in the home folder for its owner only.

The newest secret signs; older ones are still believed until they are forgotten.
"""

import os
import secrets
from pathlib import Path

from commitments.errors import SettingsError
from commitments.settings import SHORTEST_SECRET, Settings
from notifications.mime import MailDomain

FILE = "secret"


def load_secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret that is believed, the newest first; SettingsError for a file that others may read, or a poor one."""
    if settings.secret is not None:
        return tuple(one.strip() for one in settings.secret.get_secret_value().split(","))
    path = settings.home / FILE
    if not path.exists():
        _make(path)
    return _read(path)


def load_mail_domain(settings: Settings) -> MailDomain:
    """What the house's letters are named with; SettingsError as for `load_secrets`."""
    return MailDomain(settings.sender.rpartition("@")[2], load_secrets(settings)[0].encode())


def rotate_secret(settings: Settings, *, forget: bool = False) -> int:
    """Put a new secret before those of the home folder, or in their place; returns how many are believed now.

    Raises SettingsError where TALLY_SECRET is set: whoever set it rotates it.
    """
    if settings.secret is not None:
        raise SettingsError("TALLY_SECRET is set: put a new secret before it, with a comma between the two")
    path = settings.home / FILE
    kept = () if forget or not path.exists() else _read(path)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    _write(unfinished, (secrets.token_urlsafe(32), *kept))
    unfinished.replace(path)
    return 1 + len(kept)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{secrets.token_hex(4)}")
    _write(unfinished, (secrets.token_urlsafe(32),))
    try:
        os.link(unfinished, path)  # whoever is first makes it, and it is whole from its first moment
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _write(path: Path, lines: tuple[str, ...]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> tuple[str, ...]:
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} can be read by others; only its owner may: chmod 600 {path}")
    found = tuple(line.strip() for line in path.read_text(encoding="ascii", errors="replace").splitlines() if line)
    if not found or any(len(one) < SHORTEST_SECRET for one in found):
        raise SettingsError(f"{path} holds no secret of at least {SHORTEST_SECRET} characters; remove it for a new one")
    return found
