"""`python -m migrations` brings the database of the settings to the version of this code."""

import sys

from commitments.database import open_database
from commitments.errors import TallyError
from commitments.settings import read_settings
from migrations import database_version, migrate_database


def main() -> int:
    try:
        settings = read_settings()
        engine = open_database(settings.register_url, synchronous=settings.synchronous)
        before = database_version(engine)
        migrate_database(engine)
    except TallyError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(f"the database was at {before or 'no version'} and is at version {database_version(engine)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
