"""Which rules have a part in a message, by what it tells."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from commitments.policy import Policy, is_always_sent
from commitments.reconcile import Rules
from commitments.tables import agreement
from commitments.vocabulary import NotificationKind
from notifications.reasons import Decision
from notifications.tables import notice


@dataclass(frozen=True, slots=True)
class Part:
    """The policies of the agreements of which a message tells, and whether any of it is always sent."""

    policies: tuple[Policy, ...]
    always: bool


def load_parts(reading: Connection, message_ids: Sequence[int], rules: Rules) -> Mapping[int, Part]:
    """The part of each of these messages; of one that tells of no agreement that of the house."""
    if not message_ids:
        return {}
    rows = reading.execute(
        select(notice.c.notification_id, notice.c.kind, notice.c.matter_kind, notice.c.rung, agreement.c.reference)
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .where(notice.c.notification_id.in_(message_ids), notice.c.decision == str(Decision.TOLD))
        .distinct()
    )
    scopes: dict[int, set[str | None]] = defaultdict(set)
    always: set[int] = set()
    for row in rows:
        scopes[row.notification_id].add(row.reference)
        if is_sent_always(rules.own.get(row.reference, rules.house), row.kind, row.matter_kind, row.rung):
            always.add(row.notification_id)
    return {
        one: Part(tuple(rules.own.get(scope or "", rules.house) for scope in scopes[one] or {None}), one in always)
        for one in message_ids
    }


def is_sent_always(policy: Policy, kind: str, matter_kind: str, rung: int) -> bool:
    """Whether a notice is told also to who is paused or has unsubscribed; a reminder has no rung of a ladder."""
    return is_always_sent(policy, matter_kind, rung if kind == NotificationKind.ESCALATION else 0)
