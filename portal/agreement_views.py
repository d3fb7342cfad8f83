"""What the page of an agreement shows, every string ready."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.deadlines import derive_state
from commitments.documents import SIGNED_TEXT
from commitments.facts import Agreement, Commitment, Matter, Person, Standing
from commitments.urgency import URGENCY, find_step, stand_with_steps
from commitments.vocabulary import (
    AgreementKind,
    CommitmentKind,
    CommitmentState,
    ConfirmationState,
    MatterKind,
    MilestoneState,
    RenewalRule,
)
from notifications.digests import is_fulfilled, needs_attention
from notifications.names import Names, find_words, name_promise
from notifications.phrases import N_
from notifications.styles import TONES
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.agreement_facts import Parts
from portal.labels import format_size, name_agreement_kind, name_party_role, name_renewal
from portal.marks import name_with_office, put_beside
from portal.pages import FactView, TableView
from portal.spoken import speak_promise
from portal.telling import name_owner, tell_named, tell_reason

PROMISES_A_PAGE = 50
COMING_SHOWN = 20
_TITLE_LIMIT = 160
_OTHERS = {"parent": N_("It carries out"), "amends": N_("It amends"), "replaces": N_("It replaces")}


@dataclass(frozen=True, slots=True)
class DateView:
    day: str
    what: str
    standing: str
    tone: str
    reason: str


@dataclass(frozen=True, slots=True)
class PromiseView:
    title: str
    link: str
    standing: str
    tone: str
    reason: str
    owners: str


@dataclass(frozen=True, slots=True)
class KindView:
    title: str
    promises: tuple[PromiseView, ...]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document; `file` says what its file is, which `link` hands out and `withdraw` takes back, where it is here."""

    title: str
    about: str
    hash: str
    link: str = ""
    file: str = ""
    withdraw: str = ""


def describe_agreement(
    words: Words, names: Names, head: Any, facts: Agreement, parts: Parts, today: date
) -> list[FactView]:
    """The head of the page: who agreed what, from when to when."""
    said = [
        (words.gettext("Kind"), name_agreement_kind(words, AgreementKind(head.kind))),
        (words.gettext("State"), words.name(derive_state(facts, today))),
    ]
    if parts.relationship:
        said.append(
            (words.gettext("Part of"), find_words(parts.relationship, words.tag) or parts.relationship.get("en", ""))
        )
    if head.kept_until is not None and head.kept_until >= today:
        until = words.gettext("until %(day)s, though nothing happens: %(why)s")
        day = words.format_day(head.kept_until)
        said.append((words.gettext("Left as it is"), until % {"day": day, "why": head.kept_why}))
    for place in facts.parties:
        about = [name_party_role(words, place.role)] if str(place.role) != "party" else []
        if place.signed is not None:
            about.append(words.gettext("signed %(day_at)s") % {"day_at": words.place_partial(str(place.signed))})
        if place.ended is not None:
            about.append(words.gettext("a party until %(day)s") % {"day": words.format_partial(str(place.ended))})
        if place.party_id in parts.coordinators:
            people = words.join([clean_text(one) for one in parts.coordinators[place.party_id]])
            about.append(words.gettext("coordinated by %(names)s") % {"names": people})
        said.append(
            (
                clean_text(names.name_party(place.party_id, words.tag)),
                words.gettext("; ").join(about) or words.gettext("party"),
            )
        )
    said += _describe_term(words, head)
    if parts.signatories:
        signed = [_name_signatory(words, names, row) for row in parts.signatories]
        said.append((words.gettext("Signed by"), words.gettext("; ").join(signed)))
    if head.network_name:
        said.append(
            (words.gettext("Network"), " · ".join(one for one in (head.network_name, head.network_field) if one))
        )
    if head.reporting_cycle_years:
        every = words.format_number(head.reporting_cycle_years)
        said.append((words.gettext("A report is due every so many years"), every))
    said += [(words.gettext(label), getattr(head, name)) for name, label in _OTHERS.items() if getattr(head, name)]
    for line in parts.budget:
        span = " – ".join(words.format_partial(one) for one in (line.period_from, line.period_to) if one)
        said.append(
            (words.gettext("Budget %(span)s") % {"span": span}, words.format_amount(line.amount, line.currency))
        )
    if head.note:
        said.append((words.gettext("Note"), head.note))
    return [FactView(label, clean_text(text)) for label, text in said if text]


