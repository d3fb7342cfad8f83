"""A house's own templates and catalogues: used if they are right, told of if they are wrong, and never in the way."""

from pathlib import Path

import pytest

from commitments.vocabulary import NotificationKind
from notifications.chat_text import write_chat, write_chat_safely
from notifications.house import CHAT, PAGE, PARTS, TEMPLATES, Fault, sign_folder
from notifications.languages import UnreadableCatalogue, load_words
from notifications.preview import find_house_faults, make_sample
from notifications.rendering import write_message, write_safely
from notifications.samples import make_messages
from notifications.services import Markup, Unit
from notifications.views import Written

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def put(house: Path, name: str, text: str) -> None:
    path = house / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write(house: Path, name: str = "reminder", language: str = "en") -> tuple[Written, list[Fault]]:
    told: list[Fault] = []
    return write_safely(make_messages(language)[name], house, told.append), told


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (
            "Hello\n{{ view.subjct }}",
            2,
            "found .subjct of a MessageView, which has no such name; did you mean 'subject'?; "
            "there are tag, direction, subject, preheader, day",
        ),
        (
            "{% for section in view.sections %}\n{% for item in section.items %}\n{{ item.titel }}\n"
            "{% endfor %}{% endfor %}",
            3,
            "found .titel of a ItemView, which has no such name; did you mean 'title'?",
        ),
        (
            "{{ veiw.subject }}",
            1,
            "found 'veiw', which is no name here; did you mean 'view'?; there are view, style, _, ngettext",
        ),
        ("one\ntwo {% if view.subject %}", 2, "found 'two {% if view.subject %}': Unexpected end of template."),
        ("a\n\n{{ view.subject | uper }}", 3, "No filter named 'uper'"),
        ("{{ view.__class__ }}", 1, "access to attribute '__class__' of 'MessageView' object is unsafe."),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_wrong_in_a_template_is_told_with_its_line_and_the_names_that_there_are(
    text: str, line: int, found: str, tmp_path: Path
) -> None:
    put(tmp_path, "message/body.txt", text)
    written, (fault, *more) = write(tmp_path)
    assert more == [] and (fault.file, fault.line) == ("message/body.txt", line)
    assert found in fault.found
    assert written == write_message(make_messages("en")["reminder"])  # the mail goes, by the usual template
    assert [str(one) for one in find_house_faults(tmp_path)] == [str(fault)]


def test_a_template_that_is_right_takes_the_place_of_the_usual_one_and_the_others_stay(tmp_path: Path) -> None:
    put(tmp_path, "message/subject.txt", "[Leeds] {{ view.subject }}")
    written, told = write(tmp_path)
    usual = write_message(make_messages("en")["reminder"])
    assert (written.subject, told) == (f"[Leeds] {usual.subject}", [])
    assert (written.text, written.html) == (usual.text, usual.html)


def test_what_goes_to_a_chat_is_the_houses_own_too_and_the_usual_if_that_is_wrong(tmp_path: Path) -> None:
    message, told = make_messages("en")["reminder"], list[Fault]()
    put(tmp_path, CHAT, "Leeds: {{ strong }}{{ view.subject }}{{ unstrong }}")
    put(tmp_path, "en.po", HEAD + 'msgid "Hello %(name)s,"\nmsgstr "Dear %(name)s,"\n')
    usual = write_chat(message, Markup.MARKDOWN, 4000, Unit.CHARACTERS)
    written = write_chat_safely(message, Markup.MARKDOWN, 4000, Unit.CHARACTERS, tmp_path, told.append)
    assert (written, told) == ((usual[0], f"Leeds: **{usual[0]}**"), [])
    put(tmp_path, CHAT, "\n{{ view.subjct }}")
    assert write_chat_safely(message, Markup.MARKDOWN, 4000, Unit.CHARACTERS, tmp_path, told.append) == usual
    assert [(one.file, one.line) for one in told] == [(CHAT, 2)]
    assert [one.file for one in find_house_faults(tmp_path)] == [CHAT]


def test_a_changed_template_can_build_on_the_usual_one(tmp_path: Path) -> None:
    usual = (TEMPLATES / "message" / "body.txt").read_text()
    put(tmp_path, "message/body.txt", usual + "\nLeeds City Council, Civic Hall\n")
    assert write(tmp_path)[0].text.endswith("Leeds City Council, Civic Hall")


