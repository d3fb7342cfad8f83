"""The steps for registering an agreement, as views: its parties, its dates and term, and who answers for what."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from commitments.filling import LONGEST_TEXT
from commitments.policy import HOUSE
from commitments.sketch import Sketch, TypedParty, TypedPerson, TypedSignatory, TypedSource
from commitments.sketch_flaws import Drawing, Lack
from commitments.sketch_known import Known, KnownPerson
from commitments.sketching import NOBODY
from commitments.vocabulary import AgreementKind, ContactRole, PartyRole, RenewalRule
from notifications.names import choose_words
from notifications.views import clean_text, shorten_apart
from notifications.wording import Words
from portal.labels import name_agreement_kind, name_party_role, name_renewal
from portal.marks import name_with_office
from portal.step_fields import GroupView, Page, fold, fold_rest, is_filled, name_room, offer_languages
from portal.step_words import (
    list_contact_roles,
    list_countries,
    list_party_kinds,
    list_source_kinds,
)

PARTIES_OFFERED = "parties-offered"


def describe_parties(page: Page, sketch: Sketch, known: Known) -> list[GroupView]:
    """The agreement's title and kind, and each party in a group of its own."""
    about = describe_title(page, sketch, is_new=True)
    return [about, *(_describe_party(page, at, one, known) for at, one in enumerate(sketch.parties))]


def describe_title(page: Page, sketch: Sketch, *, is_new: bool) -> GroupView:
    """What the agreement is called and what it is; a new one can be given a short name."""
    words = page.words
    kinds = [(str(one), name_agreement_kind(words, one)) for one in AgreementKind]
    as_called = words.gettext("As the agreement calls itself.")
    about = [
        page.text("title", words.gettext("Title"), sketch.title, as_called, required=True),
        page.choose(
            "title_language",
            words.gettext("Language of the title"),
            sketch.title_language,
            offer_languages(words, sketch.title_language),
        ),
        page.choose("kind", words.gettext("Kind of agreement"), sketch.kind, kinds, words.gettext("Choose")),
    ]
    rest = page.texts("titles", words.gettext("Title in another language"), sketch.titles)
    if sketch.titles_same or any(one.lack is Lack.LEFT_BEHIND for one in page.flaws):
        label = words.gettext("If only one language was to be put right")
        still = words.gettext("The other languages still say the same")
        rest.append(page.check("titles_same", label, still, chosen=bool(sketch.titles_same)))
    if is_new:
        rest.append(page.reference("reference", sketch.reference))
    more = words.gettext("The title in other languages")
    return fold_rest(words.gettext("The agreement"), about, rest, more)


def _describe_party(page: Page, at: int, one: TypedParty, known: Known) -> GroupView:
    words, key = page.words, one.key
    page.place = title = words.gettext("Party %(number)s") % {"number": at + 1}
    found = known.find(one.name) if one.name else None
    first = [
        page.text(
            f"{key}-name",
            words.gettext("Name of the party"),
            one.name,
            words.gettext("Its name or reference in the register, or the name of a new party."),
            listed=PARTIES_OFFERED,
        ),
    ]
    if at > 1 or one.name:
        leave = words.gettext("Leave this party out")
        first.append(page.check(f"{key}-remove", words.gettext("Not a party after all?"), leave))
    new = [
        page.choose(
            f"{key}-kind", words.gettext("What it is"), one.kind, list_party_kinds(words), words.gettext("Choose")
        ),
        page.choose(
            f"{key}-country",
            words.gettext("Country"),
            one.country,
            list_countries(str(words.locale)),
            words.gettext("Choose"),
            words.gettext("Its holidays and working days are kept."),
        ),
        page.text(
            f"{key}-time_zone",
            words.gettext("Time zone"),
            one.time_zone,
            words.gettext("For example Asia/Shanghai. Empty: that of the country, where it has one time."),
        ),
        page.language(f"{key}-language", words.gettext("Language of its messages"), one.language),
        *page.texts(f"{key}-names", words.gettext("Name in another language"), one.names),
        page.text(
            f"{key}-subdivision",
            words.gettext("Part of the country"),
            one.subdivision,
            words.gettext("Where holidays differ within the country, for example ENG or BY."),
        ),
        page.text(f"{key}-parent", words.gettext("Belongs to"), one.parent, listed=PARTIES_OFFERED),
        page.reference(f"{key}-reference", one.reference),
    ]
    roles = [(str(role), name_party_role(words, role)) for role in PartyRole]
    role = page.choose(f"{key}-role", words.gettext("What it is in this agreement"), one.role, roles)
    page.place = ""
    help = words.gettext("The register knows this party; nothing more is needed.") if found else ""
    faulty = any(view.fault for view in (*first, *new))
    of_new = not found or faulty
    return GroupView(
        title,
        tuple(first),
        help,
        folded=not (faulty or (not found and is_filled(new)) or is_filled([role])),
        folded_fields=(*new[:4], role, *new[4:]) if of_new else (role,),
        more=words.gettext("A new party: what and where it is")
        if of_new
        else words.gettext("What it is in this agreement"),
    )


