"""Takes one agreement's form into the register, table by table, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, Select, Table, or_, select

from commitments import tables
from commitments.activity_intake import take_activities
from commitments.agreement_form import AgreementForm, CommitmentForm, PartyForm
from commitments.awaited import keep_acting, load_waiting_ids
from commitments.difference import (
    Difference,
    Key,
    Stored,
    Wanted,
    in_chunks,
    place_rows,
    read_stored,
    require_known,
    take_columns,
)
from commitments.errors import RefusedChange
from commitments.former_terms import keep_former
from commitments.moved_dates import bring_due
from commitments.older_files import load_later_than

PARTY_FIELDS = ("kind", "names", "country", "subdivision", "time_zone", "language", "parent")
# What people decide in the register between two imports: a file that does not say it does not take it back.
_DECIDED = {
    tables.commitment: ("state", "state_on", "state_reason", "state_until"),
    tables.milestone: ("state", "met_on"),
    tables.contact: ("valid_to",),
}


def is_whole(party: PartyForm) -> bool:
    """Whether a file writes the party out, rather than naming it by its reference alone."""
    return any(getattr(party, name) for name in PARTY_FIELDS)


def says_how_it_stands(entry: CommitmentForm) -> bool:
    """Whether a file says in which state a commitment is, and does not leave it to what the register has decided."""
    return not _find_kept(entry, tables.commitment)


@dataclass
class Intake:
    """One form on its way in. The steps are taken in the order of the methods below.

    Files that point at each other take each step together, so that none needs what another has yet to bring.
    """

    unit: Connection
    form: AgreementForm
    today: date
    difference: Difference = field(init=False)
    new: bool = field(init=False, default=False)
    _parties: dict[str, int] = field(init=False, default_factory=dict)
    _contacts: dict[str, int] = field(init=False, default_factory=dict)
    _commitments: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        later = load_later_than(self.unit, self.form.agreement, self.form.as_of)
        self.difference = Difference(self.unit, later=later)

    def decides_how_it_stands(self, entry: CommitmentForm) -> bool:
        """Whether the file decides in which state a commitment is, once it was taken in.

        It does not where it leaves that to the register, nor where it is dated and repeats what stood then: what
        follows from the reports that were added to it then follows as on a page, and the same file again keeps it.
        """
        if not says_how_it_stands(entry):
            return False
        reference = f"{self.form.agreement}/{entry.reference}"
        decided = frozenset(_DECIDED[tables.commitment])
        return not self.difference.later.is_dated or any(
            decided & one.changes.keys()
            for one in self.difference.changes
            if (one.subject, one.reference) == (tables.commitment.name, reference)
        )

    def take_parties(self) -> None:
        """The parties that the file writes out; its fields are the truth, so what it leaves out becomes empty."""
        whole = [party for party in self.form.parties if is_whole(party)]
        names = {party.reference for party in whole} | {party.parent for party in whole if party.parent}
        parent = select(tables.party.c.parent_id).where(tables.party.c.parent_id.is_not(None))
        stored: dict[Key, Any] = {}
        for some in in_chunks(names):
            mine = tables.party.c.reference.in_(some)
            query = select(tables.party).where(or_(mine, tables.party.c.id.in_(parent.where(mine))))
            stored |= read_stored(self.unit, tables.party, query)
        wanted = []
        for party in whole:
            values = take_columns(party, tables.party)
            require_known(self.form.agreement, party.parent, {*names, *(key[0] for key in stored)}, "party")
            wanted.append(Wanted(party.reference, {**values, "parent_id": party.parent}))
        self.difference.write(tables.party, wanted, stored, link="parent_id")

    def take_contacts(self) -> None:
        """The contacts that the file writes out; the party's other contacts are not mentioned.

        An end of office that was recorded since, and a role given since, stay unless the file says another one. So does
        how somebody is reached: a file that goes from hand to hand withholds it.
        """
        self._parties = self._read_ids(tables.party, tables.party.c.reference, [p.reference for p in self.form.parties])
        self.difference.labels["party_id"] = _turn(self._parties)
        written = [(party.reference, contact) for party in self.form.parties for contact in party.contacts]
        names = {contact.reference for _, contact in written} | {c.deputy for _, c in written if c.deputy}
        deputy = select(tables.contact.c.deputy_id).where(tables.contact.c.deputy_id.is_not(None))
        stored: dict[Key, Any] = {}
        for some in in_chunks(names):
            mine = tables.contact.c.reference.in_(some)
            query = select(tables.contact).where(or_(mine, tables.contact.c.id.in_(deputy.where(mine))))
            stored |= read_stored(self.unit, tables.contact, query)
        wanted = []
        known = {contact.reference for _, contact in written} | {key[0] for key in stored}
        for party, contact in written:
            require_known(self.form.agreement, contact.deputy, known, "contact")
            before = stored.get((contact.reference,))
            if before is not None and before.party_id != self._parties[party]:
                raise RefusedChange(f"contact {contact.reference} belongs to another party than {party} already")
            written_out = self.difference.later.keep(
                tables.contact, contact.reference, before, take_columns(contact, tables.contact)
            )
            values = _keep_given_role(written_out, before, is_dated=self.difference.later.is_dated)
            values |= {"party_id": self._parties[party], "deputy_id": contact.deputy}
            withheld = frozenset() if contact.channels else frozenset({"channels"})
            wanted.append(Wanted(contact.reference, values, _find_kept(contact, tables.contact) | withheld))
        self.difference.write(tables.contact, wanted, stored, link="deputy_id")

    def take_agreement(self) -> None:
        """The agreement with all that hangs on it, but for its activities."""
        for some in in_chunks(list(self._parties.values())):
            rows = self.unit.execute(
                select(tables.contact.c.reference, tables.contact.c.id).where(tables.contact.c.party_id.in_(some))
            )
            self._contacts |= {reference: number for reference, number in rows}
        labels = _turn(self._contacts)
        self.difference.labels |= {name: labels for name in ("contact_id", "handed_from_id", "awaited_id")}
        self._take_agreement_row(self._take_relationship())
        self._take_agreement_parties()
        self._take_signatories()
        self._take_network_reports()
        self._take_policy()
        self._take_budget()
        self._take_commitments()
        self._take_owners()
        self._take_below(tables.milestone, "milestones", "milestone", only_new={"registered_on": self.today})
        self._take_below(tables.occurrence, "occurrences", "exception for period")
        self._take_below(tables.measurement, "measurements", "measurement")
        self._take_below(tables.evidence, "evidence", "evidence")
        self._take_confirmations(self._take_below(tables.progress_report, "reports", "report"))

    def take_activities(self) -> None:
        """What happened, and for which commitments it counts: of this agreement or of others."""
        take_activities(self.difference, self.form)

    def _take_relationship(self) -> int | None:
        table, asked = tables.relationship, self.form.relationship
        held = select(tables.agreement.c.relationship_id).where(tables.agreement.c.reference == self.form.agreement)
        mine = table.c.reference == (asked.reference if asked else None)
        stored = read_stored(self.unit, table, select(table).where(or_(mine, table.c.id.in_(held))))
        wanted = [Wanted(asked.reference, take_columns(asked, table))] if asked else []
        ids = self.difference.write(table, wanted, stored)
        self.difference.labels["relationship_id"] = {row_id: key[0] for key, row_id in ids.items()}
        return ids[(asked.reference,)] if asked else None

    def _take_agreement_row(self, relationship_id: int | None) -> None:
        form, table = self.form, tables.agreement
        stored = read_stored(self.unit, table, select(table).where(table.c.reference == form.agreement))
        values = {
            **take_columns(form, table),
            "reference": form.agreement,
            "relationship_id": relationship_id,
            "renewal_rule": form.renewal.rule if form.renewal else None,
            "renewal_months": form.renewal.months if form.renewal else None,
            "renew_by": form.renewal.renew_by if form.renewal else None,
            "notice_months": form.notice.months if form.notice else None,
            "notice_days": form.notice.days if form.notice else None,
            "network_name": form.network.name if form.network else None,
            "network_field": form.network.field if form.network else None,
            "designated": form.network.designated if form.network else None,
            "reporting_cycle_years": form.network.reporting_cycle_years if form.network else None,
            "sources": self._keep_handed_in([one.model_dump(mode="json", exclude_none=True) for one in form.sources]),
        }
        wanted = [Wanted(form.agreement, values)]
        ids = self.difference.write(table, wanted, stored, only_new={"registered_on": self.today})
        self.new = not stored
        self.difference.agreement_id = ids[(form.agreement,)]

    def _keep_handed_in(self, named: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The documents that a file names, and those that were handed in: these stay, with their hash."""
        head, file = tables.agreement.c, tables.document.c
        rows = self.unit.execute(
            select(head.sources, file.sha256)
            .join(tables.document, file.agreement_id == head.id)
            .where(head.reference == self.form.agreement)
        ).all()
        if not rows:
            return named
        handed_in = {row.sha256 for row in rows}
        by_name = {one["document"]: one for one in named}
        for one in rows[0].sources:
            if one.get("sha256") in handed_in:
                by_name[one["document"]] = {**one, **by_name.get(one["document"], {}), "sha256": one["sha256"]}
        return list(by_name.values())

    def _take_agreement_parties(self) -> None:
        form, agreement = self.form, self.difference.agreement_id
        stored = self._read_of_agreement(tables.agreement_party)
        keys = [(agreement, self._parties[party.reference]) for party in form.parties]
        places = place_rows(keys, {key: row.position for key, row in stored.items()})
        wanted = [
            Wanted(
                f"{form.agreement}/{party.reference}",
                {
                    "agreement_id": agreement,
                    "party_id": key[1],
                    "role": str(party.role),
                    "position": places[key],
                    "signed": form.signed.get(party.reference),
                    "ended": party.ended,
                },
            )
            for key, party in zip(keys, form.parties, strict=True)
        ]
        self._label_parties(stored.values())
        self.difference.write(
            tables.agreement_party, wanted, stored, tell_vanished=lambda row: f"party {self._party_name(row.party_id)}"
        )

    def _take_signatories(self) -> None:
        agreement = self.difference.agreement_id
        stored = self._read_of_agreement(tables.signatory)
        called_before = {self._name_before(row) for row in stored.values()} - {key[1:] for key in stored}
        wanted = [
            Wanted(
                f"{self.form.agreement}/{signatory.name}",
                {
                    "agreement_id": agreement,
                    "party_id": self._parties[signatory.party],
                    "name": signatory.name,
                    "office": signatory.office,
                },
            )
            for signatory in self.form.signatories
            if (self._parties[signatory.party], signatory.name) not in called_before
        ]
        self.difference.write(tables.signatory, wanted, stored, tell_vanished=lambda row: f"signatory {row.name}")

    def _name_before(self, row: Any) -> Key:
        """The party and name of a signatory as they were when the file was written, if it is known when that was."""
        former = self.difference.later.rewinder.list_former(tables.signatory.name, row.id)
        return former.get("party_id", row.party_id), former.get("name", row.name)

    def _take_network_reports(self) -> None:
        agreement = self.difference.agreement_id
        stored = self._read_of_agreement(tables.submitted_report)
        reports = self.form.network.reports if self.form.network else []
        wanted = [
            Wanted(f"{self.form.agreement}/{report.cycle}", {"agreement_id": agreement, **report.model_dump()})
            for report in reports
        ]
        self.difference.write(
            tables.submitted_report, wanted, stored, tell_vanished=lambda row: f"submitted report {row.cycle}"
        )

    def _take_policy(self) -> None:
        table, form = tables.policy, self.form
        stored = read_stored(self.unit, table, select(table).where(table.c.scope == form.agreement))
        rules = form.policy.model_dump(exclude_none=True) if form.policy else {}
        wanted = [Wanted(form.agreement, {"scope": form.agreement, "rules": rules})] if rules else []
        self.difference.write(table, wanted, stored, tell_vanished=lambda _: "the policy")

    def _take_budget(self) -> None:
        agreement, table = self.difference.agreement_id, tables.budget_line
        wanted = [
            Wanted(f"{self.form.agreement}/{line.reference}", {**take_columns(line, table), "agreement_id": agreement})
            for line in self.form.budget
        ]
        stored = self._read_of_agreement(table)
        self.difference.write(table, wanted, stored, tell_vanished=lambda row: f"budget line {row.reference}")

    def _take_commitments(self) -> None:
        form, agreement, table = self.form, self.difference.agreement_id, tables.commitment
        stored = self._read_of_agreement(table)
        keys = [(agreement, commitment.reference) for commitment in form.commitments]
        places = place_rows(keys, {key: row.position for key, row in stored.items()})
        wanted = [
            Wanted(
                f"{form.agreement}/{commitment.reference}",
                {
                    **self._keep_terms(commitment, stored.get(key)),
                    "agreement_id": agreement,
                    "position": places[key],
                },
                _find_kept(commitment, table),
            )
            for key, commitment in zip(keys, form.commitments, strict=True)
        ]
        ids = self.difference.write(
            table,
            wanted,
            stored,
            only_new={"registered_on": self.today},
            tell_vanished=lambda row: f"commitment {row.reference}",
        )
        self._commitments = {key[1]: row_id for key, row_id in ids.items()}

    def _keep_terms(self, commitment: CommitmentForm, before: Any) -> dict[str, Any]:
        """With what stays on record whatever the file says: the date as first promised, and the terms before."""
        reference, table = f"{self.form.agreement}/{commitment.reference}", tables.commitment
        written_out = self.difference.later.keep(table, reference, before, take_columns(commitment, table))
        kept = bring_due(written_out, before, is_dated=self.difference.later.is_dated)
        if before is None:
            return kept
        return {**kept, "recurrence": keep_former(before.recurrence, kept["recurrence"], self.today)}

    def _take_owners(self) -> None:
        stored = self._read_below(tables.commitment_owner)
        wanted: list[Wanted] = []
        by_commitment: dict[int, dict[Key, int]] = {}
        for key, row in stored.items():
            by_commitment.setdefault(row.commitment_id, {})[key] = row.position
        waiting = load_waiting_ids(self.unit)
        for commitment in self.form.commitments:
            commitment_id = self._commitments[commitment.reference]
            keys = [(commitment_id, self._parties[owner.party]) for owner in commitment.owners]
            places = place_rows(keys, by_commitment.get(commitment_id, {}))
            for key, owner in zip(keys, commitment.owners, strict=True):
                values = {
                    "commitment_id": commitment_id,
                    "party_id": key[1],
                    "position": places[key],
                }
                reference = f"{self.form.agreement}/{commitment.reference}/{owner.party}"
                named = {"contact_id": self._find_contact(owner.contact)}
                kept = self.difference.later.keep(tables.commitment_owner, reference, stored.get(key), named)
                is_dated = self.difference.later.is_dated
                handed = _keep_handed_over(kept["contact_id"], stored.get(key), is_dated=is_dated)
                values |= keep_acting(handed, stored.get(key), waiting)
                wanted.append(Wanted(reference, values))
        tell = self._tell_below("owner", lambda row: self._party_name(row.party_id))
        self.difference.write(tables.commitment_owner, wanted, stored, tell_vanished=tell)

    def _take_below(self, table: Table, name: str, word: str, only_new: dict[str, Any] | None = None) -> dict[Key, int]:
        """The rows of one list of every commitment."""
        wanted = []
        stored = self._read_below(table)
        column = "period" if table is tables.occurrence else "reference"
        for commitment in self.form.commitments:
            for entry in getattr(commitment, name):
                values = {**take_columns(entry, table), "commitment_id": self._commitments[commitment.reference]}
                reference = f"{self.form.agreement}/{commitment.reference}/{getattr(entry, column)}"
                if "first_due" in table.c:
                    before = stored.get((values["commitment_id"], entry.reference))
                    later = self.difference.later
                    values = bring_due(later.keep(table, reference, before, values), before, is_dated=later.is_dated)
                if "party_id" in table.c:
                    values["party_id"] = self._parties[entry.party] if entry.party else None
                if "contact_id" in table.c:
                    values["contact_id"] = self._find_contact(entry.contact)
                if "reported_on" in values:
                    values["reported_on"] = date.fromisoformat(entry.reported_on)
                kept = _find_kept(entry, table)
                if table is tables.evidence:
                    kept |= _find_handed_in(stored.get((values["commitment_id"], entry.reference)))
                wanted.append(Wanted(reference, values, kept))
        tell = self._tell_below(word, lambda row: getattr(row, column))
        return self.difference.write(table, wanted, stored, only_new=only_new, tell_vanished=tell)

    def _take_confirmations(self, reports: dict[Key, int]) -> None:
        table, mine = tables.confirmation, self.difference.agreement_id
        query = (
            select(table)
            .join(tables.progress_report, tables.progress_report.c.id == table.c.report_id)
            .join(tables.commitment, tables.commitment.c.id == tables.progress_report.c.commitment_id)
            .where(tables.commitment.c.agreement_id == mine)
        )
        wanted, written = [], {}
        for commitment in self.form.commitments:
            for report in commitment.reports:
                report_id = reports[(self._commitments[commitment.reference], report.reference)]
                written[report_id] = f"{commitment.reference}/{report.reference}"
                for answer in report.confirmations:
                    values = {
                        "report_id": report_id,
                        "party_id": self._parties[answer.party],
                        "contact_id": self._find_contact(answer.contact),
                        "state": str(answer.state),
                        "asked_on": date.fromisoformat(answer.asked_on),
                        "answered_on": date.fromisoformat(answer.answered_on) if answer.answered_on else None,
                        "note": answer.note,
                    }
                    wanted.append(Wanted(f"{self.form.agreement}/{written[report_id]}/{answer.party}", values))

        def tell(row: Any) -> str | None:
            report = written.get(row.report_id)
            return report and f"confirmation by {self._party_name(row.party_id)} of report {report}"

        self.difference.write(table, wanted, read_stored(self.unit, table, query), tell_vanished=tell)

    def _read_ids(self, table: Table, column: Any, references: Sequence[str]) -> dict[str, int]:
        ids: dict[str, int] = {}
        for some in in_chunks(references):
            ids |= {
                name: row_id for name, row_id in self.unit.execute(select(column, table.c.id).where(column.in_(some)))
            }
        for reference in references:
            require_known(self.form.agreement, reference, ids, table.name)
        return ids

    def _read_of_agreement(self, table: Table) -> Stored:
        query: Select[Any] = select(table).where(table.c.agreement_id == self.difference.agreement_id)
        return read_stored(self.unit, table, query)

    def _read_below(self, table: Table) -> Stored:
        mine = select(tables.commitment.c.id).where(tables.commitment.c.agreement_id == self.difference.agreement_id)
        return read_stored(self.unit, table, select(table).where(table.c.commitment_id.in_(mine)))

    def _tell_below(self, word: str, name: Any) -> Any:
        """Words a row that vanished from a commitment that is still in the file."""
        written = {self._commitments[c.reference]: c.reference for c in self.form.commitments}

        def tell(row: Any) -> str | None:
            commitment = written.get(row.commitment_id)
            if getattr(row, "withdrawn_on", None) is not None:
                return None
            return commitment and f"{word} {name(row)} of commitment {commitment}"

        return tell

    def _label_parties(self, rows: Any) -> None:
        """References also for the parties that vanished from the file."""
        labels = self.difference.labels["party_id"]
        missing = [row.party_id for row in rows if row.party_id not in labels]
        for some in in_chunks(missing):
            found = self.unit.execute(
                select(tables.party.c.id, tables.party.c.reference).where(tables.party.c.id.in_(some))
            )
            labels |= {row.id: row.reference for row in found}

    def _party_name(self, party_id: int) -> str:
        return self.difference.labels["party_id"].get(party_id, str(party_id))

    def _find_contact(self, reference: str | None) -> int | None:
        require_known(self.form.agreement, reference, self._contacts, "contact")
        return self._contacts[reference] if reference else None


