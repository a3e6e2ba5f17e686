"""The form in which a person chooses a mapping: from the mapping to fields, and back (PURE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.core.errors import BadInput
from amends.intake.channels.imports.mapping import DATES, FieldRule, ImportMapping, mapping_of

KEEP = "\x01keep"
"""The choice that leaves a rule as it is, because it says more than one column."""
LABELS: dict[str, LazyText] = {
    "subject": gettext_lazy("Subject"),
    "text": gettext_lazy("What happened"),
    "received_at": gettext_lazy("Received on"),
    "complainant.name": gettext_lazy("Customer: name"),
    "complainant.email": gettext_lazy("Customer: e-mail"),
    "complainant.phone": gettext_lazy("Customer: telephone"),
    "complainant.address": gettext_lazy("Customer: address"),
    "complainant.account_number": gettext_lazy("Customer: account number"),
    "complainant.user_name": gettext_lazy("Customer: user name"),
    "complainant.language": gettext_lazy("Customer: language"),
    "product": gettext_lazy("Product"),
    "phase": gettext_lazy("Phase"),
    "resolved_at": gettext_lazy("Resolved on"),
    "outcome": gettext_lazy("Outcome"),
    "outcome_reason": gettext_lazy("Reason of the outcome"),
    "desired_outcome": gettext_lazy("What the customer wants"),
    "channel": gettext_lazy("Channel"),
    "unit": gettext_lazy("Unit"),
}
TRANSLATED = ("phase", "channel", "unit", "outcome")


@dataclass(frozen=True, slots=True)
class FormRow:
    """One field of a complaint in the form.

    Attributes:
        chosen: the column, `KEEP`, or empty.
        formats: for a date: its forms, one a line; None for other fields.
        words: for a field whose words are translated: `theirs = ours`, one a line; None for other fields.
    """

    name: str
    label: str
    chosen: str
    formats: str | None
    words: str | None
    kept: bool


def form_rows(mapping: ImportMapping) -> list[FormRow]:
    """The form for a mapping."""
    rows = []
    for name, label in LABELS.items():
        rule = mapping.fields.get(name)
        kept = rule is not None and (not rule.column or bool(rule.if_empty or rule.prefix))
        rows.append(
            FormRow(
                name=name,
                label=str(label),
                chosen=KEEP if kept else rule.column if rule else "",
                formats="\n".join(rule.formats if rule else ()) if name in DATES else None,
                words=_lines(rule) if name in TRANSLATED and rule is not None and rule.column else None,
                kept=kept,
            )
        )
    return rows


def _lines(rule: FieldRule) -> str:
    lines = [f"{theirs} = {ours}" for theirs, ours in rule.values.items()]
    return "\n".join(lines + ([f"* = {rule.otherwise}"] if rule.otherwise is not None else []))


def mapping_from(data: Mapping[str, str], before: ImportMapping, columns: Sequence[str]) -> ImportMapping:
    """The mapping of a filled-in form; rules that the form cannot show stay as they were.

    Raises:
        BadInput: a line or a column in it cannot be used.
    """
    fields = {name: rule for name, rule in before.fields.items() if name not in LABELS}
    for name in LABELS:
        column = data.get(f"column:{name}", "")
        rule = before.fields.get(name)
        if column == KEEP and rule is not None:
            fields[name] = _with_formats(rule, data.get(f"formats:{name}"))
        elif column and column != KEEP:
            if column not in columns:
                raise BadInput(_("There is no column %(name)s in this file.") % {"name": column[:80]}, field=name)
            fields[name] = _chosen(name, column, data, rule)
    key = data.get("key", "")
    used = {key} | {rule.column for rule in fields.values()}
    rest = before.attributes
    if before.others != "custom.":
        rest = (
            {one[:100]: FieldRule(column=one) for one in columns if one and one not in used}
            if data.get("others")
            else {}
        )
    values = {
        **before.model_dump(exclude={"fields", "attributes"}),
        "name": " ".join(data.get("name", "").split()) or before.name,
        "key": key if key in columns else "",
        "timezone": data.get("timezone", "").strip() or before.timezone,
        "fields": {name: rule.model_dump() for name, rule in fields.items()},
        "attributes": {name: rule.model_dump() for name, rule in rest.items()},
    }
    return mapping_of(values)


def _chosen(name: str, column: str, data: Mapping[str, str], before: FieldRule | None) -> FieldRule:
    rule = FieldRule(column=column)
    if name in TRANSLATED:
        same = before is not None and before.column == column
        text = data.get(f"words:{name}") if same else None
        rule = _with_words(rule, text or "", name) if text is not None else (before if same and before else rule)
    return _with_formats(rule, data.get(f"formats:{name}"))


def _with_formats(rule: FieldRule, text: str | None) -> FieldRule:
    if text is None:
        return rule
    return rule.model_copy(
        update={"formats": tuple(line.strip()[:60] for line in text.splitlines() if line.strip())[:20]}
    )


def _with_words(rule: FieldRule, text: str, name: str) -> FieldRule:
    values: dict[str, str] = {}
    otherwise: str | None = None
    for line in text.splitlines():
        if not line.strip():
            continue
        theirs, sign, ours = line.rpartition("=")
        if not sign:
            raise BadInput(_("“%(line)s” is not of the form: theirs = ours.") % {"line": line[:80]}, field=name)
        if theirs.strip() == "*":
            otherwise = ours.strip()
        else:
            values[theirs.strip()] = ours.strip()
    return rule.model_copy(update={"values": values, "otherwise": otherwise})
