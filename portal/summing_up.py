"""The last step as a view: the agreement as it would be registered, what is wrong with it, and what is worth a look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.languages import get_official_languages

from commitments.assembling import read_recurrence
from commitments.late_dates import judge_plain
from commitments.sketch import Sketch, Step, TypedPromise
from commitments.sketch_flaws import Drawing
from commitments.sketch_known import Known
from commitments.vocabulary import CommitmentKind, ContactRole
from notifications.phrases import N_
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.late_words import tell_late_dates
from portal.pages import FactView
from portal.promise_views import describe_promise
from portal.sketch_facts import describe_facts, describe_promise_facts
from portal.step_fields import FaultView, Page
from portal.step_views import name_parties
from portal.step_words import list_comparators, list_contact_roles, name_step, tell_flaw
from portal.value_words import describe_recurrence

_SHORT = 80
_NAMED = {"title": N_("Title"), "kind": N_("Kind of agreement")}
"""The fields of the agreement itself without which it cannot be registered, as their page calls them."""


@dataclass(frozen=True, slots=True)
class PromiseView:
    """One commitment of a sketch in a few words."""

    title: str
    key: str
    link: str
    kind: str
    about: str
    owners: str
    faults: tuple[str, ...]
    facts: tuple[FactView, ...]
    """The rest of it, for who checks the whole."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """All of a sketch; `ready` if nothing keeps it from being registered."""

    facts: tuple[FactView, ...]
    promises: tuple[PromiseView, ...]
    people: tuple[str, ...]
    faults: tuple[FaultView, ...]
    remarks: tuple[str, ...]
    twins: tuple[LinkView, ...]
    ready: bool
    edits: tuple[LinkView, ...]


def describe_sketch(
    words: Words,
    sketch: Sketch,
    drawing: Drawing,
    known: Known,
    address: str,
    others: Sequence[FaultView],
    twins: Sequence[str] = (),
    own: str | None = None,
) -> CheckView:
    """The whole sketch in words; `others` are faults that only the register could tell, `twins` the agreements on
    record that it looks like."""
    faults = [*_describe_flaws(words, sketch, drawing, known, address), *others]
    return CheckView(
        tuple(describe_facts(words, sketch, drawing, known)),
        tuple(list_promises(words, sketch, drawing, f"{address}/{Step.COMMITMENTS}", known)),
        tuple(_list_new_people(words, sketch, drawing, known)),
        tuple(faults),
        tuple(_find_remarks(words, sketch, drawing, known, own)),
        tuple(
            LinkView(
                words.gettext(
                    "An agreement of this title between these parties is on record already: open %(reference)s"
                )
                % {"reference": one},
                f"/agreements/{one}",
                "",
            )
            for one in twins
        ),
        not faults,
        tuple(LinkView(name_step(words, one), f"{address}/{one}", "") for one in Step if one is not Step.CHECK),
    )


def list_promises(words: Words, sketch: Sketch, drawing: Drawing, address: str, known: Known) -> Iterator[PromiseView]:
    """Each commitment with its kind, its dates and numbers, and who answers for it."""
    names = name_parties(words, sketch, drawing, known)
    drawn = drawing.plain.get("commitments", [])
    people = _name_people(sketch, drawing, known)
    for promise, plain in zip(sketch.promises, drawn, strict=True):
        faults = _tell_faults(words, promise, names, drawing)
        owing = {drawing.parties[key]: name for key, name in names.items()}
        owners = [
            words.gettext("%(party)s (%(person)s)")
            % {
                "party": owing[one["party"]],
                "person": people.get(one.get("contact", ""), words.gettext("nobody yet")),
            }
            for one in plain["owners"]
        ]
        yield PromiseView(
            clean_text(promise.summary) or words.gettext("A commitment without words yet"),
            promise.key,
            f"{address}/{promise.key}" + ("?faults=1" if faults else ""),
            words.name_kind(drawing.promises[promise.key]),
            describe_terms(words, plain),
            words.join(owners),
            tuple(faults),
            tuple(describe_promise_facts(words, plain, owing)),
        )


def _tell_faults(words: Words, promise: TypedPromise, names: Mapping[str, str], drawing: Drawing) -> list[str]:
    """What is wrong with a commitment, each with its field as its page calls it."""
    flaws = [one for one in drawing.flaws if one.promise == promise.key]
    if not flaws:
        return []
    page = Page(words, flaws)
    describe_promise(page, promise, names, drawing.documents)
    return [
        words.gettext("%(field)s: %(fault)s") % {"field": one.label, "fault": one.text} if one.label else one.text
        for one in page.finish()
    ]


def _name_fields(words: Words, promise: TypedPromise, names: Mapping[str, str], drawing: Drawing) -> Mapping[str, str]:
    """What the page of a commitment calls its faulty fields."""
    page = Page(words, [one for one in drawing.flaws if one.promise == promise.key])
    describe_promise(page, promise, names, drawing.documents)
    return {one.link.removeprefix("#f-"): one.label for one in page.finish() if one.link}


def describe_terms(words: Words, plain: Mapping[str, Any]) -> str:
    """By when, how often, how much."""
    parts = []
    if plain.get("due"):
        parts.append(words.gettext("by %(day)s") % {"day": words.format_end(str(plain["due"]))})
    if plain.get("confirm_by"):
        parts.append(words.gettext("to be confirmed by %(day)s") % {"day": words.format_end(str(plain["confirm_by"]))})
    recurrence = read_recurrence(plain.get("recurrence"))
    if recurrence is not None:
        parts.append(describe_recurrence(words, recurrence))
    target = plain.get("target")
    if isinstance(target, dict) and isinstance(target.get("quantity"), float):
        amount = words.format_amount(target["quantity"], clean_text(str(target.get("unit") or "")) or None)
        parts.append(f"{dict(list_comparators(words))[target['comparator']]} {amount}")
    return words.gettext(" · ").join(parts)


def _name_people(sketch: Sketch, drawing: Drawing, known: Known) -> dict[str, str]:
    there = {one.reference: clean_text(one.name) for people in known.contacts.values() for one in people}
    new = {drawing.people[one.key][1]: clean_text(one.name) for one in sketch.people if one.key in drawing.people}
    return there | new


def _describe_flaws(words: Words, sketch: Sketch, drawing: Drawing, known: Known, address: str) -> Iterator[FaultView]:
    for one in drawing.flaws:
        promise = sketch.find_promise(one.promise) if one.promise else None
        label = name_step(words, one.step)
        if one.field in _NAMED:
            label = f"{label} · {words.gettext(_NAMED[one.field])}"
        if promise is not None:
            label = fit_text(clean_text(promise.summary), _SHORT) or label
            named = _name_fields(words, promise, name_parties(words, sketch, drawing, known), drawing)
            label = words.gettext(" · ").join(part for part in (label, named.get(one.field, "")) if part)
        link = f"{address}/{one.step}" + (f"/{one.promise}" if promise is not None else "") + "?faults=1"
        yield FaultView(label, tell_flaw(words, one), f"{link}#f-{one.field}" if one.field else link)


def _list_new_people(words: Words, sketch: Sketch, drawing: Drawing, known: Known) -> Iterator[str]:
    names, roles = name_parties(words, sketch, drawing, known), dict(list_contact_roles(words))
    for one in sketch.people:
        if one.key in drawing.people and one.party in names:
            role = roles.get(one.role, roles[ContactRole.OWNER]) if one.role else ""
            parts = [clean_text(part) for part in (one.name, one.office, names[one.party], role, one.mail) if part]
            yield words.gettext(" · ").join(parts)


def _remark_usual(words: Words, sketch: Sketch, drawing: Drawing, names: Mapping[str, str]) -> Iterator[str]:
    """By which time and in which language a new party's people are written to, where nobody has said so."""
    written = {one["reference"]: one for one in drawing.plain.get("parties", [])}
    for key, name in names.items():
        one = written.get(drawing.parties[key], {})
        if "kind" not in one:  # a party of the register
            continue
        people = [person for person in sketch.people if person.party == key and person.key in drawing.people]
        if "time_zone" not in one and not (people and all(person.time_zone for person in people)):
            yield words.gettext(
                "No time zone is known for %(party)s: its people are written to by the time of UTC. Say one under "
                "Parties."
            ) % {"party": name}
        spoken = get_official_languages(one.get("country", ""))
        if sketch.rules.get("language") or "language" in one or not spoken or "en" in spoken:
            continue
        if people and all(person.language for person in people):
            continue
        yield words.gettext(
            "No language is said for the messages of %(party)s: its people are written to in the language of the rules "
            "for reminders, usually English. Say one under Parties."
        ) % {"party": name}


