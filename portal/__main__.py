"""`python -m portal`: serve the pages alone."""

import sys

from commitments.errors import TallyError
from commitments.settings import read_settings
from portal.serving import serve


def main() -> int:
    try:
        serve(read_settings())
    except TallyError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
