"""Exports of helpdesks in the shapes that their documentation describes, with people and words of our own."""

# ruff: noqa: E501  # tables of samples are easier to read in one line each

from __future__ import annotations

from typing import Any

ZENDESK: dict[str, Any] = {
    "id": 4711,
    "subject": "Speaker is silent",
    "description": "My speaker is silent since Monday.",
    "status": "solved",
    "priority": "high",
    "type": "problem",
    "via": {"channel": "email"},
    "requester_id": 11,
    "submitter_id": 11,
    "assignee_id": 21,
    "group_id": 31,
    "organization_id": None,
    "tags": ["speaker", "refund"],
    "custom_fields": [{"id": 501, "value": "ORD-77"}, {"id": 502, "value": None}],
    "satisfaction_rating": {"score": "bad", "comment": "It took too long."},
    "created_at": "2025-03-03T09:00:00Z",
    "updated_at": "2025-03-07T16:30:00Z",
    "comments": [
        {
            "id": 2,
            "author_id": 21,
            "public": True,
            "body": "We are sorry. A new one is on its way.",
            "html_body": "<div class='zd-comment'><p>We are <b>sorry</b>. <script>x()</script>A new one is on its way.</p></div>",
            "created_at": "2025-03-04T10:00:00Z",
            "attachments": [],
        },
        {
            "id": 1,
            "author_id": 11,
            "public": True,
            "body": "My speaker is silent since Monday.",
            "html_body": "<p>My speaker is silent since Monday.</p>",
            "created_at": "2025-03-03T09:00:00Z",
            "attachments": [{"file_name": "silent.mp4", "size": 20480, "content_type": "video/mp4"}],
        },
        {
            "id": 3,
            "author_id": 21,
            "public": False,
            "body": "Stock says Friday.",
            "created_at": "2025-03-05T08:00:00Z",
            "attachments": [],
        },
    ],
}
ZENDESK_EXPORT: dict[str, Any] = {
    "tickets": [ZENDESK, {**ZENDESK, "id": 4712, "status": "open", "comments": [], "satisfaction_rating": {"score": "unoffered"}}],
    "users": [
        {"id": 11, "name": "Maya Okafor", "email": "Maya@example.org", "role": "end-user", "locale": "en-GB", "phone": "+44 1"},
        {"id": 21, "name": "Sam Agent", "email": "sam@northlight.example", "role": "agent"},
    ],
    "groups": [{"id": 31, "name": "London shop"}],
    "ticket_fields": [{"id": 501, "title": "Order"}],
    "end_of_stream": True,
}  # fmt: skip

ZAMMAD: dict[str, Any] = {
    "id": 9,
    "number": "61009",
    "title": "Rechnung doppelt abgebucht",
    "group_id": 2,
    "group": "Laden Berlin",
    "state": "closed",
    "priority": "2 normal",
    "customer_id": 5,
    "customer": "jana@example.org",
    "owner_id": 3,
    "owner": "kai@northlight.example",
    "created_at": "2025-02-01T07:30:00.000Z",
    "updated_at": "2025-02-03T12:00:00.000Z",
    "close_at": "2025-02-02T12:00:00.000Z",
    "article_count": 3,
    "filiale_nr": "B-12",
    "tags": ["rechnung"],
    "articles": [
        {
            "id": 1,
            "type": "email",
            "sender": "Customer",
            "internal": False,
            "from": "Jana Kurz <jana@example.org>",
            "subject": "Rechnung doppelt abgebucht",
            "content_type": "text/html",
            "body": "<p>Sie haben <b>zweimal</b> abgebucht.</p><ul><li>1. Februar</li></ul>",
            "attachments": [{"id": 1, "filename": "konto.pdf", "size": "9000"}],
            "created_at": "2025-02-01T07:30:00.000Z",
        },
        {
            "id": 2,
            "type": "note",
            "sender": "Agent",
            "internal": True,
            "from": "Kai Lang",
            "content_type": "text/plain",
            "body": "Buchhaltung gefragt.",
            "created_at": "2025-02-01T09:00:00.000Z",
        },
        {
            "id": 3,
            "type": "phone",
            "sender": "Agent",
            "internal": False,
            "from": "Kai Lang",
            "content_type": "text/plain",
            "body": "Angerufen: Das Geld ist zurück.",
            "created_at": "2025-02-02T11:00:00.000Z",
        },
    ],
}
ZAMMAD_ASSETS: dict[str, Any] = {
    "ticket_id": 9,
    "ticket_article_ids": [1, 2],
    "assets": {
        "Ticket": {"9": {"id": 9, "number": "61010", "title": "Kaputt", "group_id": 2, "state_id": 4, "priority_id": 2, "customer_id": 5, "created_at": "2025-02-01T07:30:00.000Z", "close_at": "2025-02-02T07:30:00.000Z"}},
        "TicketArticle": {
            "1": {"id": 1, "sender_id": 2, "type_id": 1, "internal": False, "body": "Es ist kaputt.", "content_type": "text/plain", "created_at": "2025-02-01T07:30:00.000Z"},
            "2": {"id": 2, "sender_id": 1, "type_id": 1, "internal": False, "created_by_id": 3, "body": "Ein neues kommt.", "content_type": "text/plain", "created_at": "2025-02-02T07:30:00.000Z"},
        },
        "User": {"5": {"id": 5, "firstname": "Jana", "lastname": "Kurz", "email": "jana@example.org"}, "3": {"id": 3, "firstname": "Kai", "lastname": "Lang", "email": "kai@northlight.example"}},
        "Group": {"2": {"id": 2, "name": "Laden Berlin"}},
        "TicketState": {"4": {"id": 4, "name": "closed"}},
        "TicketArticleType": {"1": {"id": 1, "name": "email"}},
    },
}  # fmt: skip

