"""What is registered by hand says the same as the file would: each example, typed in step by step."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from commitments.agreement_file import parse_agreement, read_text
from commitments.database import open_database, open_reading, open_unit
from commitments.export import export_agreement
from commitments.log import Author
from commitments.register import import_agreement
from tests.portal.desk import NOW, TODAY, Desk
from tests.portal.typing_in import leave_out_history, type_in

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = (
    "stoke-jingdezhen",
    "troyan-jingdezhen",
    "leeds-hangzhou-2018",
    "jingdezhen-uccn",
    "gimcheon-chengdu",
    "jingdezhen-global-exchange",
    "harrowmere-songlan",
)
"""One of each of the five documents, one of one party alone, and the one whose text and milestones are all there."""


def read_plain(name: str) -> dict[str, Any]:
    """The file as its form has it, days and years as they are written."""
    form = parse_agreement((EXAMPLES / f"{name}.yaml").read_bytes(), name)
    return leave_out_history(form.model_dump(mode="json", exclude_unset=True))


def export_file(template: Path, folder: Path, plain: dict[str, Any]) -> Any:
    """What a register exports that has taken this file and nothing else."""
    path = folder / "filed.db"
    shutil.copyfile(template, path)
    engine = open_database(f"sqlite:///{path}")
    file = read_text(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), "")
    with open_unit(engine) as unit:
        import_agreement(unit, file.form, Author("test", NOW), TODAY)
    with open_reading(engine) as reading:
        text = export_agreement(reading, plain["agreement"])
    engine.dispose()
    return yaml.safe_load(text)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_typed_in_by_hand_is_exported_like_its_file(
    desk: Desk, sqlite_template: Path, tmp_path: Path, name: str
) -> None:
    plain = read_plain(name)
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    object.__setattr__(house, "settings", desk.settings.model_copy(update={"administrators": "cy@north.example"}))
    desk.sign_in("cy")
    assert "The agreement is registered" in type_in(desk, plain)
    with open_reading(desk.engine) as reading:
        typed = yaml.safe_load(export_agreement(reading, name))
    filed = export_file(sqlite_template, tmp_path, plain)
    assert typed | {"as_of": None} == filed | {"as_of": None}
