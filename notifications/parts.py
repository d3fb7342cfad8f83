"""Which rules have a part in a message, by what it tells."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from commitments.policy import Policy, is_always_sent
from commitments.reconcile import Rules
from commitments.tables import agreement, agreement_party, policy
from commitments.vocabulary import NotificationKind
from notifications.reasons import Decision
from notifications.routing import merge_policies
from notifications.tables import notice
from notifications.usual import Ruling

PERIODIC = frozenset({NotificationKind.DIGEST, NotificationKind.SUMMARY})
"""What tells of all agreements of its reader's party."""


@dataclass(frozen=True, slots=True)
class Part:
    """The policies that have a part in a message, those by which its reader is addressed, and whether any of it is
    always sent."""

    policies: tuple[Policy, ...]
    rulings: tuple[Ruling, ...]
    always: bool


def load_parts(reading: Connection, message_ids: Sequence[int], rules: Rules) -> Mapping[int, Part]:
    """The part of each of these messages; of one that tells of no agreement that of the house."""
    if not message_ids:
        return {}
    rows = reading.execute(
        select(
            notice.c.notification_id,
            notice.c.kind,
            notice.c.matter_kind,
            notice.c.rung,
            notice.c.party_id,
            agreement.c.reference,
        )
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .where(notice.c.notification_id.in_(message_ids), notice.c.decision == str(Decision.TOLD))
        .distinct()
    ).all()
    scopes: dict[int, set[str | None]] = defaultdict(set)
    periodic = {row.notification_id: row.party_id for row in rows if row.kind in PERIODIC}
    always: set[int] = set()
    for row in rows:
        if row.kind not in PERIODIC:
            scopes[row.notification_id].add(row.reference)
        if is_sent_always(rules.own.get(row.reference, rules.house), row.kind, row.matter_kind, row.rung):
            always.add(row.notification_id)
    whole = load_rulings_of_parties(reading, rules, set(periodic.values())) if periodic else {}
    parts = {}
    for one in message_ids:
        told = list_rulings(scopes[one], rules)
        of_all = whole.get(periodic.get(one, 0), ())
        policies = tuple(ruling.policy for ruling in told) if scopes[one] or not of_all else ()
        merged = (merge_rulings(of_all),) if of_all else ()
        parts[one] = Part((*policies, *merged), of_all or told, one in always)
    return parts


def list_rulings(scopes: Iterable[str | None], rules: Rules) -> tuple[Ruling, ...]:
    """The policies of these agreements: those with rules of their own by their references, then the house's.

    Where nothing is told of any agreement the house's holds.
    """
    found = Counter(scope if scope in rules.own else None for scope in scopes) or Counter([None])
    return sort_rulings(found, rules)


def sort_rulings(counts: Mapping[str | None, int], rules: Rules) -> tuple[Ruling, ...]:
    """The policies of so many agreements each."""
    return tuple(
        Ruling(scope, rules.own[scope] if scope is not None else rules.house, number)
        for scope, number in sorted(counts.items(), key=lambda one: (one[0] is None, one[0] or ""))
    )


def load_rulings_of_parties(
    reading: Connection, rules: Rules, only: Collection[int] | None = None
) -> dict[int, tuple[Ruling, ...]]:
    """The policies of all agreements of each party that has one, or of `only` some."""
    joined = agreement_party.join(agreement, agreement.c.id == agreement_party.c.agreement_id)
    joined = joined.outerjoin(policy, policy.c.scope == agreement.c.reference)
    query = select(agreement_party.c.party_id, policy.c.scope, func.count()).select_from(joined)
    if only is not None:
        query = query.where(agreement_party.c.party_id.in_(only))
    counts: dict[int, Counter[str | None]] = defaultdict(Counter)
    for party_id, scope, number in reading.execute(query.group_by(agreement_party.c.party_id, policy.c.scope)):
        counts[party_id][scope if scope in rules.own else None] += number
    return {party_id: sort_rulings(found, rules) for party_id, found in counts.items()}


def prefers_channels(rules: Rules) -> bool:
    """Whether any agreement, or the house, has a say in the channel by which something goes."""
    return any(one.channels for one in (rules.house, *rules.own.values()))


def merge_rulings(rulings: Sequence[Ruling]) -> Policy:
    """One policy for what tells of several agreements at once."""
    return merge_policies(one.policy for one in rulings)


def is_sent_always(policy: Policy, kind: str, matter_kind: str, rung: int) -> bool:
    """Whether a notice is told also to who is paused or has unsubscribed; a reminder has no rung of a ladder."""
    return is_always_sent(policy, matter_kind, rung if kind == NotificationKind.ESCALATION else 0)
