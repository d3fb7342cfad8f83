"""A form over what somebody else has changed meanwhile: what was typed stays in it, beside what stands now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from notifications.views import clean_text
from notifications.wording import Words
from portal.pages import FieldView
from portal.step_fields import FaultView, GroupView

_CHOICES = ("select", "radios", "checks")
_REASON = "why"


def tell_standing(words: Words, typed: Iterable[FieldView], standing: Iterable[FieldView]) -> tuple[FieldView, ...]:
    """The fields as they were typed; each that says otherwise than the register does now tells what that says."""
    now = {one.name: one for one in standing}
    return tuple(_tell(words, one, now) for one in typed)


def tell_standing_groups(
    words: Words, typed: Sequence[GroupView], standing: Sequence[GroupView]
) -> tuple[list[GroupView], list[FaultView]]:
    """The same of groups of fields, opened where they tell of something; and all that they tell, one line a field."""
    now = {one.name: one for group in standing for one in _list_fields(group)}
    groups = [_tell_group(words, one, now) for one in typed]
    told = [one for group in groups for one in _list_fields(group) if one.fault]
    return groups, [FaultView(one.label, one.fault, f"#f-{one.name}") for one in told]


def _tell_group(words: Words, group: GroupView, now: Mapping[str, FieldView]) -> GroupView:
    told = replace(
        group,
        fields=tuple(_tell(words, one, now) for one in group.fields),
        asks=_tell(words, group.asks, now) if group.asks is not None else None,
        folded_fields=tuple(_tell(words, one, now) for one in group.folded_fields),
        parts=tuple(_tell_group(words, one, now) for one in group.parts),
    )
    if any(one.fault for one in told.folded_fields):
        return replace(told, folded=False)
    return replace(told, is_open=told.is_open or any(one.fault for one in _list_fields(told)))


def _list_fields(group: GroupView) -> Iterator[FieldView]:
    if group.asks is not None:
        yield group.asks
    yield from group.fields
    yield from group.folded_fields
    for part in group.parts:
        yield from _list_fields(part)


def _tell(words: Words, field: FieldView, now: Mapping[str, FieldView]) -> FieldView:
    there = now.get(field.name)
    if field.name == _REASON or _read(field) == (_read(there) if there is not None else ()):
        return field
    said = clean_text(words.gettext("; ").join(_say(there))) if there is not None else ""
    if said:
        told = words.gettext("By now this is “%(now)s”. Saving puts yours in its place.") % {"now": said}
    else:
        told = words.gettext("By now this is empty. Saving puts yours in its place.")
    return replace(field, fault=told)


def _read(field: FieldView) -> tuple[str, ...]:
    """What would be sent; nothing for an empty field."""
    if field.kind not in _CHOICES:
        return tuple(filter(None, [field.value]))
    chosen = [one for one in field.options if one.chosen]
    # A browser sends the first of a list in which nothing was chosen.
    return tuple(one.value for one in chosen or (field.options[:1] if field.kind == "select" else ()) if one.value)


def _say(field: FieldView) -> Iterator[str]:
    if field.kind in _CHOICES:
        yield from (one.text for one in field.options if one.chosen and one.value)
    elif field.value:
        yield field.value