def _name_signatory(words: Words, names: Names, row: Any) -> str:
    """Who signed, in which office, and for whom."""
    who = name_with_office(words, row.name, row.office)
    return words.gettext("%(name)s, for %(party)s") % {"name": who, "party": names.name_party(row.party_id, words.tag)}


def _describe_term(words: Words, head: Any) -> list[tuple[str, str]]:
    said = []
    if head.effective:
        said.append((words.gettext("In force from"), words.format_partial(head.effective)))
    if head.designated:
        said.append((words.gettext("Designated"), words.format_partial(head.designated)))
    if head.expires:
        said.append((words.gettext("Expires"), words.format_end(head.expires)))
    else:
        open_ended, unknown = words.gettext("stated to have no end"), words.gettext("not known")
        said.append((words.gettext("Expires"), open_ended if head.open_ended else unknown))
    if head.term:
        said.append((words.gettext("Term"), head.term))
    if head.renewal_rule:
        renewal = [name_renewal(words, RenewalRule(head.renewal_rule))]
        if head.renewal_months:
            renewal.append(words.gettext("for %(span)s") % {"span": words.format_months(head.renewal_months)})
        if head.renew_by:
            renewal.append(words.gettext("to be renewed by %(day)s") % {"day": words.format_partial(head.renew_by)})
        said.append((words.gettext("Renewal"), words.gettext("; ").join(renewal)))
    if head.notice_months:
        said.append((words.gettext("Notice"), words.format_months(head.notice_months)))
    elif head.notice_days:
        said.append((words.gettext("Notice"), words.format_span(head.notice_days)))
    if head.ended:
        said.append(
            (
                words.gettext("Ended"),
                " · ".join(one for one in (words.format_partial(head.ended), head.ended_reason) if one),
            )
        )
    return said


def name_matter(words: Words, parts: Parts, matter: Matter) -> str:
    """What a standing is about, in the words of the page."""
    if matter.commitment_id is None:
        return words.name(matter.kind)
    promise = fit_text(clean_text(name_promise(parts.commitments[matter.commitment_id], words.tag)), _TITLE_LIMIT)
    if step := find_step(matter):
        for row in parts.milestones:
            if row.commitment_id == matter.commitment_id and row.reference == step:
                return clean_text(find_words(row.titles, words.tag) or row.title)
    if matter.kind is MatterKind.OCCURRENCE and matter.part:
        return put_beside(words, promise, words.format_period(matter.part))
    return promise


def describe_coming(
    words: Words, names: Names, facts: Agreement, parts: Parts, standings: Sequence[Standing], today: date
) -> list[DateView]:
    """The deadlines that lie ahead, the nearest first."""
    recurring = {one.id for one in facts.commitments if one.kind is CommitmentKind.RECURRING}
    ahead = [
        one
        for one in standings
        if one.deadline is not None
        and one.deadline >= today
        # the current period stands there by itself
        and not (one.matter.kind is MatterKind.COMMITMENT and one.matter.commitment_id in recurring)
    ]
    ahead.sort(key=lambda one: one.deadline or today)
    return [
        DateView(
            words.format_day(one.deadline or today),
            name_matter(words, parts, one.matter),
            words.name(one.state),
            TONES[one.state],
            tell_reason(words, names, one.reason),
        )
        for one in ahead[:COMING_SHOWN]
    ]


def choose_page(facts: Agreement, standings: Sequence[Standing], number: int) -> list[Commitment]:
    """The commitments of one page, kind after kind and in each the most urgent first."""
    states = {one.matter.commitment_id: one.state for one in stand_with_steps(standings)}
    place = {kind: at for at, kind in enumerate(CommitmentKind)}
    ordered = sorted(facts.commitments, key=lambda one: (place[one.kind], URGENCY[states[one.id]]))
    return ordered[(number - 1) * PROMISES_A_PAGE : number * PROMISES_A_PAGE]


def list_by_kind(
    words: Words,
    names: Names,
    facts: Agreement,
    parts: Parts,
    standings: Sequence[Standing],
    address: str,
    page: Sequence[Commitment],
    people: Mapping[int, Person],
    today: date,
) -> list[KindView]:
    """One page of the commitments, as `choose_page` gives it, under the heads of their kinds."""
    own = {one.matter.commitment_id: one for one in stand_with_steps(standings)}
    total = Counter(one.kind for one in facts.commitments)
    shown: dict[CommitmentKind, list[PromiseView]] = {}
    for one in page:
        view = PromiseView(
            speak_promise(
                parts.commitments[one.id],
                words,
                fit_text(clean_text(name_promise(parts.commitments[one.id], words.tag)), 2 * _TITLE_LIMIT),
            ),
            f"{address}/commitments/{one.reference}",
            words.name(own[one.id].state),
            TONES[own[one.id].state],
            tell_promise(words, names, parts, own[one.id]),
            describe_owners(words, names, people, one.owners, today),
        )
        shown.setdefault(one.kind, []).append(view)
    return [
        KindView(put_beside(words, words.name_kind(kind), total[kind]), tuple(views)) for kind, views in shown.items()
    ]


