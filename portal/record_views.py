"""The forms on which people record what happened, every string ready."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.entries import ACTIVITY_KINDS
from commitments.evidence_files import list_endings
from commitments.filling import LONGEST_LINE, LONGEST_LINK, LONGEST_TEXT, Flaw, Flaws
from commitments.recording import Happened
from notifications.phrases import ACTIVITY_NAMES
from notifications.views import LinkView, clean_text, shorten_apart
from notifications.wording import Words
from portal.flaws import mark_fields, name_types
from portal.forms import Sent
from portal.pages import FieldView, FormView, OptionView

CHOICE_LIMIT = 120
USUAL_KIND = "meeting"
TEXT, LINK, NOTE = str(LONGEST_LINE), str(LONGEST_LINK), str(LONGEST_TEXT)
ACCEPTED = ",".join(f".{one}" for one in list_endings())


@dataclass(frozen=True, slots=True)
class Offered:
    """What may be ticked: parties and commitments, by reference with their titles, and which are."""

    parties: Sequence[tuple[str, str]]
    commitments: Sequence[tuple[str, str]]
    ticked_parties: Collection[str] = ()
    ticked_commitments: Collection[str] = ()
    finder: str = ""
    """Where the commitments are searched, if they are many."""


@dataclass(frozen=True, slots=True)
class RecordedView:
    """What has just been recorded."""

    said: str
    links: tuple[LinkView, ...]


def read_happened(sent: Sent) -> Happened:
    """What the form says; a month or a year alone goes before the day."""
    return Happened(
        sent.text("title"),
        sent.text("kind"),
        sent.date_text("roughly") or sent.date_text("held_on"),
        sent.date_text("until"),
        sent.text("place"),
        tuple(dict.fromkeys(sent.texts("parties"))),
        tuple(dict.fromkeys(sent.texts("commitments"))),
        sent.text("participants"),
        sent.text("count"),
        sent.text("link"),
        sent.text("note"),
        is_early=bool(sent.text("early")),
    )


def as_happened(row: Any, counted: Collection[str]) -> Happened:
    """An activity as it is on record."""
    return Happened(
        row.title,
        row.kind,
        row.held_on,
        row.until,
        row.place,
        tuple(row.parties),
        tuple(counted),
        str(row.participants) if row.participants is not None else None,
        str(row.count),
        row.link,
        row.note,
    )


def describe_record(
    words: Words,
    offered: Offered,
    said: Happened,
    today: date,
    flaws: Flaws,
    megabytes: int,
    *,
    takes_file: bool,
) -> tuple[tuple[FieldView, ...], tuple[FieldView, ...]]:
    """The fields of an activity, those always seen and those folded."""
    fields = _list_first(words, offered, said, today)
    if said.is_early or Flaw.BEFORE_EFFECT in dict(flaws).values():
        early = OptionView("yes", words.gettext("Yes; it counts for no period of the agreement"), said.is_early)
        label = words.gettext("Was it before the agreement took effect?")
        fields.insert(3, FieldView("early", label, "checks", options=(early,)))
    if takes_file:
        help_text = words.gettext("A photo, the minutes, a programme: %(types)s; at most %(size)s MB.") % {
            "types": name_types(words), "size": megabytes,
        }  # fmt: skip
        fields.append(FieldView("file", words.gettext("File"), "file", help=help_text, most=ACCEPTED))
    more = _list_more(words, said)
    named = tuple(("roughly" if name == "held_on" and _is_rough(said) else name, flaw) for name, flaw in flaws)
    return mark_fields(words, fields, named, megabytes), mark_fields(words, more, named, megabytes)


def _is_rough(said: Happened) -> bool:
    return said.held_on is not None and len(said.held_on) != len("2026-11-20")


def _list_first(words: Words, offered: Offered, said: Happened, today: date) -> list[FieldView]:
    kind = said.kind if said.kind in ACTIVITY_KINDS else USUAL_KIND
    kinds = tuple(OptionView(one, words.gettext(ACTIVITY_NAMES[one]), one == kind) for one in ACTIVITY_KINDS)
    day = "" if _is_rough(said) else said.held_on or today.isoformat()
    parties = tuple(OptionView(one, name, one in offered.ticked_parties) for one, name in offered.parties)
    promises = tuple(OptionView(one, name, one in offered.ticked_commitments) for one, name in offered.commitments)
    finder = LinkView(words.gettext("Search among them"), offered.finder, "") if offered.finder else None
    fields = [
        FieldView("title", words.gettext("What happened"), "text", said.title or "",
                  words.gettext("For example: Visit of the ceramic artists"), required=True, most=TEXT),
        FieldView("kind", words.gettext("Kind"), "select", options=kinds, required=True),
        FieldView("held_on", words.gettext("When"), "date", day, most=today.isoformat()),
        FieldView("place", words.gettext("Where"), "text", said.place or "", most=TEXT),
        FieldView("parties", words.gettext("Who took part"), "checks", options=parties),
        FieldView("participants", words.gettext("How many took part"), "number", said.participants or "", most="12"),
        FieldView("commitments", words.gettext("Which commitments it serves"), "checks", options=promises,
                  finder=finder),
        FieldView("link", words.gettext("A page about it"), "text", said.link or "",
                  words.gettext("It is shown as a link; nothing is fetched from there."), most=LINK),
    ]  # fmt: skip
    return [one for one in fields if one.kind != "checks" or one.options]


def _list_more(words: Words, said: Happened) -> list[FieldView]:
    rough = said.held_on or "" if _is_rough(said) else ""
    count = said.count if said.count not in (None, "1") else ""
    return [
        FieldView("until", words.gettext("Until, if it took several days"), "date", said.until or ""),
        FieldView("roughly", words.gettext("Or only the month or the year"), "text", rough,
                  words.gettext("2026-11 or 2026; it then goes before the day above."), most="10"),
        FieldView("count", words.gettext("Counts for how many"), "number", count or "",
                  words.gettext("More than one, if you record several together."), most="6"),
        FieldView("note", words.gettext("A note, if you like"), "note", said.note or "", most=NOTE),
    ]  # fmt: skip


def describe_why(words: Words, why: str, *, label: str = "") -> FieldView:
    help_text = words.gettext("It stands in the history beside your name; both sides can read it.")
    return FieldView("why", label or words.gettext("Why"), "text", why, help_text, required=True, most=TEXT, prose=True)


def describe_withdrawal(words: Words, action: str, why: str, flaws: Flaws) -> FormView:
    field = describe_why(words, why, label=words.gettext("Why it is withdrawn"))
    return FormView(
        action,
        words.gettext("Withdraw it"),
        words.gettext("If it did not happen, or was recorded twice. It counts no more, with its evidence; nothing is "
                      "deleted, and the history says what it was."),
        words.gettext("Withdraw"),
        mark_fields(words, (field,), flaws),
        look="danger",
    )  # fmt: skip


def name_choices(titles: Mapping[str, str]) -> dict[str, str]:
    """Commitments as each stands beside its box, by reference: told apart, also where their words are the same."""
    names = shorten_apart([clean_text(one) for one in titles.values()], CHOICE_LIMIT)
    often = Counter(names)
    return {
        reference: f"{name} ({reference})" if often[name] > 1 else name
        for reference, name in zip(titles, names, strict=True)
    }
