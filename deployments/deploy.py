"""Applies the plans to any Prefect server or to Prefect Cloud, for workers to run: what `tally deploy` does."""

import asyncio
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from commitments.errors import TallyError
from commitments.settings import Settings
from deployments.reaching import explain_fault, name_server

POOL = "tallystick"


class CannotDeploy(TallyError):
    """There is no server to deploy to, or it does not let us."""


def deploy(
    settings: Settings,
    *,
    pool: str,
    folder: Path | None,
    dry_run: bool,
    tell: Callable[[str], None],
    confirm: Callable[[str], bool],
) -> int:
    """Compare, say what differs, write it; returns how many differences are left.

    Raises CannotDeploy if no server is named or it cannot be reached. `confirm` is asked before anything is removed.
    """
    where = name_server()
    if where is None:
        raise CannotDeploy(
            "no Prefect server is named; set PREFECT_API_URL, as in: "
            "PREFECT_API_URL=http://127.0.0.1:4200/api tally deploy"
        )
    if folder is None and _is_here(where):
        folder = Path.cwd()
    return asyncio.run(_deploy(settings, where, pool, folder, dry_run, tell, confirm))


async def _deploy(
    settings: Settings,
    where: str,
    pool: str,
    folder: Path | None,
    dry_run: bool,
    tell: Callable[[str], None],
    confirm: Callable[[str], bool],
) -> int:
    import httpx
    from prefect import get_client
    from prefect.exceptions import PrefectException

    from deployments.applying import compare_server

    place = str(folder.absolute()) if folder is not None else None
    try:
        async with get_client() as client:
            found = await compare_server(client, settings.time_zone, pool, folder=place)
            tell(f"{where}, work pool {pool}, schedules in {settings.time_zone}")
            for one in found.differences:
                tell(f"  would {one}" if dry_run else f"  to {one}")
            for note in found.notes:
                tell(f"  note: {note}")
            if not found.differences:
                tell(f"nothing to do: all {found.unchanged} are as they should be")
                return 0
            if dry_run:
                tell("this was a dry run: nothing was written")
                return len(found.differences)
            for one in found.changes:
                await one.apply()
            left = found.removals
            if left and confirm(f"remove what is no longer planned ({len(left)})?"):
                for one in left:
                    await one.apply()
                left = ()
            tell(_sum_up(len(found.changes), len(found.removals) - len(left), found.unchanged, len(left)))
            return len(left)
    except (httpx.HTTPError, PrefectException, RuntimeError) as failed:
        raise CannotDeploy(str(explain_fault(failed))) from failed


def _sum_up(written: int, removed: int, unchanged: int, left: int) -> str:
    told = [f"{written} written"] * bool(written) + [f"{removed} removed"] * bool(removed)
    told += [f"{unchanged} unchanged"] * bool(unchanged)
    told += [f"{left} left as they are; to remove them: tally deploy --yes"] * bool(left)
    return ", ".join(told)


def _is_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ask_person(question: str) -> bool:
    """Ask at the keyboard; without one, nothing is removed."""
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
