"""When a process that died is started again: soon, ever more slowly, and in the end not."""

from deployments.revival import CALM, WAITS, Revivals


def test_a_process_that_dies_at_once_is_started_ever_more_slowly_and_then_given_up() -> None:
    revivals = Revivals()
    assert [revivals.choose_wait(100.0 + death) for death in range(7)] == [*WAITS, None, None]


def test_after_a_calm_while_a_death_is_the_first_again() -> None:
    revivals = Revivals()
    for death in range(5):
        revivals.choose_wait(float(death))
    assert revivals.choose_wait(4.0 + CALM + 1) == WAITS[0]


def test_one_that_dies_now_and_then_is_started_for_ever() -> None:
    revivals = Revivals()
    assert {revivals.choose_wait(day * 86_400.0) for day in range(100)} == {WAITS[0]}
