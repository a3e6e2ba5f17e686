"""Whom a survey is sent to: added by a list, each once, and nobody too often."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.text import clean, clean_line, normalise_email
from amends.intake.channels.survey.models import SurveyRecipient
from amends.intake.channels.survey.surveys import access_survey

MAX_ROWS = 10_000
REST = timedelta(days=30)
"""Nobody gets a second invitation, of any survey, within this time."""
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\\[\]]{1,253}")
_PERSON = ("name", "language", "phone")
MAX_ATTRIBUTES = 20
ASKED_TO_STOP = "Asked not to be asked again."


@dataclass(frozen=True, slots=True)
class NewRecipient:
    """Somebody to ask; `attributes` (order, product…) are kept with their answer."""

    email: str
    name: str = ""
    language: str = ""
    phone: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list: how many will be asked, and who not, `(row from 1, why)`."""

    added: int
    skipped: tuple[tuple[int, str], ...]


def read_csv(text: str) -> list[NewRecipient]:
    """The people of a CSV with a header; `email` is needed, name, language and phone are known, the rest is kept.

    Raises:
        BadInput: there is no column `email`, or too much.
    """
    text = clean(text).lstrip("\ufeff").strip()
    if not text:
        raise BadInput(_("The list is empty."), field="csv")
    first = text.splitlines()[0]
    delimiter = max(";,\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise BadInput(_("The list is no CSV that can be read."), field="csv") from error
    header = [clean_line(name).lower().replace("e-mail", "email")[:60] for name in rows[0]]
    if "email" not in header:
        raise BadInput(_("The first line must name the columns, one of them “email”."), field="csv")
    return [_from_row(dict(zip(header, row, strict=False))) for row in rows[1:] if any(cell.strip() for cell in row)]


def _from_row(row: dict[str, str]) -> NewRecipient:
    more = {name: value for name, value in row.items() if name and name != "email" and name not in _PERSON and value}
    person = {name: row.get(name, "") for name in _PERSON}
    return NewRecipient(email=row.get("email", ""), attributes=more, **person)


def add_recipients(*, actor: Actor, survey_id: int, people: Sequence[NewRecipient]) -> Added:
    """Put people on the list of a survey; their invitations leave by themselves.

    Left out, with the reason: no usable address, on the list already, asked within the last 30 days by any survey, asked
    not to be asked again, or with an open complaint (first answer that one).

    Raises:
        BadInput: the list is empty or too long.
        Conflict: the survey is closed.
    """
    from amends.intake.channels.survey import jobs

    actor.require(Permission.REVIEW_WORK)
    if not people or len(people) > MAX_ROWS:
        raise BadInput(_("A list has at least one and at most 10,000 people."), field="recipients")
    with transaction.atomic():
        survey = access_survey(actor, survey_id)
        if survey.closed_at is not None:
            raise Conflict(_("This survey is closed: open it again first."))
        now = clock.now()
        addresses = [normalise_email(one.email) for one in people]
        refusals = _refusals(survey.pk, addresses)
        rows: list[SurveyRecipient] = []
        skipped: list[tuple[int, str]] = []
        seen: set[str] = set()
        for number, (one, address) in enumerate(zip(people, addresses, strict=True), start=1):
            why = (
                _unusable(address) or refusals.get(address, "") or (_("twice in this list") if address in seen else "")
            )
            if why:
                skipped.append((number, why))
                continue
            seen.add(address)
            rows.append(
                SurveyRecipient(
                    survey=survey,
                    email=address,
                    name=clean_line(one.name)[:300],
                    language=clean_line(one.language).lower()[:10],
                    phone=clean_line(one.phone)[:80],
                    attributes=_attributes(one.attributes),
                    not_before=now,
                )
            )
        SurveyRecipient.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
        record(
            actor=actor,
            chain=f"survey:{survey.pk}",
            kind="survey_recipients_added",
            data={"added": len(rows), "skipped": len(skipped)},
        )
        if rows:
            jobs.send_soon()
    return Added(len(rows), tuple(skipped))


def _attributes(given: Mapping[str, str]) -> dict[str, str]:
    kept = list(given.items())[:MAX_ATTRIBUTES]
    return {clean_line(str(name))[:60]: clean_line(str(value))[:300] for name, value in kept}


def _unusable(address: str) -> str:
    return "" if _ADDRESS.fullmatch(address) else _("no usable e-mail address")


def _refusals(survey_id: int, addresses: Iterable[str]) -> dict[str, str]:
    """Who is not asked, and why (three queries)."""
    wanted = sorted(set(addresses))
    found: dict[str, str] = {}
    people = SurveyRecipient.objects.filter(email__in=wanted)
    since = clock.now() - REST
    for address in people.filter(created_at__gt=since).exclude(state="cancelled").values_list("email", flat=True):
        found[address] = _("asked within the last 30 days")
    for address in people.filter(survey_id=survey_id).values_list("email", flat=True):
        found[address] = _("on the list of this survey already")
    for address in people.filter(stopped_at__isnull=False).values_list("email", flat=True):
        found[address] = _("asked not to be asked again")
    unsettled = Complaint.objects.filter(customer__email__in=wanted, phase__in=OPEN_PHASES)
    for address in unsettled.values_list("customer__email", flat=True):
        found[address] = _("has an open complaint")
    return found


def has_stopped(address: str) -> bool:
    """Whether the person with this (normalised) address wants no more surveys, whichever survey they said it to."""
    return SurveyRecipient.objects.filter(email=address, stopped_at__isnull=False).exists()


def send_interrupted(*, actor: Actor, survey_id: int) -> int:
    """Have invitations sent again whose sender died half-way; how many. Who got the first copy gets a second one.

    Raises:
        Conflict: the survey is closed.
    """
    from amends.intake.channels.survey import jobs

    actor.require(Permission.REVIEW_WORK)
    with transaction.atomic():
        survey = access_survey(actor, survey_id)
        if survey.closed_at is not None:
            raise Conflict(_("This survey is closed: open it again first."))
        again = SurveyRecipient.objects.filter(survey=survey, state="interrupted").update(
            state="queued", state_reason="", attempts=0, not_before=clock.now()
        )
        if again:
            record(actor=actor, chain=f"survey:{survey.pk}", kind="survey_interrupted_sent_again", data={"sent": again})
            jobs.send_soon()
    return again


def stop(*, recipient_id: int) -> None:
    """Somebody does not want to be asked again: nothing of theirs that waits is sent, and no list takes them again."""
    with transaction.atomic():
        recipient = SurveyRecipient.objects.select_for_update().get(pk=recipient_id)
        SurveyRecipient.objects.filter(email=recipient.email, state="queued").update(
            state="cancelled", state_reason=ASKED_TO_STOP
        )
        won = SurveyRecipient.objects.filter(pk=recipient_id, stopped_at=None).update(stopped_at=clock.now())
        if won:
            record(
                actor=Actor(kind="customer", id=None, name=""),
                chain=f"survey:{recipient.survey_id}",
                kind="survey_recipient_stopped",
                data={"recipient": recipient_id},
            )
