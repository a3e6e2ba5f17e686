"""Tickets of Zendesk (PURE): its JSON export, or its incremental ticket export with `users`, `groups` and comments put in.

A ticket is the object of the Tickets API with `comments` (objects of the Ticket Comments API) inside. People come from nested
`requester`, `submitter` and `assignee` objects, or from `users` beside the tickets.
Source: developer.zendesk.com, "Tickets", "Ticket Comments", "Incremental Exports", "Satisfaction Ratings".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.cases.public import Direction, PastMessage
from amends.intake.channels.imports.helpdesks import ticket as common
from amends.intake.channels.imports.helpdesks.ticket import Directory, Somebody, Ticket, items, table, text_of
from amends.intake.channels.imports.reading import as_text

CHANNELS = {
    "email": "email",
    "web": "web",
    "web_form": "web",
    "mobile": "web",
    "mobile_sdk": "web",
    "help_center": "web",
    "voice": "phone",
    "phone": "phone",
    "chat": "chat",
    "native_messaging": "chat",
    "api": "api",
}


def collect(kind: str, value: Mapping[str, Any], found: Directory) -> None:
    """Remember a person, group or organisation that stands beside the tickets."""
    number = as_text(value.get("id"))
    if kind in ("users", "people"):
        found.people[number] = _somebody(value)
    elif kind in ("groups", "organizations", "ticket_fields", "brands"):
        found.names[(kind, number)] = text_of(value, "name", "title")


def _somebody(value: Mapping[str, Any]) -> Somebody:
    role = text_of(value, "role").lower()
    return Somebody(
        name=text_of(value, "name"),
        email=text_of(value, "email").lower(),
        phone=text_of(value, "phone"),
        language=text_of(value, "locale").split("-")[0][:10],
        customer=role == "end-user" if role else None,
    )


def read(value: Mapping[str, Any], found: Directory) -> Ticket:
    """One ticket.

    Raises:
        BadInput: a time in it is not one.
    """
    people = {
        as_text(nested.get("id") or value.get(f"{who}_id")): _somebody(nested)
        for who in ("assignee", "submitter", "requester")
        if (nested := table(value.get(who)))
    }
    requester_id = as_text(table(value.get("requester")).get("id") or value.get("requester_id"))
    requester = people.get(requester_id) or found.person(requester_id)
    known = Directory({**found.people, **people} if people else found.people, found.names)
    channel = CHANNELS.get(text_of(table(value.get("via")), "channel").lower(), "")
    messages = [
        one
        for comment in items(value.get("comments"))
        if (one := _message(comment, requester_id, known, value)) is not None
    ]
    if not messages and (opening := _opening(value, requester)) is not None:
        messages = [opening]
    return Ticket(
        common.columns_of(_columns(value, known, channel), requester, requester_id, _custom(value, known)),
        tuple(messages),
    )


def _columns(value: Mapping[str, Any], known: Directory, channel: str) -> dict[str, str]:
    rating = table(value.get("satisfaction_rating"))
    score = text_of(rating, "score")
    return {
        "id": text_of(value, "id", "nice_id"),
        "subject": text_of(value, "subject", "raw_subject"),
        "description": text_of(value, "description"),
        "status": text_of(value, "status").lower(),
        "priority": text_of(value, "priority"),
        "type": text_of(value, "type"),
        "channel": channel,
        "created_at": text_of(value, "created_at"),
        "updated_at": text_of(value, "updated_at"),
        "solved_at": text_of(table(value.get("metric_set")), "solved_at") or text_of(value, "solved_at"),
        "group": text_of(table(value.get("group")), "name") or known.name("groups", value.get("group_id")),
        "assignee": text_of(table(value.get("assignee")), "name") or known.person(value.get("assignee_id")).name,
        "organization": text_of(table(value.get("organization")), "name")
        or known.name("organizations", value.get("organization_id")),
        "tags": as_text(value.get("tags")),
        "satisfaction": "" if score in ("unoffered", "offered") else score,
        "satisfaction_comment": text_of(rating, "comment"),
    }


def _custom(value: Mapping[str, Any], known: Directory) -> dict[str, Any]:
    fields = items(value.get("custom_fields")) or items(value.get("fields"))
    return {
        known.name("ticket_fields", one.get("id")) or as_text(one.get("id")): one.get("value")
        for one in fields
        if one.get("value") not in (None, "", False)
    }


def _message(
    comment: Mapping[str, Any], requester_id: str, known: Directory, value: Mapping[str, Any]
) -> PastMessage | None:
    author_id = as_text(comment.get("author_id"))
    author = known.person(author_id)
    voice = text_of(comment, "type") == "VoiceComment"
    if comment.get("public") is False:
        direction = Direction.INTERNAL
    else:
        customer = author_id == requester_id or author.customer is True
        direction = Direction.IN if customer else Direction.OUT
    plain = text_of(comment, "plain_body", "body").replace("&nbsp;", " ")
    return common.message(
        direction=direction,
        at=common.moment_of({**comment, "of_the_ticket": value.get("created_at")}, "created_at", "of_the_ticket"),
        words=common.words_of(plain, text_of(comment, "html_body")),
        author=author,
        attachments=items(comment.get("attachments")),
        file_name=("file_name",),
        kind="call" if voice else "",
        channel="phone" if voice else CHANNELS.get(text_of(table(comment.get("via")), "channel").lower(), ""),
    )


def _opening(value: Mapping[str, Any], requester: Somebody) -> PastMessage | None:
    """What the ticket began with, when its comments did not come along."""
    return common.message(
        direction=Direction.IN,
        at=common.moment_of(value, "created_at"),
        words=(text_of(value, "description"), ""),
        author=requester,
    )
