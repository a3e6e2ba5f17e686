"""Intake through the API."""

from __future__ import annotations

from typing import Annotated

from django.conf import settings
from django.http import HttpRequest
from ninja import Header, Schema
from ninja.responses import Status

from amends.accounts.public import Permission
from amends.core.api import api_actor, complaints_router, scope
from amends.intake.channels.api.receive import ComplaintIn, receive

router = complaints_router


class RegisteredOut(Schema):
    """A registered complaint."""

    reference: str
    phase: str
    url: str
    created: bool


@router.post(
    "/complaints", response={201: RegisteredOut, 200: RegisteredOut}, summary="Register a complaint", tags=["intake"]
)
@scope(Permission.CASE_REGISTER)
def post_complaint(
    request: HttpRequest, body: ComplaintIn, idempotency_key: Annotated[str, Header(alias="Idempotency-Key")] = ""
) -> Status[RegisteredOut]:
    """Register a complaint. The same `Idempotency-Key` again answers with the same complaint."""
    result = receive(actor=api_actor(request), body=body, idempotency_key=idempotency_key)
    complaint = result.complaint
    return Status(
        201,
        RegisteredOut(
            reference=complaint.reference or "",
            phase=complaint.phase,
            url=f"{settings.AMENDS_PUBLIC_URL}/cases/{complaint.reference}/",
            created=result.created,
        ),
    )
