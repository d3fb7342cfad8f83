"""A sketch in words: everything that would be registered, of the agreement and of each of its commitments."""

from collections.abc import Iterator, Mapping
from typing import Any

from commitments.sketch import Sketch
from commitments.sketch_flaws import Drawing
from commitments.sketch_known import Known
from commitments.vocabulary import AgreementKind, Owed, PartyKind, PartyRole
from notifications.names import choose_words
from notifications.views import clean_text
from notifications.wording import Words
from portal.labels import name_agreement_kind, name_party_role, name_renewal
from portal.marks import put_beside, put_under
from portal.pages import FactView
from portal.promise_views import name_owed
from portal.step_views import name_parties
from portal.step_words import list_countries, list_languages, list_party_kinds, list_source_kinds


def describe_facts(words: Words, sketch: Sketch, drawing: Drawing, known: Known) -> list[FactView]:
    """What would be registered of the agreement itself."""
    names = name_parties(words, sketch, drawing, known)
    said = [
        *_tell_head(words, sketch, drawing.plain),
        *_tell_parties(words, sketch, drawing, names),
        *_tell_term(words, drawing.plain),
        *_tell_sources(words, drawing.plain),
        *_tell_more(words, sketch, drawing),
    ]
    return [FactView(label, clean_text(text)) for label, text in said if text]


def describe_promise_facts(words: Words, plain: Mapping[str, Any], names: Mapping[str, str]) -> list[FactView]:
    """What would be registered of a commitment besides its kind, its terms and its owners; `names` are the parties'."""
    said = [
        *((_in_language(words, language), text) for language, text in plain.get("summaries", {}).items()),
        *((_in_language(words, language), f"“{text}”") for language, text in plain.get("quote", {}).items()),
        (words.gettext("From"), _tell_place(words, plain.get("source"))),
        (words.gettext("It counts"), _tell_span(words, plain.get("period_from"), plain.get("period_to"))),
        *_tell_periods(words, plain.get("recurrence", {})),
        *_tell_beginning(words, plain.get("target", {})),
        (words.gettext("If several owe it"), name_owed(words, Owed.EACH) if plain.get("owed") == Owed.EACH else ""),
        (words.gettext("Only if"), _tell_condition(words, plain.get("condition", {}))),
        (words.gettext("Who does the work"), words.join(plain.get("implementers", []))),
        *(
            (words.gettext("Milestone"), _tell_milestone(words, one, names))
            for one in plain.get("milestones", [])
        ),
        (words.gettext("Theme"), plain.get("theme", "")),
        (words.gettext("Tags"), ", ".join(plain.get("tags", []))),
        (words.gettext("Note"), plain.get("note", "")),
    ]  # fmt: skip
    return [FactView(label, clean_text(text)) for label, text in said if text]


