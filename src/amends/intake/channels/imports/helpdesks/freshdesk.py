"""Tickets of Freshdesk (PURE).

Either its account export (XML, or JSON with `helpdesk_ticket`), or the objects of its API with `conversations` inside.

Source: developers.freshdesk.com, "Tickets", "Conversations", "Satisfaction Ratings" (the numbers of status, source and ratings), and
the tags of the account export (`helpdesk-ticket`, `display-id`, `helpdesk-note`, `incoming`, `private`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.cases.public import Direction, PastMessage
from amends.intake.channels.imports.helpdesks import ticket as common
from amends.intake.channels.imports.helpdesks.ticket import Directory, Somebody, Ticket, items, table, text_of
from amends.intake.channels.imports.reading import as_text

TAGS = ("helpdesk-ticket", "helpdesk_ticket", "ticket")
STATUS = {
    "2": "open",
    "3": "pending",
    "4": "resolved",
    "5": "closed",
    "6": "waiting on customer",
    "7": "waiting on third party",
}
PRIORITY = {"1": "Low", "2": "Medium", "3": "High", "4": "Urgent"}
SOURCES = {"1": "email", "2": "web", "3": "phone", "7": "chat", "9": "web", "10": "email"}
SOURCE_NAMES = {
    "email": "email",
    "portal": "web",
    "phone": "phone",
    "chat": "chat",
    "feedback widget": "web",
    "outbound email": "email",
}
OUTBOUND = "10"


def collect(kind: str, value: Mapping[str, Any], found: Directory) -> None:
    """Remember a contact, agent, group or company that stands beside the tickets."""
    number = as_text(value.get("id"))
    if kind in ("contacts", "users", "people", "requesters"):
        found.people[number] = _somebody(value, customer=True if kind == "contacts" else None)
    elif kind == "agents":
        nested = table(value.get("contact")) or table(value.get("user"))
        found.people[as_text(value.get("user_id")) or number] = _somebody(nested or value, customer=False)
    elif kind in ("groups", "companies", "products"):
        found.names[(kind, number)] = text_of(value, "name")


def _somebody(value: Mapping[str, Any], customer: bool | None) -> Somebody:
    return Somebody(
        name=text_of(value, "name"),
        email=text_of(value, "email").lower(),
        phone=text_of(value, "phone", "mobile"),
        language=text_of(value, "language")[:2],
        customer=customer,
    )


def read(value: Mapping[str, Any], found: Directory) -> Ticket:
    """One ticket.

    Raises:
        BadInput: a time in it is not one.
    """
    value = table(value.get("helpdesk_ticket")) or value
    requester_id = as_text(value.get("requester_id"))
    requester = _requester(value, found.person(requester_id))
    notes = next(
        (some for name in ("conversations", "helpdesk_notes", "notes") if (some := items(_listed(value.get(name))))), []
    )
    spoken = [_opening(value, requester), *(_note(_unwrapped(one), requester, requester_id, found) for one in notes)]
    columns = common.columns_of(_columns(value, found), requester, requester_id, _custom(value))
    return Ticket(columns, tuple(one for one in spoken if one is not None))


def _listed(value: Any) -> Any:
    """XML gives a single note as an object, not as a list of one."""
    if isinstance(value, dict):
        inner = value.get("helpdesk_note", value)
        return inner if isinstance(inner, list) else [inner]
    return value


def _unwrapped(note: Mapping[str, Any]) -> Mapping[str, Any]:
    return table(note.get("helpdesk_note")) or table(note.get("note")) or note


def _requester(value: Mapping[str, Any], listed: Somebody) -> Somebody:
    nested = table(value.get("requester"))
    return Somebody(
        name=text_of(nested, "name") or listed.name or text_of(value, "requester_name"),
        email=(text_of(nested, "email") or listed.email or text_of(value, "email", "requester_email")).lower(),
        phone=text_of(nested, "phone", "mobile") or listed.phone or text_of(value, "phone"),
        language=listed.language,
        customer=True,
    )


def _columns(value: Mapping[str, Any], found: Directory) -> dict[str, str]:
    stats = table(value.get("stats")) or table(value.get("ticket_states"))
    rating = next(iter(items(_listed(value.get("satisfaction_ratings")))), {})
    source = text_of(value, "source")
    status = text_of(value, "status_name") or STATUS.get(text_of(value, "status"), text_of(value, "status"))
    tags = value.get("tags")
    return {
        "id": text_of(value, "display_id", "id"),
        "subject": text_of(value, "subject"),
        "description": text_of(value, "description_text", "description"),
        "status": status.lower(),
        "priority": text_of(value, "priority_name") or PRIORITY.get(text_of(value, "priority"), ""),
        "type": text_of(value, "type", "ticket_type"),
        "channel": SOURCE_NAMES.get(text_of(value, "source_name").lower(), SOURCES.get(source, "")),
        "created_at": text_of(value, "created_at"),
        "updated_at": text_of(value, "updated_at"),
        "solved_at": text_of(stats, "resolved_at", "closed_at"),
        "group": text_of(value, "group_name") or found.name("groups", value.get("group_id")),
        "assignee": text_of(value, "responder_name") or found.person(value.get("responder_id")).name,
        "organization": text_of(table(value.get("company")), "name")
        or found.name("companies", value.get("company_id")),
        "product": text_of(value, "product_name") or found.name("products", value.get("product_id")),
        "tags": ", ".join(text_of(one, "name") for one in items(tags))
        or as_text(tags if isinstance(tags, list) else None),
        "satisfaction": as_text(table(rating.get("ratings")).get("default_question") or rating.get("rating")),
        "satisfaction_comment": text_of(rating, "feedback"),
    }


def _custom(value: Mapping[str, Any]) -> dict[str, Any]:
    own = table(value.get("custom_fields")) or table(value.get("custom_field"))
    return {name.removeprefix("cf_"): one for name, one in own.items() if one not in (None, "", False)}


def _opening(value: Mapping[str, Any], requester: Somebody) -> PastMessage | None:
    """What the ticket began with; a mail that the helpdesk itself wrote first goes out."""
    html = text_of(value, "description_html") or (
        text_of(value, "description") if value.get("description_text") else ""
    )
    plain = text_of(value, "description_text") or text_of(value, "description")
    return common.message(
        direction=Direction.OUT if text_of(value, "source") == OUTBOUND else Direction.IN,
        at=common.moment_of(value, "created_at"),
        words=common.words_of(plain, html),
        author=common.NOBODY if text_of(value, "source") == OUTBOUND else requester,
        attachments=items(_listed(value.get("attachments"))),
        file_name=("name", "content_file_name"),
        file_size=("size", "content_file_size"),
        subject=text_of(value, "subject"),
    )


def _note(note: Mapping[str, Any], requester: Somebody, requester_id: str, found: Directory) -> PastMessage | None:
    author_id = as_text(note.get("user_id"))
    incoming = note.get("incoming") in (True, "true")
    spoken = Direction.IN if incoming else Direction.OUT
    direction = Direction.INTERNAL if note.get("private") in (True, "true") else spoken
    author = requester if author_id and author_id == requester_id else found.person(author_id)
    return common.message(
        direction=direction,
        at=common.moment_of(note, "created_at"),
        words=common.words_of(
            text_of(note, "body_text") or ("" if note.get("body_html") else text_of(note, "body")),
            text_of(note, "body_html") or (text_of(note, "body") if note.get("body_text") else ""),
        ),
        author=author,
        attachments=items(_listed(note.get("attachments"))),
        file_name=("name", "content_file_name"),
        file_size=("size", "content_file_size"),
    )
