"""`make bench`: the day's job beside its floor."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from day import main  # noqa: E402

main()
