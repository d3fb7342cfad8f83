"""What a machine cannot run is told, and never left out where everything has to be run."""

import pytest

from tests.effort import leave_out


def test_what_a_machine_cannot_run_is_skipped_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no server here"):
        leave_out("no server here")


def test_where_everything_has_to_be_run_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no server here"):
        leave_out("no server here")
