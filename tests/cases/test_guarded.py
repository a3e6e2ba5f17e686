"""A case on a restricted list is there only for the list's members, and a case about one of us never for that person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.architecture.test_routes import BODY, CASE_ROUTES, address
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import (
    AccessList,
    Complaint,
    Filters,
    access_complaint,
    announce_change,
    assign,
    closed_complaints,
    create_list,
    hide_from,
    list_automatically,
    list_case,
    list_complaints,
    sees,
    set_list_members,
    unlist_case,
    visible_complaints,
    who_may_see,
)
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from amends.handling.public import promise, visible_promises
from amends.notifications.models import Notification
from amends.notifications.public import notify, raise_alert, unread
from amends.workspace.news import addressed_to


@pytest.fixture
def legal(house: House, ada: User, lena: User) -> AccessList:
    """A restricted list that only Lena is on."""
    made = create_list(actor=actor(ada), key="legal", name="Court cases", kind="legal")
    return set_list_members(actor=actor(ada), list_id=made.pk, user_ids=[lena.pk])


def numbers(user: User) -> set[int]:
    return set(visible_complaints(actor(user)).values_list("pk", flat=True))


def test_only_members_see_a_case_on_a_restricted_list(
    complaint: Complaint, legal: AccessList, lena: User, alice: User, ada: User, conny: User, dora: User
) -> None:
    list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=legal.pk, reason="A letter from a lawyer.")
    assert numbers(lena) == {complaint.pk}
    for other in (alice, ada, conny, dora):
        assert numbers(other) == set()
        with pytest.raises(NotFound):
            access_complaint(actor(other), complaint.reference or "")
        assert list_complaints(actor(other), Filters(q="speaker"))[0] == []
    unlist_case(actor=actor(lena), complaint_id=complaint.pk, list_id=legal.pk)
    assert numbers(alice) == {complaint.pk}


def test_a_list_without_limits_hides_nothing(complaint: Complaint, ada: User, alice: User) -> None:
    important = create_list(actor=actor(ada), key="vip", name="Important", kind="important", restricted=False)
    list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=important.pk)
    assert numbers(alice) == {complaint.pk}


def test_on_two_restricted_lists_only_who_is_on_both_sees_it(
    complaint: Complaint, legal: AccessList, ada: User, lena: User, dora: User
) -> None:
    media = create_list(actor=actor(ada), key="media", name="Press", kind="media")
    set_list_members(actor=actor(ada), list_id=media.pk, user_ids=[lena.pk, dora.pk])
    for one in (media, legal):
        list_case(actor=SYSTEM, complaint_id=complaint.pk, list_id=one.pk)
    assert (numbers(lena), numbers(dora)) == ({complaint.pk}, set())


def test_a_case_about_the_administrator_is_hidden_from_the_administrator(
    complaint: Complaint, ada: User, alice: User, lena: User
) -> None:
    assign(actor=actor(ada), complaint_id=complaint.pk, owner_id=ada.pk)
    assert hide_from(actor=actor(alice), complaint_id=complaint.pk, user_ids=[ada.pk]) == [ada.pk]
    assert hide_from(actor=actor(alice), complaint_id=complaint.pk, user_ids=[ada.pk]) == []
    complaint.refresh_from_db()
    assert (complaint.owner_id, complaint.guarded) == (None, True)
    assert (numbers(ada), numbers(alice)) == (set(), {complaint.pk})
    with pytest.raises(BadInput, match="cannot work"):
        assign(actor=actor(lena), complaint_id=complaint.pk, owner_id=ada.pk)


def test_nobody_is_told_of_a_case_that_is_closed_to_them(
    complaint: Complaint, legal: AccessList, lena: User, alice: User
) -> None:
    tell = {"kind": "x", "title": f"{complaint.reference}: x", "url": "/", "complaint_id": complaint.pk}
    notify(users=[alice.pk, lena.pk], key="before", **tell)
    list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=legal.pk)
    notify(users=[alice.pk, lena.pk], key="after", **tell)
    levels = [[alice.pk], [lena.pk]]
    alert = raise_alert(
        levels=levels, title=lambda: "x", key="a", minutes=5, kind="x", url="/", complaint_id=complaint.pk
    )
    assert alert is not None
    assert not any((complaint.reference or "") in one.title for one in Notification.objects.filter(user=alice))
    assert unread(alice.pk) == []
    assert {one.key for one in unread(lena.pk)} == {"before", "after"}
    alert.refresh_from_db()
    assert alert.climbs_at is not None
    assert alert.climbs_at <= clock.now(), "nobody of the first level may hear it: the next one does at once"


def test_the_live_news_name_who_may_hear(
    complaint: Complaint, legal: AccessList, lena: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, object]] = []
    list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=legal.pk)
    complaint.refresh_from_db()
    monkeypatch.setattr("amends.cases.news.announce", lambda topic, **more: said.append({"topic": topic, **more}))
    announce_change(complaint)
    assert addressed_to(said[0], actor(lena)) is not None
    assert addressed_to(said[0], actor(alice)) is None


def test_promises_of_closed_cases_are_not_in_anybody_elses_list(
    complaint: Complaint, legal: AccessList, lena: User, dora: User
) -> None:
    promise(actor=actor(lena), complaint_id=complaint.pk, what="A call", due=clock.now() + timedelta(days=3))
    list_case(actor=actor(lena), complaint_id=complaint.pk, list_id=legal.pk)
    assert visible_promises(actor(lena)).count() == 1
    assert visible_promises(actor(dora)).count() == 0
    assert closed_complaints(actor(dora)).count() == 1
    complaint.refresh_from_db()
    assert sees(actor(lena), complaint)
    assert not sees(actor(dora), complaint)


def test_a_case_cannot_be_locked_away_from_everybody(
    complaint: Complaint, ada: User, alice: User, legal: AccessList
) -> None:
    empty = create_list(actor=actor(ada), key="empty", name="Nobody", kind="other")
    with pytest.raises(Refused, match="Nobody could work"):
        list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=empty.pk)
    complaint.refresh_from_db()
    assert not complaint.guarded
    list_case(actor=actor(alice), complaint_id=complaint.pk, list_id=legal.pk)
    with pytest.raises(Refused):
        set_list_members(actor=actor(ada), list_id=legal.pk, user_ids=[])
    assert legal.members.count() == 1


def test_lists_are_the_administrators(legal: AccessList, alice: User, ada: User) -> None:
    with pytest.raises(NotAllowed):
        set_list_members(actor=actor(alice), list_id=legal.pk, user_ids=[alice.pk])
    with pytest.raises(Conflict):
        create_list(actor=actor(ada), key="legal", name="Again", kind="legal")
    with pytest.raises(BadInput, match="kind"):
        create_list(actor=actor(ada), key="odd", name="Odd", kind="odd")
    with pytest.raises(NotFound):
        set_list_members(actor=actor(ada), list_id=10**9, user_ids=[])


def test_assessed_cases_come_onto_the_automatic_list_of_their_kind(
    complaint: Complaint, ada: User, lena: User, alice: User
) -> None:
    safety = create_list(actor=actor(ada), key="safety", name="Safety", kind="safety", automatic=True)
    Complaint.objects.filter(pk=complaint.pk).update(safety=True)
    assert list_automatically(complaint_id=complaint.pk) == 0
    set_list_members(actor=actor(ada), list_id=safety.pk, user_ids=[lena.pk])
    assert list_automatically(complaint_id=complaint.pk) == 1
    assert list_automatically(complaint_id=complaint.pk) == 0
    assert (numbers(lena), numbers(alice)) == ({complaint.pk}, set())


def test_the_number_of_queries_stays_the_same_however_many_cases_are_guarded(
    house: House, legal: AccessList, lena: User
) -> None:
    counts = []
    for _round in range(2):
        for _ in range(3):
            list_case(actor=SYSTEM, complaint_id=new_complaint(house.london).pk, list_id=legal.pk)
        who = actor(lena)
        with CaptureQueriesContext(connection) as asked:
            list_complaints(who, Filters())
        counts.append(len(asked))
    assert counts == [1, 1]
    assert who_may_see(10**9, [lena.pk]) == {lena.pk}


@pytest.mark.parametrize("path", [one for one in CASE_ROUTES if not one.startswith("api/")])
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_case_route_answers_404_to_somebody_to_whom_the_case_is_closed(
    client: Client, complaint: Complaint, alice: User, lena: User, path: str, method: str
) -> None:
    """Alice works in this very unit; the case is about her."""
    hide_from(actor=SYSTEM, complaint_id=complaint.pk, user_ids=[alice.pk])
    client.force_login(alice)

    def ask(reference: str) -> tuple[int, bytes]:
        answer = getattr(client, method)(address(path, reference), **({"data": BODY} if method == "post" else {}))
        return answer.status_code, answer.content

    theirs, absent = ask(complaint.reference or ""), ask("AM-1999-999999")
    assert theirs[0] in (404, 405, 422)
    assert theirs == absent
    assert b"Maya" not in theirs[1]


def test_a_program_with_a_token_does_not_see_a_restricted_case(
    client: Client, complaint: Complaint, legal: AccessList, token: str
) -> None:
    path, headers = f"/api/v1/complaints/{complaint.reference}", {"Authorization": f"Bearer {token}"}
    assert client.get(path, headers=headers).status_code == 200
    list_case(actor=SYSTEM, complaint_id=complaint.pk, list_id=legal.pk)
    assert client.get(path, headers=headers).status_code == 404
    listed = client.get("/api/v1/complaints", headers=headers)
    assert listed.status_code == 200
    assert (complaint.reference or "").encode() not in listed.content