def describe_places(page: Page, parties: Sequence[TypedParty], new: TypedParty, known: Known) -> list[GroupView]:
    """The parties of an agreement that is on record, each with its role and until when it was one; and one more."""
    words = page.words
    roles = [(str(role), name_party_role(words, role)) for role in PartyRole]
    parts = [
        GroupView(
            clean_text(choose_words(known.shown.get(one.name, {}), words.tag) or one.name),
            (
                page.choose(f"{one.key}-role", words.gettext("What it is in this agreement"), one.role, roles),
                page.day(
                    f"{one.key}-left",
                    words.gettext("Its last day as a party"),
                    one.left,
                    words.gettext("Only if it left and the agreement goes on without it: it stays on record, is asked "
                                  "nothing more, and goes on reading."),
                ),
            ),
        )
        for one in parties
    ]  # fmt: skip
    is_open = any(field.fault for part in parts for field in part.fields)
    places = GroupView(words.gettext("The parties"), (), "", folded=True, is_open=is_open, parts=tuple(parts))
    added = _describe_party(page, len(parties), new, known)
    title = words.gettext("A party that joins")
    if new.name or any(one.fault for one in (*added.fields, *added.folded_fields)):
        return [places, replace(added, title=title)]
    return [places, GroupView(title, (*added.fields[:1], *added.folded_fields), "", folded=True)]


def offer_parties(words: Words, known: Known) -> list[str]:
    """Names to choose from while one types."""
    parties = (names for reference, names in known.shown.items() if reference != HOUSE)
    return sorted({clean_text(choose_words(names, words.tag)) for names in parties})[:500]