def tell_promise(words: Words, names: Names, parts: Parts, standing: Standing) -> str:
    """Why a promise stands so, where it is named already; what stands worse than it is named."""
    step = name_matter(words, parts, standing.matter) if standing.matter.kind is MatterKind.MILESTONE else None
    return tell_named(words, names, standing, step)


def describe_owners(
    words: Words, names: Names, people: Mapping[int, Person], owners: Sequence[Any], today: date
) -> str:
    """Who answers for it on each side, and who of them does not by now."""
    said = []
    for owner in owners:
        person = name_owner(words, names, people, owner.contact_id, today)
        party = clean_text(names.name_party(owner.party_id, words.tag))
        said.append(put_beside(words, party, person or words.gettext("nobody named")))
    return words.gettext("; ").join(said)


def describe_reciprocity(
    words: Words, names: Names, facts: Agreement, parts: Parts, standings: Sequence[Standing]
) -> TableView:
    """Who owes and delivered what: a row a party."""
    own = {one.matter.commitment_id: one for one in stand_with_steps(standings)}
    reports = Counter(row.party_id for row in parts.reports)
    confirmed = Counter(row.party_id for row in parts.confirmations if row.state == ConfirmationState.CONFIRMED)
    waiting = Counter(row.party_id for row in parts.confirmations if row.state == ConfirmationState.ASKED)
    took_part = Counter(reference for row in parts.activities for reference in row.parties)
    met = Counter(row.party_id for row in parts.milestones if row.state == MilestoneState.MET and row.party_id)
    owed: dict[int, list[Commitment]] = {place.party_id: [] for place in facts.parties}
    for one in facts.commitments:
        if one.state in (CommitmentState.WAIVED, CommitmentState.WITHDRAWN):
            continue
        for party in {owner.party_id for owner in one.owners} & owed.keys():
            owed[party].append(one)
    rows = []
    for place in facts.parties:
        mine = owed[place.party_id]
        alone = sum(len(one.owners) == 1 for one in mine)
        fulfilled = sum(is_fulfilled(one, own[one.id]) for one in mine)
        attention = sum(needs_attention(own[one.id]) for one in mine)
        numbers = (
            len(mine), alone, fulfilled, attention, took_part[place.reference], met[place.party_id],
            reports[place.party_id], confirmed[place.party_id], waiting[place.party_id],
        )  # fmt: skip
        rows.append((clean_text(names.name_party(place.party_id, words.tag)), *map(str, numbers)))
    heads = (
        words.gettext("Party"),
        words.gettext("Owes"),
        words.gettext("Owes alone"),
        words.gettext("Fulfilled"),
        words.gettext("Need attention"),
        words.gettext("Activities"),
        words.gettext("Own milestones met"),
        words.gettext("Reports"),
        words.gettext("Confirmed"),
        words.gettext("Still to confirm"),
    )
    return TableView(words.gettext("Who owes and has delivered what"), heads, tuple(rows))


def describe_documents(words: Words, head: Any, kept: Sequence[Any], *, may_amend: bool) -> list[DocumentView]:
    """The sources, each with the hash by which a copy is known to be the same, and its file where that is kept here."""
    files = {row.sha256: row for row in kept}
    views = []
    for source in head.sources:
        file, title = files.get(source.get("sha256")), source.get("title") or source["document"]
        binds = source["kind"] == SIGNED_TEXT and source.get("language") in head.authentic
        about = [
            source["document"] if source["document"] != title else "",
            words.format_partial(source["date"]) if source.get("date") else "",
            str(words.locale.languages.get(source.get("language", ""), source.get("language") or "")),
            words.gettext("authentic text") if binds else "",
        ]
        views.append(
            DocumentView(
                clean_text(title),
                clean_text(" · ".join(one for one in about if one)),
                source.get("sha256") or "",
                f"/documents/{file.id}" if file is not None else "",
                clean_text(f"{file.file} · {format_size(file.size, words)}") if file is not None else "",
                f"/documents/{file.id}/withdraw" if file is not None and may_amend else "",
            )
        )
    return views