def _remark_same_mail(words: Words, sketch: Sketch, drawing: Drawing, known: Known) -> Iterator[str]:
    """Who is reached by one address reads what is for the other, and answers by their links."""
    by_mail: dict[str, list[str]] = {}
    for one in sketch.people:
        if one.key in drawing.people and one.mail:
            mail = one.mail.casefold()
            there = [person.name for people in known.contacts.values() for person in people if person.mail == mail]
            by_mail.setdefault(mail, [clean_text(name) for name in there]).append(clean_text(one.name))
    for mail, names in by_mail.items():
        if len(names) > 1:
            yield words.gettext(
                "%(people)s have the same mail address, %(mail)s: each gets the messages and links of the others."
            ) % {"people": words.join(names), "mail": clean_text(mail)}


def _remark_waiting(
    words: Words, sketch: Sketch, drawing: Drawing, known: Known, names: Mapping[str, str], own: str | None
) -> Iterator[str]:
    """Who acts only once their own side has accepted them; nobody of whom an administrator writes down."""
    for one in sketch.people:
        holder = drawing.parties.get(one.party)
        if own is None or holder in (None, own) or one.key not in drawing.people:
            continue
        serving = [
            clean_text(person.name)
            for person in known.contacts.get(holder or "", ())
            if person.role == ContactRole.COORDINATOR and person.mail and person.acts
        ]
        if serving:
            yield words.gettext(
                "%(name)s acts for %(party)s once %(coordinator)s has accepted them; until then nobody answers there "
                "for what they are named for."
            ) % {
                "name": clean_text(one.name),
                "party": names[one.party],
                "coordinator": words.gettext("; ").join(serving),
            }  # fmt: skip


