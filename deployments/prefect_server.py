"""Runs `prefect server start` with the scheduler mended: `python -m deployments.prefect_server --port 4200`.

Prefect's scheduler inserts runs in bulk and names `state`, an attribute that is no column. SQLAlchemy 2.0 passes over
it; SQLAlchemy 2.1 refuses the insert unless the attribute says what it does in one, and then no schedule ever makes a
run. A Prefect server started without this module needs `sqlalchemy<2.1` beside it.
"""

import sys
from collections.abc import MutableMapping
from typing import Any


def mend_scheduler() -> bool:
    """Let `state` do nothing in bulk inserts, as SQLAlchemy 2.0 had it; False if nothing needs to be mended."""
    from prefect.server.database.orm_models import FlowRun
    from sqlalchemy import inspect

    state: Any = inspect(FlowRun).all_orm_descriptors["state"]
    if not hasattr(state, "bulk_dml_setter") or state.bulk_dml_setter is not None:
        return False

    @state.inplace.bulk_dml  # type: ignore[untyped-decorator, unused-ignore]
    def _pass_over(_cls: type, mapping: MutableMapping[str, Any], _value: object) -> None:
        del mapping["state"]

    return True


def main() -> None:
    mend_scheduler()
    from prefect.cli import app

    sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
    app()


if __name__ == "__main__":
    main()