def _find_kept(entry: BaseModel, table: Table) -> frozenset[str]:
    decided = _DECIDED.get(table, ())
    return frozenset(decided) if not entry.model_fields_set.intersection(decided) else frozenset()


def _find_handed_in(before: Any) -> frozenset[str]:
    """Of evidence whose file was handed in, what that file is: no other hash is put in its place by naming it."""
    handed_in = before is not None and before.size is not None
    return frozenset({"file", "sha256", "link"}) if handed_in else frozenset()


def _keep_handed_over(named: int | None, before: Any, *, is_dated: bool) -> dict[str, Any]:
    """A file that still names the former owner does not take back that they handed the commitment over.

    Of a file that is dated it is known whether it is older.
    """
    if before is None or before.handed_from_id is None:
        return {"contact_id": named, "handed_from_id": None}
    kept = named == before.handed_from_id and not is_dated
    return {
        "contact_id": before.contact_id if kept or named == before.contact_id else named,
        "handed_from_id": before.handed_from_id if kept or named == before.contact_id else None,
    }


def _keep_given_role(values: dict[str, Any], before: Any, *, is_dated: bool) -> dict[str, Any]:
    """A file that says the role as it was first written does not take back that another was given since.

    Of a file that is dated it is known whether it is older.
    """
    as_before = (before.role, *(() if is_dated else (before.filed_role,))) if before is not None else ()
    kept = before is not None and before.filed_role is not None and values["role"] in as_before
    return {**values, **({"role": before.role, "filed_role": before.filed_role} if kept else {"filed_role": None})}


def _turn(ids: dict[str, int]) -> dict[int, str]:
    return {row_id: reference for reference, row_id in ids.items()}
