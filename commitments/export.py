"""Writes an agreement out as the file it can be imported from."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Row, Select, Table, select

from commitments import tables
from commitments.agreement_form import (
    ActivityForm,
    AgreementForm,
    BudgetLineForm,
    CommitmentForm,
    ConfirmationForm,
    ContactForm,
    EvidenceForm,
    MeasurementForm,
    MilestoneForm,
    NetworkForm,
    OccurrenceForm,
    PartyForm,
    RelationshipForm,
    ReportForm,
    SignatoryForm,
    SubmittedReport,
)
from commitments.older_files import write_stamp
from commitments.readable_yaml import write_readable
from commitments.references import find_agreement
from commitments.signed_places import list_unlike

HEADER = "# yaml-language-server: $schema=agreement.schema.json\n"
_DATES = re.compile(
    "since|effective|expires|renew_by|designated|submitted|date|valid_from|valid_to|ended|due|first_due|period_from|period_to"
    "|confirm_by|starts|ends|baseline_on|met_on|held_on|until|measured_on|added_on|state_on|state_until"
)
Grouped = Mapping[int, list[dict[str, Any]]]


def export_agreement(reading: Connection, reference: str) -> str:
    """The agreement as YAML, in the form it is imported from: an import of it changes nothing.

    Fields stand in the order of the form and empty ones are left out. The parties are written out with all their
    contacts. A sentence that is not what stands at its place is named in a remark at the top. Raises NotFound, with
    the nearest reference, if the register knows no such agreement.
    """
    return write_form(load_stamped(reading, reference))


def _remark_unlike(form: AgreementForm) -> Iterator[str]:
    for one, language, place in list_unlike(form):
        # Documents may be named with anything but a break of line, which would end the remark.
        where = f"characters {place['start']} to {place['end']} of {' '.join(place['document'].split())}"
        yield f"# The sentence [{language}] of {one.reference} is not what stands at {where}: its SHA-256 differs.\n"


def write_form(form: AgreementForm) -> str:
    """The form as `export_agreement` writes it."""
    plain = _make_readable(form.model_dump(mode="json", exclude_defaults=True))
    parts = [HEADER, *_remark_unlike(form)]
    for name, value in plain.items():
        parts += ["\n"] if isinstance(value, list) else []
        parts += write_readable({name: value})
    return "".join(parts)


def load_form(reading: Connection, reference: str) -> AgreementForm:
    """The agreement as the form of its file. Raises NotFound as `export_agreement` does."""
    return AgreementForm.model_validate(_Export(reading, find_agreement(reading, reference)).build())


def load_stamped(reading: Connection, reference: str) -> AgreementForm:
    """The same, saying up to which entry of the log it was written."""
    form = load_form(reading, reference)
    return form.model_copy(update={"as_of": write_stamp(reading, reference)})


def load_party(reading: Connection, reference: str) -> PartyForm | None:
    """A party as a file has it, with its contacts; None if the register knows no such party."""
    parent = tables.party.alias("parent")
    row = reading.execute(
        select(tables.party, parent.c.reference.label("parent"))
        .outerjoin(parent, parent.c.id == tables.party.c.parent_id)
        .where(tables.party.c.reference == reference)
    ).one_or_none()
    if row is None:
        return None
    deputy = tables.contact.alias("deputy_of")
    people = reading.execute(
        select(tables.contact, deputy.c.reference.label("deputy"))
        .outerjoin(deputy, deputy.c.id == tables.contact.c.deputy_id)
        .where(tables.contact.c.party_id == row.id)
        .order_by(tables.contact.c.id)
    ).all()
    return PartyForm.model_validate(_take(row, PartyForm) | {"contacts": _take_each(people, ContactForm)})


def load_head(reading: Connection, reference: str) -> dict[str, Any]:
    """The fields of the agreement itself, as its file has them, without parties, commitments and activities.

    Raises NotFound as `export_agreement` does.
    """
    row = find_agreement(reading, reference)
    return _Export(reading, row, is_whole=False).build_head()


def _make_readable(value: Any, name: str = "", above: str = "") -> Any:
    """Whole numbers without a fraction and years without quotes."""
    if isinstance(value, dict):
        return {key: _make_readable(inner, key, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [_make_readable(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    is_year = isinstance(value, str) and len(value) == 4 and (_DATES.fullmatch(name) or above == "signed")
    return int(value) if is_year and value[0] != "0" else value


class _Export:
    """Reads one agreement's rows, table by table, and puts them together as the form has them."""

    def __init__(self, reading: Connection, agreement: Row[Any], *, is_whole: bool = True) -> None:
        self.reading = reading
        self.agreement = agreement
        party, contact = tables.party, tables.contact
        joined = select(tables.agreement_party.c.party_id).where(self._own(tables.agreement_party))
        self.parties = {row.id: row for row in self._fetch(select(party).where(party.c.id.in_(joined)))}
        of_parties = select(contact).where(contact.c.party_id.in_(joined))
        contacts = self._fetch(of_parties) if is_whole else []
        self.contacts: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in contacts:
            self.contacts[row.party_id].append(row)
        # Parents and deputies may stand outside this agreement.
        parents = [row.parent_id for row in self.parties.values()]
        deputies = [row.deputy_id for row in contacts]
        self.party_names = self._name(party, self.parties.values(), parents)
        self.contact_names = self._name(contact, contacts, deputies)

    def build(self) -> dict[str, Any]:
        return {
            **self.build_head(),
            "parties": [self._build_party(one) for one in self._list_joined()],
            "commitments": self._build_commitments(),
            "activities": self._build_activities(),
        }

    def _list_joined(self) -> list[Row[Any]]:
        return self._fetch(select(tables.agreement_party).where(self._own(tables.agreement_party)), "position", "id")

    def build_head(self) -> dict[str, Any]:
        row = self.agreement
        notice = {"months": row.notice_months, "days": row.notice_days}
        rules = select(tables.policy.c.rules).where(tables.policy.c.scope == row.reference)
        return {
            **_take(row, AgreementForm),
            "agreement": row.reference,
            "relationship": self._build_relationship(),
            "signatories": self._list_own(tables.signatory, SignatoryForm),
            "signed": {self.party_names[one.party_id]: one.signed for one in self._list_joined() if one.signed},
            "renewal": row.renewal_rule
            and {"rule": row.renewal_rule, "months": row.renewal_months, "renew_by": row.renew_by},
            "notice": notice if any(length is not None for length in notice.values()) else None,
            "network": self._build_network(),
            "policy": self.reading.execute(rules).scalar_one_or_none(),
            "budget": self._list_own(tables.budget_line, BudgetLineForm),
        }

    def _build_relationship(self) -> dict[str, Any] | None:
        query = select(tables.relationship).where(tables.relationship.c.id == self.agreement.relationship_id)
        row = self.reading.execute(query).one_or_none()
        return _take(row, RelationshipForm) if row else None

    def _build_party(self, joined: Row[Any]) -> dict[str, Any]:
        row = self.parties[joined.party_id]
        contacts = self.contacts[row.id]
        written = zip(_take_each(contacts, ContactForm), contacts, strict=True)
        return {
            **_take(row, PartyForm),
            "role": joined.role,
            "ended": joined.ended,
            "parent": self.party_names.get(row.parent_id),
            "contacts": [{**taken, "deputy": self.contact_names.get(one.deputy_id)} for taken, one in written],
        }

    def _build_network(self) -> dict[str, Any] | None:
        row = self.agreement
        if row.network_name is None:
            return None
        return {
            **_take(row, NetworkForm),
            "name": row.network_name,
            "field": row.network_field,
            "reports": self._list_own(tables.submitted_report, SubmittedReport),
        }

    def _build_commitments(self) -> list[dict[str, Any]]:
        lists = {
            "milestones": self._group_below(tables.milestone, MilestoneForm),
            "occurrences": self._group_below(tables.occurrence, OccurrenceForm),
            "measurements": self._group_below(tables.measurement, MeasurementForm),
            "evidence": self._group_below(tables.evidence, EvidenceForm),
            "reports": self._build_reports(),
        }
        owners: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._fetch(self._below(tables.commitment_owner), "position", "id"):
            owners[row.commitment_id].append(
                {"party": self.party_names[row.party_id], "contact": self.contact_names.get(row.contact_id)}
            )
        rows = self._fetch(select(tables.commitment).where(self._own(tables.commitment)), "position", "id")
        return [
            {
                **_take(row, CommitmentForm),
                "owners": owners[row.id],
                **{name: entries.get(row.id, []) for name, entries in lists.items()},
            }
            for row in rows
        ]

    def _build_reports(self) -> Grouped:
        table, report = tables.confirmation, tables.progress_report
        answers: dict[int, list[dict[str, Any]]] = defaultdict(list)
        mine = select(report.c.id).join(tables.commitment).where(self._own(tables.commitment))
        for row in self._fetch(select(table).where(table.c.report_id.in_(mine))):
            answers[row.report_id].append(self._take_named(row, ConfirmationForm))
        reports: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._fetch(self._below(report)):
            reports[row.commitment_id].append({**self._take_named(row, ReportForm), "confirmations": answers[row.id]})
        return reports

    def _build_activities(self) -> list[dict[str, Any]]:
        link, activity, commitment = tables.activity_commitment, tables.activity, tables.commitment
        counted: dict[int, list[str]] = defaultdict(list)
        query = (
            select(
                link.c.id, link.c.activity_id, commitment.c.reference, tables.agreement.c.reference.label("agreement")
            )
            .join(activity, activity.c.id == link.c.activity_id)
            .join(commitment, commitment.c.id == link.c.commitment_id)
            .join(tables.agreement, tables.agreement.c.id == commitment.c.agreement_id)
            .where(self._own(activity))
        )
        for row in self._fetch(query.where(link.c.withdrawn_on.is_(None))):
            own = row.agreement == self.agreement.reference
            counted[row.activity_id].append(row.reference if own else f"{row.agreement}/{row.reference}")
        rows = self._fetch(select(activity).where(self._own(activity), activity.c.withdrawn_on.is_(None)))
        return [{**_take(row, ActivityForm), "commitments": counted[row.id]} for row in rows]

    def _own(self, table: Table) -> Any:
        return table.c.agreement_id == self.agreement.id

    def _below(self, table: Table) -> Select[Any]:
        mine = select(tables.commitment.c.id).where(self._own(tables.commitment))
        query = select(table).where(table.c.commitment_id.in_(mine))
        return query.where(table.c.withdrawn_on.is_(None)) if "withdrawn_on" in table.c else query

    def _fetch(self, query: Select[Any], *order: str) -> list[Row[Any]]:
        columns = query.selected_columns
        return list(self.reading.execute(query.order_by(*(columns[name] for name in order or ("id",)))))

    def _name(self, table: Table, rows: Iterable[Row[Any]], others: Iterable[int | None]) -> dict[int | None, str]:
        """The references of these rows by their ids, and those of others, which are looked for."""
        names: dict[int | None, str] = {row.id: row.reference for row in rows}
        unnamed = {row_id for row_id in others if row_id and row_id not in names}
        found = select(table.c.id, table.c.reference).where(table.c.id.in_(unnamed))
        return names | {row.id: row.reference for row in self.reading.execute(found)}

    def _list_own(self, table: Table, form: type[BaseModel]) -> list[dict[str, Any]]:
        return [self._take_named(row, form) for row in self._fetch(select(table).where(self._own(table)))]

    def _group_below(self, table: Table, form: type[BaseModel]) -> Grouped:
        grouped: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self._fetch(self._below(table)):
            grouped[row.commitment_id].append(self._take_named(row, form))
        return grouped

    def _take_named(self, row: Row[Any], form: type[BaseModel]) -> dict[str, Any]:
        """The row's fields, with its party and contact by their references."""
        taken = _take(row, form)
        if "party_id" in row._mapping:
            taken["party"] = self.party_names.get(row.party_id)
        if "contact_id" in row._mapping:
            taken["contact"] = self.contact_names.get(row.contact_id)
        return taken


def _take(row: Row[Any], form: type[BaseModel]) -> dict[str, Any]:
    """The columns that are fields of the form; a day is written as one."""
    return _take_each([row], form)[0]


def _take_each(rows: Sequence[Row[Any]], form: type[BaseModel]) -> list[dict[str, Any]]:
    """The same of all rows of one query, by the places of their columns: by name it would take twice as long."""
    columns = rows[0]._fields if rows else ()
    places = [(name, columns.index(name)) for name in form.model_fields if name in columns]
    return [
        {name: value.isoformat() if isinstance(value := row[place], date) else value for name, place in places}
        for row in rows
    ]