def describe_dates(page: Page, sketch: Sketch, drawing: Drawing, known: Known, room: str = "") -> list[GroupView]:
    """When it was signed and by whom, from when and until when it holds, and how it goes on.

    `room` is the button that makes room for further documents.
    """
    words = page.words
    help = words.gettext("A day, a month or a year, as precisely as it is known: 2026-11-20, 2026-11 or 2026.")
    names = name_parties(words, sketch, drawing, known)
    signed = [
        page.day(f"{one.key}-signed", words.gettext("Signed by %(party)s on") % {"party": names[one.key]}, one.signed)
        for one in sketch.parties
        if one.key in names
    ]
    ends = [
        ("unknown", words.gettext("it is not known")),
        ("none", words.gettext("it is stated to have no end")),
        ("date", words.gettext("it expires on a date")),
    ]
    rules = [(str(one), name_renewal(words, one)) for one in RenewalRule]
    term = [
        page.day("effective", words.gettext("In force from"), sketch.effective),
        page.choose("end", words.gettext("Its end"), sketch.end, ends, kind="radios"),
        page.day("expires", words.gettext("Expires on"), sketch.expires),
        page.text(
            "term",
            words.gettext("Term in words"),
            sketch.term,
            words.gettext("As the agreement says it, for example: five years from its signature."),
        ),
    ]
    goes_on = [
        page.choose("renewal", words.gettext("Renewal"), sketch.renewal, rules, words.gettext("not said")),
        page.text(
            "renewal_months", words.gettext("Renewed for how many months"), sketch.renewal_months, kind="number", most=6
        ),
        page.day("renew_by", words.gettext("To be renewed by"), sketch.renew_by),
        page.text(
            "notice",
            words.gettext("Notice period"),
            sketch.notice,
            words.gettext("How long before its end it can be given up."),
            kind="number",
            most=6,
        ),
        page.choose(
            "notice_unit",
            words.gettext("Months or days of notice"),
            sketch.notice_unit,
            [("months", words.gettext("months")), ("days", words.gettext("days"))],
        ),
    ]
    groups = [
        GroupView(words.gettext("Signed"), tuple(signed), help),
        GroupView(words.gettext("Term"), tuple(term), help),
        fold(words.gettext("Renewal and notice"), "", goes_on),
    ]
    places = [(key, name) for key, name in names.items()]
    for at, one in enumerate([*sketch.signatories, *[TypedSignatory()] * (2 if not sketch.signatories else 0)]):
        fields = [
            page.text(f"s{at}-name", words.gettext("Name"), one.name),
            page.text(f"s{at}-office", words.gettext("Office"), one.office),
            page.choose(f"s{at}-party", words.gettext("For which party"), one.party, places, words.gettext("Choose")),
        ]
        groups.append(GroupView(words.gettext("Who signed (%(number)s)") % {"number": at + 1}, tuple(fields)))
    sources = [_describe_source(page, at, one) for at, one in enumerate([*sketch.sources, TypedSource()])]
    groups.append(fold(words.gettext("Where this is taken from"), "", (), sources, room or name_room(words)))
    note = [page.text("note", words.gettext("Note"), sketch.note, kind="note", most=LONGEST_TEXT)]
    groups.append(fold(words.gettext("More about it"), "", note))
    return groups


def _describe_source(page: Page, at: int, one: TypedSource) -> GroupView:
    words, name = page.words, f"d{at}"
    fields = [
        page.text(
            f"{name}-document",
            words.gettext("Document"),
            one.document,
            words.gettext("Its file name or title, so that it can be found again."),
        ),
        page.choose(f"{name}-kind", words.gettext("What kind of document"), one.kind, list_source_kinds(words)),
        page.day(f"{name}-date", words.gettext("Date of the document"), one.date),
        page.language(f"{name}-language", words.gettext("Language of the document"), one.language),
        page.text(f"{name}-title", words.gettext("What it is headed"), one.title),
        page.text(
            f"{name}-sha256",
            words.gettext("Fingerprint (SHA-256)"),
            one.sha256,
            words.gettext("If it is to be proved later that it is the same file."),
            most=64,
        ),
    ]
    return GroupView(words.gettext("Document %(number)s") % {"number": at + 1}, tuple(fields))


def name_parties(words: Words, sketch: Sketch, drawing: Drawing, known: Known) -> dict[str, str]:
    """Each party of the sketch by its key, named in the reader's language."""
    return {
        one.key: clean_text(choose_words(known.shown.get(drawing.parties[one.key], {}), words.tag) or one.name)
        for one in sketch.parties
        if one.key in drawing.parties
    }


