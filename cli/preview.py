"""`tally preview`: one message of a kind, written to files, and what is wrong in the house's templates."""

from pathlib import Path
from typing import Annotated

import typer

from cli.screen import check_language, print_error, say, write_examples
from commitments.vocabulary import NotificationKind

FOLDER = Path("preview")


def add_commands(app: typer.Typer) -> None:
    app.command(
        "preview",
        rich_help_panel="Tell people",
        epilog=write_examples(
            "tally preview reminder",
            "tally preview digest --to leeds-example",
            "tally preview summary --language ko --folder pages",
        ),
    )(preview)


def preview(
    kind: Annotated[NotificationKind, typer.Argument(help="What sort of message.", show_default=False)],
    to: Annotated[str | None, typer.Option(metavar="PERSON", help="As this contact would read it.")] = None,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="In this language, such as zh or ko; the reader's if left out."),
    ] = None,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where the files are written.")] = FOLDER,
) -> None:
    """Write a message of a kind to files (subject, text, HTML, .eml), from the register or else from a sample.

    Nothing is sent and nothing in the register is changed. What is wrong in the house's own templates, catalogues and
    rules is said with file and line; the exit code is then 1.
    """
    from cli.session import open_register
    from commitments.database import open_reading
    from commitments.person_queries import load_people
    from commitments.references import find_contact
    from notifications.preview import find_message, gets_overview, make_sample, open_mock_links, preview_message
    from portal.brief_page import find_brief_faults

    with open_register() as register, open_reading(register.engine) as reading:
        settings = register.settings
        if language is not None:
            check_language(language, settings.house_folder)
        person = load_people(reading)[find_contact(reading, to).id] if to is not None else None
        if person is not None and not gets_overview(person, kind):
            raise typer.BadParameter(
                f"{to} gets no {kind}: a digest goes to coordinators, a summary to them and to leaders",
                param_hint="--to",
            )
        links = open_mock_links(settings)
        message = find_message(
            reading, kind, register.today, to=person, language=language, links=links, settings=settings
        )
        real = message is not None
        if message is None:
            message = make_sample(kind, language or (person.language if person is not None else "en"))
        shown = preview_message(message, settings, folder, register.now, real=real)
    say(shown.subject)
    for path in shown.files:
        say(f"  {path}")
    if not real:
        say(f"From a sample: the register has no message of the kind {kind} {'for this person ' if to else ''}yet.")
    house = settings.house_folder
    if faults := [*shown.faults, *find_brief_faults(house)]:
        print_error("\n".join(f"{house}/{fault}" for fault in faults))
        say("What is shown was written by the usual templates where the house's own failed.")
        raise typer.Exit(1)
