"""What the pages of people show, every string ready: contacts, their forms, and what would be handed over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.filling import LONGEST_LINE
from commitments.handing_over import Matters
from commitments.people import ContactFault, Written
from commitments.vocabulary import ContactRole, FollowUpKind
from notifications.names import find_words, name_promise
from notifications.phrases import N_
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.choosing import name_language
from portal.forms import Sent
from portal.labels import name_contact_role
from portal.marks import put_beside
from portal.pages import FieldView, FormView, OptionView, list_languages
from portal.people_queries import Listed, Orphan, is_over
from portal.spoken import drop_stop
from portal.telling import tell_partial, tell_title

ADDRESS = "/people"
SHOWN = 100
_TITLE_LIMIT = 160
_FAULTS: dict[ContactFault, tuple[str, str]] = {
    ContactFault.NAME_MISSING: ("name", N_("A name is needed.")),
    ContactFault.NAME_TOO_LONG: ("name", N_("This is too long: 300 characters at most.")),
    ContactFault.OFFICE_TOO_LONG: ("office", N_("This is too long: 300 characters at most.")),
    ContactFault.MAIL_MISSING: ("mail", N_("A mail address is needed: without one nobody can be asked.")),
    ContactFault.MAIL_WRONG: ("mail", N_("This is no mail address.")),
    ContactFault.MAIL_RESERVED: ("mail", N_("This is an administrator's address: only an administrator changes it.")),
    ContactFault.MAIL_OF_ANOTHER_SIDE: (
        "mail",
        N_("This is the address of a person of another party: each side has its own."),
    ),
    ContactFault.LANGUAGE_UNKNOWN: ("language", N_("This language is not known.")),
    ContactFault.ZONE_UNKNOWN: ("zone", N_("This time zone is not known. One is written like Europe/London.")),
    ContactFault.DATE_WRONG: ("valid_to", N_("A date is written 2026-11-30, 2026-11 or 2026.")),
    ContactFault.DAYS_CROSSED: ("valid_to", N_("The last day lies before the first.")),
    ContactFault.DEPUTY_UNKNOWN: ("deputy", N_("This person cannot stand in.")),
    ContactFault.LAST_COORDINATOR: (
        "role",
        N_("Nobody else coordinates this party: first make somebody else a coordinator."),
    ),
    ContactFault.STILL_ANSWERS: (
        "role",
        N_(
            "A leader reads and is asked nothing: first hand over, on this page, what they answer for, what they are "
            "asked, and for whom they stand in."
        ),
    ),
}
FIELDS = ("name", "office", "mail", "language", "zone", "role", "valid_from", "valid_to", "deputy")


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact in the list of a party."""

    name: str
    link: str
    office: str
    """With the party before it where people of several stand together."""
    role: str
    served: str
    deputy: str
    mail: str
    matters: str
    faults: tuple[str, ...]
    """What keeps this person from being asked."""


@dataclass(frozen=True, slots=True)
class MovingView:
    """One thing that names a person."""

    title: str
    link: str
    about: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupView:
    """Things of one sort that name a person, with how many there are."""

    title: str
    moving: tuple[MovingView, ...]
    more: str


@dataclass(frozen=True, slots=True)
class OrphanView:
    """One commitment without a living owner; `mark` names the place in a form."""

    title: str
    link: str
    about: str
    mark: str


@dataclass(frozen=True, slots=True)
class OrphansView:
    """The commitments of one party for which one person, or nobody, is named."""

    title: str
    why: str
    orphans: tuple[OrphanView, ...]
    hand_over: str
    """Where everything of that person is handed over; empty where nobody is named, or it is not the viewer's to do."""
    successors: tuple[OptionView, ...]
    key: str


def describe_contact(
    words: Words,
    one: Listed,
    deputies: dict[int, str],
    today: date,
    administrators: Collection[str],
    party: str = "",
    *,
    may_change: bool = True,
) -> ContactView:
    """A contact in a few words; `party` is named where people of several stand together, `administrators` are the
    addresses of those whom the settings name."""
    row = one.row
    faults = []
    if is_over(row, today):
        faults.append(words.gettext("office ended"))
    elif one.person.proposed_by is not None:
        faults.append(words.gettext("added by another side, and not accepted yet"))
    elif not one.person.is_in_office(today):
        faults.append(words.gettext("not in office yet"))
    if not one.person.ways:
        faults.append(words.gettext("cannot be reached: no address, or none that works"))
    matters = [
        words.ngettext("%(count)s commitment", "%(count)s commitments", one.owned) % {"count": one.owned},
        words.ngettext("%(count)s open question", "%(count)s open questions", one.asked) % {"count": one.asked},
    ]
    return ContactView(
        clean_text(row.name),
        f"{ADDRESS}/{row.reference}" if may_change else "",
        words.gettext(" · ").join(clean_text(said) for said in (party, row.office) if said),
        name_role_of(words, row, administrators),
        tell_term(words, row),
        clean_text(deputies.get(row.deputy_id, "")),
        clean_text(row.channels.get("mail", "")),
        words.gettext(" · ").join(matters),
        tuple(faults),
    )