def _find_remarks(words: Words, sketch: Sketch, drawing: Drawing, known: Known, own: str | None) -> Iterator[str]:
    """What is no mistake, but what somebody will be asked about."""
    names = name_parties(words, sketch, drawing, known)
    for key, name in names.items():
        there = [one.role for one in known.contacts.get(drawing.parties[key], ()) if one.acts]
        new = [one.role for one in sketch.people if one.party == key and one.key in drawing.people]
        if ContactRole.COORDINATOR not in (*there, *new):
            yield words.gettext(
                "%(party)s has no coordinator: what its owners leave undone is brought to nobody there."
            ) % {"party": name}
    yield from _remark_usual(words, sketch, drawing, names)
    yield from _remark_same_mail(words, sketch, drawing, known)
    yield from _remark_waiting(words, sketch, drawing, known, names, own)
    plain = drawing.plain.get("commitments", [])
    absent = {one.reference for people in known.contacts.values() for one in people if not one.acts}
    unowned = sum(any(owner.get("contact") in (None, *absent) for owner in one["owners"]) for one in plain)
    if unowned:
        yield words.ngettext(
            "For %(count)s commitment nobody answers on some side; that side's coordinator, if there is one, will be "
            "asked to name someone.",
            "For %(count)s commitments nobody answers on some side; that side's coordinator, if there is one, will be "
            "asked to name someone.",
            unowned,
        ) % {"count": unowned}
    yield from tell_late_dates(words, judge_plain(drawing.plain))
    if not plain:
        yield words.gettext("There is no commitment yet. You can add some later, from the agreement's page.")
    if not drawing.plain.get("expires") and sketch.end == "unknown":
        yield words.gettext("It is not known when it ends, so nobody will be reminded of that.")
    stated = ("confirm_by", "due", "period_to")
    undated = [one for one in plain if one["kind"] == CommitmentKind.PLANNED and not any(map(one.get, stated))]
    both = [one["summary"] for one in plain if "recurrence" in one and "target" in one and "summary" in one]
    for summary in both:
        yield words.gettext(
            "“%(summary)s” repeats and has a number: what is counted each time is watched, the number only kept."
        ) % {"summary": fit_text(clean_text(summary), _SHORT)}
    if undated:
        yield words.ngettext(
            "%(count)s plan has no date by which it is to be confirmed.",
            "%(count)s plans have no date by which they are to be confirmed.",
            len(undated),
        ) % {"count": len(undated)}
