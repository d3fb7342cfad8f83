"""Every error the product raises on purpose; each message says what was wrong, where, and what to do."""

from dataclasses import dataclass


class TallyError(Exception):
    """The root: anything a person can put right."""


class SettingsError(TallyError):
    """A setting is missing or not usable."""


class NotFound(TallyError):
    """A reference names nothing in the register."""


class RefusedChange(TallyError):
    """A change that the rules of the register forbid."""


class DatabaseOutOfDate(TallyError):
    """The database has not been migrated to this version."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input file."""

    file: str
    line: int
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: found {self.found}; expected {self.expected}"


class InvalidFiles(TallyError):
    """One or more input files cannot be taken; carries every fault found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
