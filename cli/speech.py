"""Stored reasons put into English for the screen, with the names of the parties and persons they speak of."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

LANGUAGE = "en"


class Speaker:
    """Knows the words and the names; made once a command."""

    def __init__(self, reading: "Connection") -> None:
        from sqlalchemy import select

        from commitments.tables import contact, party
        from notifications.languages import load_words
        from notifications.names import choose_words

        self.words = load_words(LANGUAGE)
        parties = reading.execute(select(party.c.id, party.c.reference, party.c.names)).all()
        contacts = reading.execute(select(contact.c.id, contact.c.reference, contact.c.name)).all()
        self.party_names = {row.reference: choose_words(row.names, LANGUAGE) or row.reference for row in parties}
        self.contact_names = {row.reference: row.name for row in contacts}
        self.party_references = {row.id: row.reference for row in parties}
        self.contact_references = {row.id: row.reference for row in contacts}
        self._names = {**self.contact_names, **self.party_names}

    def name_contact(self, contact_id: int | None) -> str | None:
        """The contact's reference."""
        return self.contact_references.get(contact_id) if contact_id is not None else None

    def tell_reason(self, stored: Mapping[str, Any] | None) -> str:
        """Why a matter stands as it does."""
        from commitments.facts import Reason
        from commitments.vocabulary import ReasonCode

        if not stored or stored.get("code") not in list(ReasonCode):
            return ""
        reason = Reason(ReasonCode(stored["code"]), dict(stored.get("numbers") or {}))
        return self.words.describe_reason(reason, self._names)

    def tell_ground(self, stored: Mapping[str, Any] | None) -> str:
        """Why something is told, or is not; who reads it is not the one who is told."""
        from notifications.messages import Ground
        from notifications.phrases import RUNGS
        from notifications.reasons import Why

        code, numbers = (stored or {}).get("code"), dict((stored or {}).get("numbers") or {})
        if code == "next_sending_time":
            return "goes at the person's next sending time"
        if code not in list(Why):
            return str(code or "").replace("_", " ")
        if code == Why.ESCALATED:
            rung = RUNGS.get(numbers.pop("rung", 0))
            told = self.words.describe_ground(Ground(Why.ESCALATED, numbers), self._names)
            return f"{told}, so {rung} {'are' if rung == RUNGS[3] else 'is'} told" if rung else told
        if code in (Why.REFUSED, Why.GIVEN_UP) and "reply" not in numbers:
            numbers["reply"] = ""
        return self.words.describe_ground(Ground(Why(code), numbers), self._names)

    def tell_notice(self, notice: Mapping[str, Any]) -> str:
        """One notice of a message in a line: the matter, how it stands, and why it is told."""
        ground = self.tell_ground(notice["why"])
        standing = self.tell_reason(notice.get("standing"))
        if not standing:
            return ground or str(notice["kind"])
        return f"{notice['matter']}: {standing} ({ground})"

    def tell_notices(self, notices: Sequence[Mapping[str, Any]]) -> str:
        """What a message says, each once; not what was left out of it."""
        return "; ".join(dict.fromkeys(self.tell_notice(one) for one in notices if not one.get("left_out")))

    def tell_each(self, notices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The notices that a message says, each with its words."""
        told = [one for one in notices if not one.get("left_out")]
        return [
            {**{name: one[name] for name in one if name != "left_out"}, "words": self.tell_notice(one)} for one in told
        ]

    def tell_left_out(self, notices: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The notices that were left out of a message, each with its words and why."""
        return [
            {
                "matter": one["matter"],
                "kind": one["kind"],
                "standing": one["standing"],
                "words": f"{one['matter']}: {self.tell_reason(one['standing']) or one['kind']}",
                "why": self.tell_ground(one["left_out"]),
            }
            for one in notices
            if one.get("left_out")
        ]

    def tell_follow_up(self, row: Any, reason: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A follow-up as plain values, with its reason in words: the `reason` of today, else the stored one."""
        reason = reason or row.reason
        return {
            "number": row.id,
            "key": row.key,
            "matter": row.matter,
            "kind": row.kind,
            "party": self.party_references.get(row.party_id),
            "assignee": self.name_contact(row.assignee_id),
            "due": row.due_on.isoformat(),
            "reason": self.tell_reason(reason),
            "reason_code": reason.get("code"),
            "numbers": reason.get("numbers"),
            "state": row.state,
            "opened_on": row.opened_on.isoformat(),
            "snoozed_until": row.snoozed_until.isoformat() if row.snoozed_until else None,
            "closed_on": row.closed_on.isoformat() if row.closed_on else None,
            "closed_by": row.closed_by,
            "closed_why": row.closed_why,
        }