def _tell_head(words: Words, sketch: Sketch, plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield words.gettext("Title"), sketch.title
    for one in sketch.titles:
        if one.text:
            yield _in_language(words, one.language), one.text
    if sketch.kind in list(AgreementKind):
        yield words.gettext("Kind"), name_agreement_kind(words, AgreementKind(sketch.kind))
    yield words.gettext("Short name in the register"), str(plain.get("agreement", ""))


def _tell_parties(
    words: Words, sketch: Sketch, drawing: Drawing, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    plain, by_reference = drawing.plain, {one["reference"]: one for one in drawing.plain.get("parties", [])}
    yield words.gettext("Parties"), words.join(list(names.values()))
    countries, kinds = dict(list_countries(str(words.locale))), dict(list_party_kinds(words))
    for key, name in names.items():
        one = by_reference.get(drawing.parties[key], {})
        about = [name_party_role(words, PartyRole(one["role"]))] if one.get("role") else []
        if one.get("kind") in list(PartyKind):
            place = [countries.get(one.get("country", ""), ""), one.get("subdivision", ""), one.get("time_zone", "")]
            about += [words.gettext("new to the register"), kinds[one["kind"]], *(part for part in place if part)]
            about += [text for text in list(one.get("names", {}).values())[1:]]
        if about:
            yield name, words.gettext(" · ").join(about)
        day = plain.get("signed", {}).get(drawing.parties[key])
        if day:
            yield words.gettext("Signed by %(party)s on") % {"party": name}, words.format_partial(day)
    holders = {drawing.parties[key]: name for key, name in names.items()}
    signed = [
        ", ".join(part for part in (one["name"], one.get("office"), holders.get(one["party"])) if part)
        for one in plain.get("signatories", [])
    ]
    yield words.gettext("Who signed"), words.gettext("; ").join(signed)


def _tell_term(words: Words, plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, label in (("effective", words.gettext("In force from")), ("expires", words.gettext("Expires on"))):
        if plain.get(field):
            yield label, words.format_partial(plain[field])
    if plain.get("open_ended"):
        yield words.gettext("Its end"), words.gettext("it is stated to have no end")
    yield words.gettext("Term in words"), plain.get("term", "")
    renewal = plain.get("renewal", {})
    if renewal:
        yield words.gettext("Renewal"), name_renewal(words, renewal["rule"])
    if renewal.get("months"):
        yield words.gettext("Renewed for how many months"), words.format_number(renewal["months"])
    if renewal.get("renew_by"):
        yield words.gettext("To be renewed by"), words.format_partial(renewal["renew_by"])
    notice = plain.get("notice", {})
    if "months" in notice:
        yield words.gettext("Notice, in months"), words.format_number(notice["months"])
    if "days" in notice:
        yield words.gettext("Notice, in days"), words.format_number(notice["days"])
    if plain.get("ended"):
        parts = (words.format_partial(plain["ended"]), plain.get("ended_reason"))
        yield words.gettext("Ended on"), words.gettext(" · ").join(part for part in parts if part)


def _tell_sources(words: Words, plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kinds = dict(list_source_kinds(words))
    for one in plain.get("sources", []):
        day = words.format_partial(one["date"]) if one.get("date") else ""
        parts = (one["document"], one.get("title"), kinds.get(one["kind"]), day, _name_language(words, one))
        yield words.gettext("Where this is taken from"), words.gettext(" · ").join(part for part in parts if part)
    yield words.gettext("Note"), plain.get("note", "")


def _tell_more(words: Words, sketch: Sketch, drawing: Drawing) -> Iterator[tuple[str, str]]:
    plain = drawing.plain
    tie = plain.get("relationship", {})
    if tie:
        since = words.gettext("since %(day)s") % {"day": words.format_partial(tie["since"])} if tie.get("since") else ""
        kind = name_agreement_kind(words, AgreementKind(tie["kind"])) if tie.get("kind") else ""
        parts = (choose_words(tie.get("title", {}), words.tag), kind, since)
        yield words.gettext("The lasting tie"), words.gettext(" · ").join(part for part in parts if part)
    network = plain.get("network", {})
    if network:
        day = words.format_partial(network["designated"]) if network.get("designated") else ""
        parts = (network.get("name"), network.get("field"), day)
        yield words.gettext("Membership of a network"), words.gettext(" · ").join(part for part in parts if part)
    if network.get("reporting_cycle_years"):
        label = words.gettext("A report is due every so many years")
        yield label, words.format_number(network["reporting_cycle_years"])
    for one in network.get("reports", []):
        if one["cycle"] and one["submitted"]:
            yield (
                words.gettext("Report handed in"),
                put_under(words, str(one["cycle"]), words.format_partial(one["submitted"])),
            )
    summaries = {drawing.named[one.key]: one.summary for one in sketch.promises if one.key in drawing.named}
    for line in plain.get("budget", []):
        yield words.gettext("Budget"), _tell_budget_line(words, line, summaries)
    counted = [
        put_beside(words, name, words.gettext("it counts")) if language in plain.get("authentic", []) else name
        for language in plain.get("languages", [])
        if (name := _name_language(words, {"language": language}))
    ]
    yield words.gettext("The text"), words.join(counted)
    if "binding" in plain:
        yield words.gettext("Is it binding in law?"), words.gettext("Yes") if plain["binding"] else words.gettext("No")
    labels = {
        "parent": words.gettext("It carries out"),
        "amends": words.gettext("It amends"),
        "replaces": words.gettext("It replaces"),
    }
    for name, label in labels.items():
        yield label, plain.get(name, "")
    if plain.get("policy"):
        said = words.ngettext(
            "%(count)s rule differs from those of the house.",
            "%(count)s rules differ from those of the house.",
            len(plain["policy"]),
        ) % {"count": len(plain["policy"])}
        yield words.gettext("Rules for reminders"), said


def _tell_budget_line(words: Words, line: Mapping[str, Any], summaries: Mapping[str, str]) -> str:
    amount = words.format_amount(line["amount"], line["currency"]) if line.get("amount") is not None else ""
    if amount and line.get("approximate"):
        amount = words.gettext("about %(amount)s") % {"amount": amount}
    kind = words.gettext("spent") if line["kind"] == "spent" else words.gettext("planned")
    span = _tell_span(words, line.get("period_from"), line.get("period_to"))
    parts = (
        amount,
        kind,
        span,
        line.get("source_of_funds"),
        summaries.get(line.get("commitment", "")),
        line.get("note"),
    )
    return words.gettext(" · ").join(part for part in parts if part)


def _tell_place(words: Words, source: Mapping[str, Any] | None) -> str:
    if not source:
        return ""
    span = [words.format_number(source[name]) for name in ("start", "end") if source[name] is not None]
    return words.gettext("%(document)s, characters %(span)s") % {
        "document": source["document"],
        "span": "–".join(span),
    }


def _tell_periods(words: Words, recurrence: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if recurrence.get("interval"):
        yield words.gettext("Only every so many"), words.format_number(recurrence["interval"])
    yield words.gettext("In which months"), ", ".join(map(str, recurrence.get("months", [])))
    if recurrence.get("starts"):
        yield words.gettext("The first period begins"), words.format_partial(recurrence["starts"])
    if recurrence.get("ends"):
        yield words.gettext("Until when it repeats"), words.format_partial(recurrence["ends"])


def _tell_beginning(words: Words, target: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if target.get("baseline") is not None:
        yield words.gettext("The number at the beginning"), words.format_number(target["baseline"])
    if target.get("baseline_on"):
        yield words.gettext("Counted on"), words.format_partial(target["baseline_on"])


def _tell_condition(words: Words, condition: Mapping[str, Any]) -> str:
    day = condition.get("met_on")
    came = words.gettext("That came about on") + " " + words.format_partial(day) if day else ""
    return words.gettext(" · ").join(part for part in (condition.get("text"), came) if part)


def _tell_milestone(words: Words, one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    due = words.gettext("by %(day)s") % {"day": words.format_end(one["due"])} if one.get("due") else ""
    parts = (one["title"], *one.get("titles", {}).values(), due, names.get(one.get("party", "")))
    return words.gettext(" · ").join(part for part in parts if part)


def _tell_span(words: Words, first: str | None, last: str | None) -> str:
    begins, ends = (words.format_partial(one) if one else "" for one in (first, last))
    if begins and ends:
        return f"{begins} – {ends}"
    if begins:
        return words.gettext("from %(day)s on") % {"day": begins}
    return words.gettext("until %(day)s") % {"day": ends} if ends else ""


def _in_language(words: Words, language: str) -> str:
    name = _name_language(words, {"language": language})
    return words.gettext("In %(language)s") % {"language": name} if name else words.gettext("In another language")


def _name_language(words: Words, one: Mapping[str, Any]) -> str:
    return dict(list_languages(str(words.locale))).get(one.get("language", ""), "")
