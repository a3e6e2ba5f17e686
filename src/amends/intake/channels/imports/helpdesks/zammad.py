"""Tickets of Zammad (PURE), as its REST API gives them.

A ticket is the object of `GET /api/v1/tickets/ID?expand=true` with `articles` (from `/api/v1/ticket_articles/by_ticket/ID?expand=true`)
inside, or the whole answer of `GET /api/v1/tickets/ID?all=true` with its `assets`. People may also stand beside the tickets, as `users`.
Source: docs.zammad.org, "API: Ticket", "API: Ticket Articles", "API: User".
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
    "phone": "phone",
    "web": "web",
    "chat": "chat",
    "sms": "phone",
    "fax": "letter",
}
_ASSETS = {"User": "users", "Group": "groups", "TicketState": "states", "TicketPriority": "priorities",
           "Organization": "organizations", "TicketArticleType": "types", "TicketArticleSender": "senders"}  # fmt: skip
_SENDERS = {"1": "Agent", "2": "Customer", "3": "System"}
"""The ids of the three senders in every installation."""


def collect(kind: str, value: Mapping[str, Any], found: Directory) -> None:
    """Remember a person, group or the like that stands beside the tickets."""
    number = as_text(value.get("id"))
    if kind in ("users", "people"):
        somebody = _somebody(value)
        found.people[number] = somebody
        for name in ("email", "login"):
            if key := text_of(value, name).lower():
                found.people.setdefault(key, somebody)
    elif kind in _ASSETS.values():
        found.names[(kind, number)] = text_of(value, "name")


def _somebody(value: Mapping[str, Any]) -> Somebody:
    roles = value.get("roles")
    staff = {"agent", "admin"} & {str(one).lower() for one in roles} if isinstance(roles, list) and roles else None
    name = " ".join(part for part in (text_of(value, "firstname"), text_of(value, "lastname")) if part)
    return Somebody(
        name=name or text_of(value, "login"),
        email=text_of(value, "email").lower(),
        phone=text_of(value, "phone", "mobile"),
        language=text_of(table(value.get("preferences")), "locale").split("-")[0][:10],
        customer=None if staff is None else not staff,
    )


def read(value: Mapping[str, Any], found: Directory) -> Ticket:
    """One ticket.

    Raises:
        BadInput: a time in it is not one.
    """
    value, known, articles = _opened(value, found)
    requester_id = as_text(value.get("customer_id")) or text_of(value, "customer")
    requester = _requester(value, known, articles)
    messages = [one for article in articles if (one := _message(article, known, requester, value)) is not None]
    first_type = _name(articles[0], "type", "types", known).lower() if articles else ""
    columns = _columns(value, known, CHANNELS.get(first_type, ""))
    return Ticket(common.columns_of(columns, requester, requester_id, _custom(value)), tuple(messages))


def _opened(value: Mapping[str, Any], found: Directory) -> tuple[Mapping[str, Any], Directory, list[Mapping[str, Any]]]:
    """The ticket itself, all that is known, and the articles, out of either shape."""
    assets = table(value.get("assets"))
    if not assets:
        return value, found, items(value.get("articles"))
    known = Directory(dict(found.people), dict(found.names))
    for asset, kind in _ASSETS.items():
        for one in table(assets.get(asset)).values():
            if isinstance(one, dict):
                collect(kind, one, known)
    tickets = table(assets.get("Ticket"))
    ticket = table(tickets.get(as_text(value.get("ticket_id")))) or table(next(iter(tickets.values()), {}))
    wanted = value.get("ticket_article_ids")
    by_id = table(assets.get("TicketArticle"))
    ids = [as_text(one) for one in wanted] if isinstance(wanted, list) else list(by_id)
    return ticket, known, [table(by_id.get(one)) for one in ids if one in by_id]


def _requester(value: Mapping[str, Any], known: Directory, articles: list[Mapping[str, Any]]) -> Somebody:
    listed = known.person(value.get("customer_id"))
    if listed.name or listed.email:
        return listed
    address = text_of(value, "customer").lower()
    listed = known.person(address)
    if listed.name or listed.email:
        return listed
    spoken = next((text_of(one, "from") for one in articles if _sender(one, known) == "Customer"), "")
    name, _, rest = spoken.partition("<")
    return Somebody(
        name=name.strip(' "') if rest else "",
        email=(address if "@" in address else rest.rstrip("> ").lower() if "@" in rest else ""),
    )


def _name(value: Mapping[str, Any], field: str, kind: str, known: Directory) -> str:
    """A name that is written out (`expand=true`), or found by its id."""
    return text_of(value, field) or known.name(kind, value.get(f"{field}_id"))


def _sender(article: Mapping[str, Any], known: Directory) -> str:
    return _name(article, "sender", "senders", known) or _SENDERS.get(text_of(article, "sender_id"), "")


def _columns(value: Mapping[str, Any], known: Directory, channel: str) -> dict[str, str]:
    owner = known.person(value.get("owner_id")).name or text_of(value, "owner")
    return {
        "id": text_of(value, "number", "id"),
        "subject": text_of(value, "title"),
        "status": _name(value, "state", "states", known).lower(),
        "priority": _name(value, "priority", "priorities", known),
        "type": text_of(value, "type"),
        "channel": channel,
        "created_at": text_of(value, "created_at"),
        "updated_at": text_of(value, "updated_at"),
        "solved_at": text_of(value, "close_at"),
        "group": _name(value, "group", "groups", known),
        "assignee": "" if owner == "-" else owner,
        "organization": _name(value, "organization", "organizations", known),
        "tags": as_text(value.get("tags")),
    }


_OWN = frozenset(
    {
        *("id", "number", "title", "note", "type", "tags", "articles", "preferences", "pending_time", "time_unit"),
        *("article_count", "article_ids", "ticket_time_accounting", "ticket_time_accounting_ids"),
        *("checklist_id", "referencing_checklists", "referencing_checklist_ids"),
        *("group", "priority", "state", "organization", "owner", "customer"),
    }
)
_OWN_ENDS = ("_id", "_at", "_in_min", "_diff_in_min", "_by")


def _custom(value: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that the installation added to its tickets."""
    return {
        name: one
        for name, one in value.items()
        if isinstance(one, str | int)
        and not isinstance(one, bool)
        and name not in _OWN
        and not name.endswith(_OWN_ENDS)
    }


def _message(
    article: Mapping[str, Any], known: Directory, requester: Somebody, value: Mapping[str, Any]
) -> PastMessage | None:
    sender = _sender(article, known)
    spoken = Direction.IN if sender == "Customer" else Direction.OUT
    direction = Direction.INTERNAL if article.get("internal") is True else spoken
    author = (
        requester
        if direction == Direction.IN
        else known.person(article.get("origin_by_id") or article.get("created_by_id"))
    )
    if author == common.NOBODY:
        author = Somebody(name=text_of(article, "from").partition("<")[0].strip(' "'))
    kind = _name(article, "type", "types", known).lower()
    body = text_of(article, "body")
    html = body if text_of(article, "content_type").lower().startswith("text/html") else ""
    return common.message(
        direction=direction,
        at=common.moment_of({**article, "of_the_ticket": value.get("created_at")}, "created_at", "of_the_ticket"),
        words=common.words_of("" if html else body, html),
        author=author,
        attachments=items(article.get("attachments")),
        file_name=("filename",),
        subject=text_of(article, "subject"),
        kind="call" if kind == "phone" else "",
        channel=CHANNELS.get(kind, ""),
    )