def test_a_template_that_is_mended_is_used_by_a_sender_that_runs(tmp_path: Path) -> None:
    put(tmp_path, "message/subject.txt", "{{ vew }}")
    assert write(tmp_path)[1] != []
    put(tmp_path, "message/subject.txt", "Mended: {{ view.subject }}")
    written, told = write(tmp_path)
    assert written.subject.startswith("Mended: ") and told == []


def test_a_template_cannot_change_what_it_is_shown(tmp_path: Path) -> None:
    put(tmp_path, "message/body.txt", "{% set _x = style.chip.update({'red': ''}) %}{{ view.subject }}")
    _, (fault,) = write(tmp_path)
    assert "unsafe" in fault.found


def test_one_fault_does_not_hide_another(tmp_path: Path) -> None:
    put(tmp_path, "message/subject.txt", "{{ vew }}")
    put(tmp_path, "message/body.html", "<p>{{ view.nothing }}</p>")
    put(tmp_path, PAGE, "#nothing-here")
    put(tmp_path, "message/bdy.txt", "never read")
    put(tmp_path, "de.po", HEAD + 'msgid "today"\nmsgstr "heute %(day)s"\n')
    faults = list(find_house_faults(tmp_path))
    assert {fault.file for fault in faults} == {
        "message/subject.txt", "message/body.html", "message/bdy.txt", "summary/page.typ", "de.po",
    }  # fmt: skip
    assert any("did you mean 'message/body.txt'?" in fault.found for fault in faults)


def test_a_house_may_say_some_phrases_its_own_way(tmp_path: Path) -> None:
    put(tmp_path, "de.po", HEAD + 'msgid "The register:"\nmsgstr "Unser Verzeichnis:"\n')
    written, told = write(tmp_path, language="de")
    assert told == [] and "Unser Verzeichnis:" in written.text and "Guten Tag" in written.text
    assert "Das Register:" in write_message(make_messages("de")["reminder"]).text


def test_a_house_may_add_a_language_and_is_told_what_is_still_said_in_english(tmp_path: Path) -> None:
    put(tmp_path, "ky.po", HEAD + 'msgid "Hello %(name)s,"\nmsgstr "Саламатсызбы, %(name)s!"\n')
    words = load_words("ky", tmp_path)
    assert (words.tag, words.gettext("Hello %(name)s,")) == ("ky", "Саламатсызбы, %(name)s!")
    assert load_words("ky").tag == "en"
    (fault,) = find_house_faults(tmp_path)
    assert "phrases are not translated and are said in English" in fault.found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('msgid "today"\nmsgstr "heute"\nrubbish\n', 6),
        ('msgid "today\n', 4),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[x] "c"\n', None),
    ],
)
def test_a_catalogue_that_cannot_be_read_is_told_and_passed_over(text: str, line: int | None, tmp_path: Path) -> None:
    put(tmp_path, "de.po", HEAD + text)
    with pytest.raises(UnreadableCatalogue):
        load_words("de", tmp_path)
    written, (fault,) = write(tmp_path, language="de")
    assert (fault.file, fault.line) == ("de.po", line) and "Guten Tag" in written.text
    assert [one.file for one in find_house_faults(tmp_path)] == ["de.po"]


def test_a_page_that_is_wrong_leaves_the_usual_one(tmp_path: Path) -> None:
    put(tmp_path, PAGE, "= Ours\n\n#nothing-of-that-name")
    written, (fault,) = write(tmp_path, "summary")
    assert (fault.file, fault.line) == (PAGE, 3) and written.page is not None


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "message").mkdir()
    (tmp_path / "message" / "body.txt").write_bytes(b"\xff\xfe\x00")
    written, (fault,) = write(tmp_path)
    assert fault.found == "this is not UTF-8 text" and written.text


def test_the_usual_templates_are_right_by_themselves(tmp_path: Path) -> None:
    for part in (*PARTS, PAGE):
        put(tmp_path, part, (TEMPLATES / part).read_text(encoding="utf-8"))
    assert list(find_house_faults(tmp_path)) == []
    assert list(find_house_faults(None)) == [] and sign_folder(None) == ()


@pytest.mark.parametrize("kind", NotificationKind)
def test_there_is_a_sample_of_every_kind(kind: NotificationKind) -> None:
    assert make_sample(kind, "en").kind is kind