def describe_owners(page: Page, sketch: Sketch, drawing: Drawing, known: Known) -> list[GroupView]:
    """New people, who usually answers at each party, and who answers for each commitment."""
    words = page.words
    names = name_parties(words, sketch, drawing, known)
    chosen = {*sketch.usual_owners.values(), *(who for one in sketch.promises for who in one.owners.values())}
    chosen |= {one.deputy for one in sketch.people}
    people = {key: list_people(words, key, sketch, drawing, known, chosen) for key in names}
    groups = [_describe_person(page, at, one, names, people) for at, one in enumerate(sketch.people)]
    usual = [
        page.choose(
            f"usual-{key}",
            words.gettext("Usually answers for %(party)s") % {"party": name},
            sketch.usual_owners.get(key, ""),
            people[key],
            words.gettext("nobody yet"),
        )
        for key, name in names.items()
    ]
    groups.append(
        GroupView(
            words.gettext("Who usually answers"),
            tuple(usual),
            words.gettext("They answer for all that their party owes, unless you say otherwise below."),
        )
    )
    titles = shorten_apart([clean_text(one.summary) for one in sketch.promises])
    for promise, title in zip(sketch.promises, titles, strict=True):
        owing = [key for key in promise.owed_by if key in names] or list(names)
        fields = tuple(
            page.choose(
                f"{promise.key}-{key}",
                names[key],
                promise.owners.get(key, ""),
                [*people[key], (NOBODY, words.gettext("nobody yet"))],
                words.gettext("as usual"),
            )
            for key in owing
        )
        groups.append(GroupView(title, fields))
    return groups


def list_people(
    words: Words, key: str, sketch: Sketch, drawing: Drawing, known: Known, chosen: Container[str] = ()
) -> list[tuple[str, str]]:
    """Who can be chosen at a party: those of the register who answer for it, and the new ones.

    Who was `chosen` before and does not answer is offered still, with what keeps them from it.
    """
    there = [one for one in known.contacts.get(drawing.parties[key], ()) if one.answers or one.reference in chosen]
    new = [
        (one.key, clean_text(one.name))
        for one in sketch.people
        if one.party == key and one.name and (one.role != ContactRole.LEADER or one.key in chosen)
    ]
    return [*((one.reference, _name_person(words, one)) for one in there), *new]


def _name_person(words: Words, one: KnownPerson) -> str:
    name = clean_text(one.name)
    if one.is_over:
        return words.gettext("%(name)s, no longer in office") % {"name": name}
    if one.is_waiting:
        return words.gettext("%(name)s, waits to be accepted") % {"name": name}
    return name_with_office(words, name, clean_text(one.office or ""))


def _describe_person(
    page: Page,
    at: int,
    one: TypedPerson,
    parties: Mapping[str, str],
    people: Mapping[str, Sequence[tuple[str, str]]],
) -> GroupView:
    words, key = page.words, one.key
    page.place = title = words.gettext("New person %(number)s") % {"number": at + 1}
    roles = [(role, text) for role, text in list_contact_roles(words) if role != ContactRole.OPERATOR]
    fields = [
        page.text(f"{key}-name", words.gettext("Name"), one.name),
        page.choose(f"{key}-party", words.gettext("Speaks for"), one.party, parties.items(), words.gettext("Choose")),
        page.text(f"{key}-mail", words.gettext("Mail address"), one.mail, most=254),
        page.text(f"{key}-office", words.gettext("Office"), one.office),
        page.choose(f"{key}-role", words.gettext("Role"), one.role, roles),
        page.language(f"{key}-language", words.gettext("Language of their messages"), one.language),
        page.check(f"{key}-remove", words.gettext("Not needed after all?"), words.gettext("Leave this person out")),
    ]
    others = [(who, name) for who, name in people.get(one.party, ()) if who != key]
    rest = [
        page.choose(f"{key}-deputy", words.gettext("Who stands in"), one.deputy, others, words.gettext("nobody yet")),
        page.text(
            f"{key}-time_zone", words.gettext("Time zone"), one.time_zone, words.gettext("Empty: that of the party.")
        ),
        page.day(f"{key}-valid_from", words.gettext("In office from"), one.valid_from),
        page.day(f"{key}-valid_to", words.gettext("In office until"), one.valid_to),
        page.reference(f"{key}-reference", one.reference),
    ]
    page.place = ""
    return fold_rest(title, fields, rest, words.gettext("Deputy, time zone, time in office"))