def name_role_of(words: Words, row: Any, administrators: Collection[str]) -> str:
    """What somebody is in the register, above all an administrator; who is nothing else is kept there as an owner."""
    role = ContactRole(row.role)
    if (row.channels.get("mail") or "").lower() not in administrators:
        return name_contact_role(words, role)
    said = [
        words.gettext("administrator"),
        *([name_contact_role(words, role)] if role is not ContactRole.OWNER else []),
    ]
    return words.gettext(" · ").join(said)


def tell_missing(words: Words, party: str, staff: Sequence[Any], today: date) -> str:
    """What a party lacks as long as nobody coordinates it, and what comes of that."""
    serving = [one for one in staff if not is_over(one, today)]
    if any(one.role == ContactRole.COORDINATOR for one in serving):
        return ""
    said = (
        words.gettext("%(party)s has no coordinator yet: who answers for a commitment there is told of that alone.")
        if serving
        else words.gettext("%(party)s has no coordinator yet: nobody there is told of anything.")
    )
    return said % {"party": party}


def tell_term(words: Words, row: Any) -> str:
    """From when to when somebody is in office, as far as it is known."""
    first, last = tell_partial(words, row.valid_from), tell_partial(words, row.valid_to)
    if first and last:
        return words.gettext("%(first)s to %(last)s") % {"first": first, "last": last}
    if last:
        return words.gettext("until %(day)s") % {"day": last}
    return words.gettext("since %(day)s") % {"day": first} if first else words.gettext("in office")


def read_written(sent: Sent, kept_role: ContactRole) -> Written:
    """A contact as the form was filled in."""
    role = sent.text("role")
    return Written(
        sent.text("name") or "",
        sent.text("office"),
        sent.text("mail"),
        sent.text("language"),
        sent.text("zone"),
        sent.date_text("valid_from"),
        sent.date_text("valid_to"),
        sent.text("deputy"),
        ContactRole(role) if role in list(ContactRole) else kept_role,
    )


def fill_form(row: Any, deputy: str) -> dict[str, str]:
    """The form of a contact as the register has it."""
    return {
        "name": row.name,
        "office": row.office or "",
        "mail": row.channels.get("mail", ""),
        "language": row.language or "",
        "zone": row.time_zone or "",
        "role": row.role,
        "valid_from": row.valid_from or "",
        "valid_to": row.valid_to or "",
        "deputy": deputy,
    }


def describe_contact_form(
    words: Words,
    filled: dict[str, str],
    roles: Collection[ContactRole],
    deputies: Sequence[tuple[str, str]],
    faults: Sequence[ContactFault],
    action: str,
    button: str,
    *,
    hidden: tuple[tuple[str, str], ...] = (),
) -> FormView:
    """The form of a contact, with each fault at its field."""
    told: dict[str, str] = {}
    for fault in faults:
        name, text = _FAULTS[fault]
        told.setdefault(name, words.gettext(text))
    tags = dict.fromkeys(["en", *(one.replace("_", "-") for one in list_languages())])
    if filled["language"] in ("zh", "zh-CN"):
        filled = {**filled, "language": "zh-Hans"}
    if filled["language"] and filled["language"] not in tags and ContactFault.LANGUAGE_UNKNOWN not in faults:
        tags[filled["language"]] = None
    as_party = words.gettext("as the party")

    def write(name: str, label: str, about: str = "", most: int = LONGEST_LINE, *, required: bool = False) -> FieldView:
        return FieldView(name, label, "text", filled[name], about, told.get(name, ""), required, most=str(most))

    def choose(name: str, label: str, options: list[tuple[str, str]], about: str = "") -> FieldView:
        views = tuple(OptionView(value, said, value == filled[name]) for value, said in options)
        return FieldView(name, label, "select", filled[name], about, told.get(name, ""), options=views)

    languages = [("", as_party), *((tag, name_language(tag)) for tag in tags)]
    fields = (
        write("name", words.gettext("Name"), required=True),
        write("office", words.gettext("Office"), words.gettext("For example: International office.")),
        FieldView(
            "mail", words.gettext("Mail address"), "mail", filled["mail"],
            words.gettext("Here the person is asked and reminded, and gets the link to sign in."),
            told.get("mail", ""), most="254",
        ),
        choose(
            "role", words.gettext("Role"),
            [(str(role), name_contact_role(words, role)) for role in roles],
            words.gettext("A coordinator keeps the agreements, an owner answers for commitments, a leader reads."),
        ),
        choose("language", words.gettext("Language of messages and pages"), languages),
        write(
            "zone", words.gettext("Time zone"), words.gettext("Like Europe/London; empty: as the party."), 60
        ),
        write(
            "valid_from", words.gettext("In office from"),
            words.gettext("As precisely as it is known: 2026-11-30, 2026-11 or 2026."), 10,
        ),
        write(
            "valid_to", words.gettext("Last day in office"),
            words.gettext("After it nobody is asked here; hand the matters over first."), 10,
        ),
        choose(
            "deputy", words.gettext("Deputy"), [("", words.gettext("nobody")), *deputies],
            words.gettext("Is told when this person does not answer."),
        ),
    )  # fmt: skip
    return FormView(action, "", "", button, fields, hidden)