FRESHDESK: dict[str, Any] = {
    "id": 88,
    "subject": "Late delivery",
    "description": "<div>The parcel is <b>a week</b> late.</div>",
    "description_text": "The parcel is a week late.",
    "status": 5,
    "priority": 3,
    "source": 3,
    "type": "Problem",
    "requester_id": 51,
    "requester": {"id": 51, "name": "Ben Reed", "email": "ben@example.org", "phone": "+44 20 1"},
    "responder_id": 61,
    "group_id": 71,
    "tags": ["delivery"],
    "custom_fields": {"cf_order_number": "A-1", "cf_empty": None},
    "stats": {"resolved_at": "2025-04-03T10:00:00Z", "closed_at": "2025-04-04T10:00:00Z"},
    "created_at": "2025-04-01T10:00:00Z",
    "updated_at": "2025-04-04T10:00:00Z",
    "conversations": [
        {"id": 1, "user_id": 61, "incoming": False, "private": False, "body": "<div>It arrives today.</div>", "body_text": "It arrives today.", "created_at": "2025-04-02T10:00:00Z", "attachments": [{"name": "label.pdf", "size": 100}]},
        {"id": 2, "user_id": 61, "incoming": False, "private": True, "body_text": "Carrier lost it once.", "created_at": "2025-04-02T11:00:00Z"},
        {"id": 3, "user_id": 51, "incoming": True, "private": False, "body_text": "Thank you.", "created_at": "2025-04-03T09:00:00Z"},
    ],
}  # fmt: skip
FRESHDESK_XML = """<?xml version="1.0" encoding="UTF-8"?>
<helpdesk-tickets type="array">
  <helpdesk-ticket>
    <display-id type="integer">90</display-id>
    <subject>Wrong colour</subject>
    <description>It is green, not blue.</description>
    <status type="integer">4</status>
    <status-name>Resolved</status-name>
    <source type="integer">1</source>
    <requester-id type="integer">51</requester-id>
    <requester-name>Ben Reed</requester-name>
    <group-id nil="true"/>
    <created-at type="datetime">2025-05-01T10:00:00+01:00</created-at>
    <updated-at type="datetime">2025-05-02T10:00:00+01:00</updated-at>
    <helpdesk-notes type="array">
      <helpdesk-note>
        <body>Blue is on its way.</body>
        <incoming type="boolean">false</incoming>
        <private type="boolean">false</private>
        <user-id type="integer">61</user-id>
        <created-at type="datetime">2025-05-01T12:00:00+01:00</created-at>
      </helpdesk-note>
    </helpdesk-notes>
  </helpdesk-ticket>
  <helpdesk-ticket>
    <display-id type="integer">91</display-id>
    <subject>Broken time</subject>
    <description>Still a complaint.</description>
    <status type="integer">2</status>
    <created-at type="datetime">the other day</created-at>
  </helpdesk-ticket>
</helpdesk-tickets>
"""
