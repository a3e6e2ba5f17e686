"""The verbs of staff around surveys: make, close, and what they show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, Unit
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.text import clean_line
from amends.intake.channels.survey.figures import Figures, figures
from amends.intake.channels.survey.kinds import kinds
from amends.intake.channels.survey.models import Survey, SurveyAnswer
from amends.intake.channels.survey.tokens import token_of
from amends.intake.webhooks.models import Webhook
from amends.intake.webhooks.services import create_webhook

_HOST = re.compile(r"[A-Za-z0-9.-]{1,200}(:\d{1,5})?")
MAX_ORIGINS = 20


def visible_surveys(actor: Actor) -> QuerySet[Survey]:
    """The surveys of the units this actor sees, newest first."""
    actor.require(Permission.REVIEW_VIEW)
    found = Survey.objects.select_related("unit", "webhook")
    if actor.kind != "system" and actor.unit_ids is not None:
        found = found.filter(unit_id__in=actor.unit_ids)
    return found.order_by("-id")


def access_survey(actor: Actor, number: int) -> Survey:
    """One of them.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    survey = visible_surveys(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if survey is None:
        raise NotFound
    return survey


def create_survey(
    *,
    actor: Actor,
    name: str,
    unit: Unit,
    kind: str,
    question: str = "",
    product: str = "",
    origins: Sequence[str] = (),
    unhappy_bound: int | None = None,
) -> Survey:
    """A new survey of a unit.

    Raises:
        BadInput, Conflict: a value cannot be used.
    """
    actor.require(Permission.REVIEW_WORK)
    if not actor.sees_unit(unit.pk):
        raise NotFound
    name, question = clean_line(name), clean_line(question)
    if not name or len(name) > 200:
        raise BadInput(_("Give the survey a name of at most 200 characters."), field="name")
    if kind not in kinds():
        raise BadInput(_("Choose what is asked."), field="kind")
    if len(question) > 300:
        raise BadInput(_("The question has at most 300 characters."), field="question")
    if unhappy_bound is not None and unhappy_bound not in kinds()[kind].scores:
        raise BadInput(_("The bound must be on the scale."), field="unhappy_bound")
    with transaction.atomic():
        if Survey.objects.filter(unit=unit, name=name).exists():
            raise Conflict(_("There is a survey with this name already."), field="name")
        survey = Survey.objects.create(
            name=name,
            unit=unit,
            kind=kind,
            question=question,
            product=clean_line(product)[:300],
            origins=checked_origins(origins),
            unhappy_bound=unhappy_bound,
            created_by_id=actor.user_id,
        )
        record(actor=actor, chain=f"survey:{survey.pk}", kind="survey_created", data={"unit": unit.pk, "kind": kind})
    return survey


def checked_origins(origins: Sequence[str]) -> list[str]:
    """The sites that may show the survey in a frame, as `https://host` each.

    Raises:
        BadInput: one is no address of a site.
    """
    found = []
    for one in origins:
        line = clean_line(one).rstrip("/")
        try:
            parts = urlsplit(line)
        except ValueError:
            parts = urlsplit("")
        plain = parts.scheme in ("https", "http") and _HOST.fullmatch(parts.netloc) and not (parts.path or parts.query)
        if not plain:
            raise BadInput(_("Write each site as https://www.example.org, without a path."), field="origins")
        found.append(f"{parts.scheme}://{parts.netloc.lower()}")
    if len(found) > MAX_ORIGINS:
        raise BadInput(_("At most 20 sites can show one survey."), field="origins")
    return found


def set_open(*, actor: Actor, survey_id: int, open_: bool) -> Survey:
    """Close a survey (its links then say that it is over) or open it again."""
    actor.require(Permission.REVIEW_WORK)
    with transaction.atomic():
        survey = Survey.objects.select_for_update(of=("self",)).get(pk=access_survey(actor, survey_id).pk)
        survey.closed_at = None if open_ else survey.closed_at or clock.now()
        survey.save(update_fields=["closed_at"])
        record(actor=actor, chain=f"survey:{survey.pk}", kind="survey_opened" if open_ else "survey_closed", data={})
    return survey


def connect(
    *,
    actor: Actor,
    survey_id: int,
    key: str,
    mapping: str = "",
    mapping_text: str = "",
    paths: dict[str, str] | None = None,
    secret: str = "",
    fetch_host: str = "",
    fetch_token: str = "",
) -> tuple[Webhook, str]:
    """A webhook whose answers count in this survey, and its secret.

    Raises:
        Conflict: the survey has one already.
        MappingError, BadInput: a value cannot be used.
    """
    with transaction.atomic():
        survey = access_survey(actor, survey_id)
        survey = Survey.objects.select_for_update(of=("self",)).select_related("unit").get(pk=survey.pk)
        if survey.webhook_id is not None:
            raise Conflict(_("This survey has a webhook already."))
        webhook, secret = create_webhook(
            actor=actor,
            key=key,
            channel="survey",
            unit=survey.unit,
            mapping=mapping,
            mapping_text=mapping_text,
            paths=paths,
            secret=secret,
            fetch_host=fetch_host,
            fetch_token=fetch_token,
        )
        survey.webhook = webhook
        survey.save(update_fields=["webhook"])
    return webhook, secret


def figures_of(survey: Survey) -> Figures:
    """The figures of one survey (one query)."""
    rows = SurveyAnswer.objects.filter(survey=survey).order_by().values_list("score").annotate(Count("pk"))
    return figures(survey.kind, kinds()[survey.kind], dict(rows), survey.unhappy_bound)


def link_of(survey: Survey) -> str:
    """The public address of a survey."""
    return f"{settings.AMENDS_PUBLIC_URL}/ask/{token_of('survey-link', survey.key)}/"


def frame_address(survey: Survey) -> str:
    """The address a site puts in a frame."""
    return f"{settings.AMENDS_PUBLIC_URL}/ask/frame/{token_of('survey-link', survey.key)}/"


def snippet_of(survey: Survey) -> str:
    """The HTML a site puts on its page."""
    address = frame_address(survey)
    return f'<iframe src="{address}" title="{_("How did we do?")}" width="100%" height="420" loading="lazy"></iframe>'