def describe_matters(words: Words, matters: Matters, today: date) -> list[GroupView]:
    """All that would be handed over, by sort."""
    steps: dict[int, list[str]] = {}
    for step in matters.milestones:
        said = clean_text(find_words(step.titles, words.tag) or step.title)
        due = words.format_end(step.due) if step.due else ""
        steps.setdefault(step.commitment_id, []).append(" – ".join(part for part in (due, said) if part))
    promises = {row.id: row for row in matters.commitments}
    owned = [
        MovingView(*describe_promise(words, row), tell_title(row.title, words), tuple(steps.get(row.id, ())))
        for row in matters.commitments
    ]
    asked = []
    for row in matters.follow_ups:
        about = _title(words, promises[row.commitment_id]) if row.commitment_id in promises else row.matter
        if row.step is not None:
            about = clean_text(find_words(row.titles, words.tag) or row.step)
        by = words.gettext("answer by %(day)s") % {"day": words.format_day(row.due_on)}
        said = words.gettext("; ").join((drop_stop(about), by))
        asked.append(MovingView(words.name(FollowUpKind(row.kind)), "", said))
    stands_in = [MovingView(clean_text(row.name), f"{ADDRESS}/{row.reference}", "") for row in matters.stands_in_for]
    groups = [
        _group(words, words.gettext("Commitments they own"), owned),
        _group(words, words.gettext("Open questions to them"), asked),
        _group(words, words.gettext("People for whom they stand in"), stands_in),
    ]
    if matters.role is not None:
        role = MovingView(
            name_contact_role(words, matters.role),
            "",
            words.gettext("The new person gets this role too, unless they have more than that of an owner."),
        )
        groups.insert(0, _group(words, words.gettext("Role"), [role]))
    if matters.drafts:
        count = words.ngettext("%(count)s draft", "%(count)s drafts", matters.drafts) % {"count": matters.drafts}
        groups.append(
            _group(words, words.gettext("Drafts of agreements that wait for them"), [MovingView(count, "", "")])
        )
    return [group for group in groups if group.moving]


def _group(words: Words, title: str, moving: Sequence[MovingView]) -> GroupView:
    rest = len(moving) - SHOWN
    more = words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
    return GroupView(put_beside(words, title, len(moving)), tuple(moving[:SHOWN]), more)


def describe_promise(words: Words, row: Any) -> tuple[str, str]:
    """A commitment's title, and where its page is."""
    return _title(words, row), f"/agreements/{row.agreement_reference}/commitments/{row.reference}"


def _title(words: Words, row: Any) -> str:
    return fit_text(clean_text(name_promise(row, words.tag)), _TITLE_LIMIT)


def describe_orphan(words: Words, one: Orphan) -> OrphanView:
    row = one.row
    due = words.gettext("due %(day)s") % {"day": words.format_end(row.due)} if row.due else ""
    return OrphanView(
        *describe_promise(words, row),
        words.gettext(" · ").join(part for part in (tell_title(row.title, words), due) if part),
        str(row.owner_id),
    )


def tell_why_orphaned(words: Words, one: Orphan, name: str, today: date) -> str:
    """Why nobody living answers."""
    if one.former is None:
        return words.gettext("Nobody is named.")
    if one.former.valid_to is not None and one.former.valid_to.last < today:
        return words.gettext("%(name)s is out of office since %(day)s.") % {
            "name": name, "day": words.format_partial(str(one.former.valid_to)),
        }  # fmt: skip
    if not one.former.is_in_office(today):
        return words.gettext("%(name)s is not in office yet.") % {"name": name}
    return words.gettext("%(name)s cannot be reached: there is no address, or none that works.") % {"name": name}
