"""What only the register can tell about agreement files: whether what they name is there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection, select

from commitments import tables
from commitments.agreement_faults import FieldPath, suggest
from commitments.agreement_file import ParsedFile
from commitments.agreement_form import CommitmentForm
from commitments.difference import in_chunks
from commitments.errors import InvalidFiles, Problem
from commitments.export import load_form
from commitments.file_obstacles import find_obstacles
from commitments.file_slips import Days, find_slips, find_value
from commitments.intake import PARTY_FIELDS, is_whole
from commitments.sentences import Placed
from commitments.signed_places import list_unlike, place_form
from commitments.vocabulary import ContactRole


def check_files(reading: Connection, files: Sequence[ParsedFile], days: Days | None = None) -> None:
    """InvalidFiles with every fault that only the register, or the other files of the same import, can tell.

    A party given by its reference alone must be in the register or written out in one of the files; so must a
    party's parent, a contact that a commitment names, and a commitment of another agreement that an activity counts
    for. A sentence is what stands at its place, by the place's fingerprint, unless the register holds it so already.
    A contact belongs to one party. What two files of one import both write out must be the same in both. An
    agreement's parent, and what it amends or replaces, may be anywhere. By the `days` that it may be now nothing is
    recorded that a form would refuse, of itself or as the register stands, unless that holds it so already.
    """
    problems = [
        *_find_unknown_parties(reading, files),
        *_find_contact_faults(reading, files),
        *_find_leaders(reading, files),
        *_find_unknown_commitments(reading, files),
        *_find_other_sentences(reading, files),
        *_find_contradictions(files),
        *((*_find_new_slips(reading, files, days), *find_obstacles(reading, files)) if days is not None else ()),
    ]
    if problems:
        order = {str(file.path): at for at, file in enumerate(files)}
        problems.sort(key=lambda problem: (order[problem.file], problem.line))
        raise InvalidFiles(tuple(problems))


def _find_unknown_parties(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    whole = {party.reference for file in files for party in file.form.parties if is_whole(party)}
    named: list[tuple[ParsedFile, FieldPath, str]] = []
    for file in files:
        for at, party in enumerate(file.form.parties):
            if not is_whole(party):
                named.append((file, ("parties", at, "reference"), party.reference))
            if party.parent:
                named.append((file, ("parties", at, "parent"), party.parent))
    missing = [(file, path, reference) for file, path, reference in named if reference not in whole]
    known = _read_known(reading, tables.party, {reference for _, _, reference in missing})
    unknown = [(file, path, reference) for file, path, reference in missing if reference not in known]
    choices = {*whole, *_read_references(reading, tables.party)} if unknown else set()
    for file, path, reference in unknown:
        expected = "a party of the register, or the party written out with its kind and names"
        yield file.fault(path, repr(reference), suggest(reference, list(choices), expected))


def _find_contact_faults(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    written: list[tuple[ParsedFile, FieldPath, str, str]] = []
    named: list[tuple[ParsedFile, FieldPath, str, str]] = []
    deputies: list[tuple[ParsedFile, FieldPath, str]] = []
    for file in files:
        for at, party in enumerate(file.form.parties):
            for to, contact in enumerate(party.contacts):
                path: FieldPath = ("parties", at, "contacts", to)
                written.append((file, (*path, "reference"), party.reference, contact.reference))
                if contact.deputy:
                    deputies.append((file, (*path, "deputy"), contact.deputy))
        for at, commitment in enumerate(file.form.commitments):
            for below, party_reference, contact_reference in _list_contacts(commitment):
                named.append((file, ("commitments", at, *below), party_reference, contact_reference))
    held = _read_holders(
        reading, {entry[3] for entry in written} | {entry[3] for entry in named} | {entry[2] for entry in deputies}
    )
    holders = dict(held)
    for file, path, party_name, contact_name in written:
        holder = holders.setdefault(contact_name, party_name)
        if holder != party_name:
            yield file.fault(path, repr(contact_name), f"another reference: this one is a contact of {holder}")
    for file, path, party_name, contact_name in named:
        if contact_name not in holders:
            yield file.fault(
                path, repr(contact_name), suggest(contact_name, list(holders), f"a contact of {party_name}")
            )
        elif holders[contact_name] != party_name:
            yield file.fault(path, repr(contact_name), f"a contact of {party_name}, not of {holders[contact_name]}")
    for file, path, contact_name in deputies:
        own = {contact.reference for party in file.form.parties for contact in party.contacts}
        if contact_name not in own and contact_name not in held:
            expected = "a contact of this file or of the register"
            yield file.fault(path, repr(contact_name), suggest(contact_name, list(own), expected))


def _find_leaders(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    """A leader answers for nothing and stands in for nobody, unless the register has it so from before."""
    named: list[tuple[ParsedFile, FieldPath, str, str]] = []
    roles: dict[str, str] = {}
    for file in files:
        for at, party in enumerate(file.form.parties):
            for to, one in enumerate(party.contacts):
                roles[one.reference] = one.role
                if one.deputy:
                    named.append((file, ("parties", at, "contacts", to, "deputy"), one.deputy, one.reference))
        for at, promise in enumerate(file.form.commitments):
            for to, owner in enumerate(promise.owners):
                if owner.contact:
                    path: FieldPath = ("commitments", at, "owners", to, "contact")
                    named.append((file, path, owner.contact, f"{file.form.agreement}/{promise.reference}"))
    held, standing = _read_leaders(reading, {person for _, _, person, _ in named})
    for file, path, person, under in named:
        leads = roles[person] == ContactRole.LEADER if person in roles else person in held
        if leads and (person, under) not in standing:
            yield file.fault(path, repr(person), "somebody who answers: a leader reads, and is asked nothing")


def _read_leaders(reading: Connection, names: Collection[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """Who of these leads as the register has it, and for what or whom each of them stands there all the same."""
    leader, other, owner = tables.contact, tables.contact.alias(), tables.commitment_owner
    leads = leader.c.role == str(ContactRole.LEADER)
    held: set[str] = set()
    standing: set[tuple[str, str]] = set()
    for some in in_chunks(names):
        of = leader.c.reference.in_(some) & leads
        held |= set(reading.execute(select(leader.c.reference).where(of)).scalars())
        if not held:
            continue
        places = (
            select(leader.c.reference, tables.agreement.c.reference.label("head"), tables.commitment.c.reference)
            .join(owner, owner.c.contact_id == leader.c.id)
            .join(tables.commitment, tables.commitment.c.id == owner.c.commitment_id)
            .join(tables.agreement, tables.agreement.c.id == tables.commitment.c.agreement_id)
        )
        standing |= {(one, f"{head}/{promise}") for one, head, promise in reading.execute(places.where(of))}
        stood_in_for = select(leader.c.reference, other.c.reference).join(other, other.c.deputy_id == leader.c.id)
        standing |= {(one, person) for one, person in reading.execute(stood_in_for.where(of))}
    return held, standing


def _list_contacts(commitment: CommitmentForm) -> Iterator[tuple[FieldPath, str, str]]:
    """Where a commitment names a contact: the path below it, the party and the contact."""
    for at, owner in enumerate(commitment.owners):
        if owner.contact:
            yield ("owners", at, "contact"), owner.party, owner.contact
    for at, report in enumerate(commitment.reports):
        if report.contact:
            yield ("reports", at, "contact"), report.party, report.contact
        for to, answer in enumerate(report.confirmations):
            if answer.contact:
                yield ("reports", at, "confirmations", to, "contact"), answer.party, answer.contact


def _find_unknown_commitments(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    in_files = {
        f"{file.form.agreement}/{commitment.reference}" for file in files for commitment in file.form.commitments
    }
    named = [
        (file, ("activities", at, "commitments", to), reference)
        for file in files
        for at, activity in enumerate(file.form.activities)
        for to, reference in enumerate(activity.commitments)
        if "/" in reference and reference not in in_files
    ]
    if not named:
        return
    known = set(in_files)
    for some in in_chunks({reference.partition("/")[0] for _, _, reference in named}):
        rows = reading.execute(
            select(tables.agreement.c.reference, tables.commitment.c.reference)
            .join(tables.commitment, tables.commitment.c.agreement_id == tables.agreement.c.id)
            .where(tables.agreement.c.reference.in_(some))
        )
        known |= {f"{agreement}/{commitment}" for agreement, commitment in rows}
    for file, path, reference in named:
        if reference not in known:
            expected = "a commitment of the register or of another file"
            yield file.fault(path, repr(reference), suggest(reference, list(known), expected))


def _find_other_sentences(reading: Connection, files: Sequence[ParsedFile]) -> Iterator[Problem]:
    found = [(file, *unlike) for file in files for unlike in list_unlike(file.form)]
    if not found:
        return
    held: dict[tuple[str, str], Placed] = {}
    for some in in_chunks({file.form.agreement for file, *_ in found}):
        rows = reading.execute(
            select(tables.agreement.c.reference.label("head"), tables.commitment)
            .join(tables.commitment, tables.commitment.c.agreement_id == tables.agreement.c.id)
            .where(tables.agreement.c.reference.in_(some))
        )
        held |= {(row.head, row.reference): Placed(row.quote, row.source, row.quote_sources) for row in rows}
    for file, one, language, place in found:
        if held.get((file.form.agreement, one.reference)) == place_form(one):
            continue  # as it was exported
        at = file.form.commitments.index(one)
        sentence = one.quote[language]
        where = f"characters {place['start']} to {place['end']} of {place['document']}"
        expected = f"what stands at {where}, whose SHA-256 is {place['sha256']}"
        digest = sha256(sentence.encode()).hexdigest()
        yield file.fault(("commitments", at, "quote", language), f"a sentence whose SHA-256 is {digest}", expected)


def _find_new_slips(reading: Connection, files: Sequence[ParsedFile], days: Days) -> Iterator[Problem]:
    """What no form would take, but for what is on record: a file takes that along as it is."""
    for file in files:
        slips = list(find_slips(file.form, days))
        if not slips:
            continue
        known = _read_known(reading, tables.agreement, {file.form.agreement})
        held = load_form(reading, file.form.agreement) if known else None
        for path, found, expected in slips:
            if held is None or find_value(file.form, path, held) is None:
                yield file.fault(path, found, expected)


def _find_contradictions(files: Sequence[ParsedFile]) -> Iterator[Problem]:
    """What two files write out differently: taking both would change the register at every import."""
    first: dict[tuple[str, str], tuple[ParsedFile, Mapping[str, Any]]] = {}
    for file in files if len(files) > 1 else ():  # what one file says twice is a fault of its own
        for path, what, reference, fields in _list_shared(file):
            other, held = first.setdefault((what, reference), (file, fields))
            for name in fields:
                if held[name] != fields[name]:
                    expected = f"the same as in {other.path}, which is imported with it: {_show(held[name])}"
                    yield file.fault((*path, name), _show(fields[name]), expected)


def _list_shared(file: ParsedFile) -> Iterator[tuple[FieldPath, str, str, Mapping[str, Any]]]:
    form = file.form
    for at, party in enumerate(form.parties):
        if is_whole(party):
            yield ("parties", at), "party", party.reference, {name: getattr(party, name) for name in PARTY_FIELDS}
        for to, contact in enumerate(party.contacts):
            yield ("parties", at, "contacts", to), "contact", contact.reference, _fields(contact)
    if form.relationship:
        yield ("relationship",), "relationship", form.relationship.reference, _fields(form.relationship)


def _fields(entry: BaseModel) -> Mapping[str, Any]:
    return {name: value for name, value in entry.model_dump().items() if name != "reference"}


def _show(value: Any) -> str:
    shown = "nothing" if value in (None, {}, []) else str(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _read_known(reading: Connection, table: Any, references: Collection[str]) -> set[str]:
    known: set[str] = set()
    for some in in_chunks(references):
        known |= set(reading.execute(select(table.c.reference).where(table.c.reference.in_(some))).scalars())
    return known


def _read_references(reading: Connection, table: Any) -> list[str]:
    return list(reading.execute(select(table.c.reference)).scalars())


def _read_holders(reading: Connection, references: Collection[str]) -> dict[str, str]:
    """The party of each contact that the register knows."""
    holders: dict[str, str] = {}
    for some in in_chunks(references):
        rows = reading.execute(
            select(tables.contact.c.reference, tables.party.c.reference)
            .join(tables.party, tables.party.c.id == tables.contact.c.party_id)
            .where(tables.contact.c.reference.in_(some))
        )
        holders |= {contact: party for contact, party in rows}
    return holders
