"""Lists with special handling: who puts what on them, who sees it, and what comes onto them by itself."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, Actor, User
from amends.audit.public import records_of
from amends.cases.public import (
    AccessList,
    Complaint,
    ListedCase,
    Person,
    access_complaint,
    assign,
    create_list,
    set_list_members,
    visible_complaints,
)
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.notifications.models import Notification
from amends.notifications.public import notify
from amends.routing.models import CaseAboutStaff
from amends.routing.special_lists import (
    change_members,
    list_page,
    lists_for,
    put_on_list,
    take_off_list,
)
from amends.routing.special_models import ListedCustomer

WHY = "A letter from her lawyer."


@pytest.fixture
def legal(ada: User, lena: User, dora: User) -> AccessList:
    made = create_list(actor=actor(ada), key="legal", name="Court cases", kind="legal")
    return set_list_members(actor=actor(ada), list_id=made.pk, user_ids=[lena.pk, dora.pk])


@pytest.fixture
def important(ada: User) -> AccessList:
    return create_list(actor=actor(ada), key="vip", name="Important", kind="important", restricted=False)


def put(complaint: Complaint, by: User | Actor, key: str, *, customer_too: bool = False) -> bool:
    who = by if isinstance(by, Actor) else actor(by)
    return put_on_list(actor=who, complaint_id=complaint.pk, key=key, reason=WHY, customer_too=customer_too)


def test_whoever_puts_a_case_on_a_list_of_others_sees_it_no_longer(
    complaint: Complaint, legal: AccessList, alice: User, lena: User
) -> None:
    assert put(complaint, alice, "legal") is False
    with pytest.raises(NotFound):
        access_complaint(actor(alice), complaint.pk)
    assert put(complaint, lena, "legal") is True
    assert ListedCase.objects.get().reason == WHY


def test_a_reason_is_needed_and_the_list_must_be_there(complaint: Complaint, legal: AccessList, alice: User) -> None:
    for reason in ("", " \x00 "):
        with pytest.raises(BadInput, match="why"):
            put_on_list(actor=actor(alice), complaint_id=complaint.pk, key="legal", reason=reason)
    with pytest.raises(NotFound):
        put(complaint, alice, "\x00nothing")


@pytest.mark.parametrize("same", ["email", "account_number", "phone"])
def test_the_next_case_of_a_customer_comes_onto_the_list_by_itself(
    house: House, complaint: Complaint, legal: AccessList, alice: User, lena: User, same: str
) -> None:
    person = complaint.customer
    person.account_number = "A-77"
    person.save()
    put(complaint, alice, "legal", customer_too=True)
    values = {"email": "other@example.org", "phone": "+44 20 7946 0999", "account_number": "B-1"}
    values[same] = getattr(person, same)
    later = new_complaint(house.london, complainant=Person(name="M. Okafor", **values))
    assert ListedCase.objects.get(complaint=later).reason == WHY
    assert not visible_complaints(actor(alice)).filter(pk=later.pk).exists()
    assert visible_complaints(actor(lena)).filter(pk=later.pk).exists()
    assert not Notification.objects.filter(complaint_id=later.pk, user=alice).exists()


def test_other_customers_and_empty_fields_come_onto_no_list(
    house: House, complaint: Complaint, important: AccessList, alice: User
) -> None:
    put(complaint, alice, "vip", customer_too=True)
    other = new_complaint(house.london, complainant=Person(name="Maya Okafor", email="another@example.org"))
    nameless = new_complaint(house.london, complainant=Person(name="Maya Okafor"))
    assert not ListedCase.objects.filter(complaint__in=[other, nameless]).exists()


def test_somebody_who_writes_for_a_customer_on_a_list_comes_onto_it(
    house: House, complaint: Complaint, important: AccessList, alice: User
) -> None:
    put(complaint, alice, "vip", customer_too=True)
    friend = new_complaint(
        house.london,
        complainant=Person(name="Maya Okafor", email="maya@example.org"),
        representative=Person(name="Tom Reed", email="tom@example.org"),
    )
    assert ListedCase.objects.filter(complaint=friend, access_list=important).exists()


def test_where_nobody_near_is_on_the_list_the_case_stays_off_and_the_record_says_so(
    house: House, complaint: Complaint, legal: AccessList, alice: User, lena: User, charlie: User, ada: User
) -> None:
    put(complaint, alice, "legal", customer_too=True)
    set_list_members(actor=actor(ada), list_id=legal.pk, user_ids=[lena.pk])
    berlin = new_complaint(house.berlin)
    assert not ListedCase.objects.filter(complaint=berlin).exists()
    assert "not_listed" in [one.kind for one in records_of(f"complaint:{berlin.pk}")]
    assert visible_complaints(actor(charlie)).filter(pk=berlin.pk).exists()


def test_what_was_put_on_a_list_can_be_taken_off_with_its_customer(
    house: House, complaint: Complaint, legal: AccessList, alice: User, lena: User
) -> None:
    put(complaint, alice, "legal", customer_too=True)
    with pytest.raises(NotFound):
        take_off_list(actor=actor(alice), complaint_id=complaint.pk, key="legal")
    assert take_off_list(actor=actor(lena), complaint_id=complaint.pk, key="legal", customer_too=True)
    assert not ListedCustomer.objects.exists()
    assert access_complaint(actor(alice), complaint.pk) == complaint
    assert not ListedCase.objects.filter(complaint=new_complaint(house.london)).exists()


def test_a_list_shows_each_person_only_what_they_may_see(
    complaint: Complaint, legal: AccessList, important: AccessList, alice: User, lena: User, ada: User, charlie: User
) -> None:
    put(complaint, alice, "vip", customer_too=True)
    assert len(list_page(actor(alice), "vip").customers) == 1
    assert list_page(actor(charlie), "vip").cases == list_page(actor(charlie), "vip").customers == []
    put(complaint, alice, "legal", customer_too=True)
    assert [one.key for one in lists_for(actor(alice))] == ["vip"]
    with pytest.raises(NotFound):
        list_page(actor(alice), "legal")
    page = list_page(actor(lena), "legal")
    assert ([one.complaint for one in page.cases], len(page.customers)) == ([complaint], 1)
    page = list_page(actor(ada), "legal")
    assert ([one.name for one in page.members], page.cases, page.customers) == (
        ["Dora Example", "Lena Example"],
        [],
        [],
    )


def test_members_are_changed_by_address_and_only_by_who_may(legal: AccessList, ada: User, alice: User) -> None:
    change_members(actor=actor(ada), key="legal", emails=["ALICE@northlight.example ", ""])
    assert list(legal.members.values_list("user_id", flat=True)) == [alice.pk]
    with pytest.raises(BadInput, match="nobody@"):
        change_members(actor=actor(ada), key="legal", emails=["nobody@northlight.example"])
    with pytest.raises(NotAllowed):
        change_members(actor=actor(alice), key="legal", emails=[])


def test_the_pages_make_a_list_name_its_members_and_put_a_case_on_it(
    client: Client, complaint: Complaint, ada: User, alice: User, lena: User, charlie: User
) -> None:
    client.force_login(ada)
    values = {"name": "Press & media", "kind": "media", "restricted": "1"}
    assert client.post("/lists/new/", values).headers["Location"] == "/lists/press-media/"
    assert "list with this key" in client.post("/lists/new/", values, follow=True).content.decode()
    assert client.post("/lists/new/", {"name": "\x00", "kind": "odd"}).status_code == 302
    client.post("/lists/press-media/members/", {"members": [lena.email]})
    assert "Lena Example" in client.get("/lists/press-media/").content.decode()
    where = f"/cases/{complaint.reference}/lists/"
    client.force_login(charlie)
    assert client.post(where, {"list": "press-media", "reason": WHY}).status_code == 404
    assert client.get("/lists/press-media/").status_code == 404
    client.force_login(alice)
    assert client.post("/lists/new/", values).status_code == 404
    hx = {"HX-Request": "true"}
    assert client.post(where, {"list": "press-media", "reason": ""}, headers=hx).status_code == 422
    gone = client.post(where, {"list": "press-media", "reason": WHY, "customer_too": "1"}, headers=hx)
    assert gone.headers["HX-Redirect"] == "/"
    assert client.get(f"/cases/{complaint.reference}/").status_code == 404
    client.force_login(lena)
    assert complaint.reference in client.get("/lists/press-media/").content.decode()
    panel = client.get(f"/cases/{complaint.reference}/panels/special/").content.decode()
    assert "further cases come here as well" in panel
    off = client.post(f"{where}off/", {"list": "press-media", "customer_too": "1"}, headers=hx).content.decode()
    assert "It is on no list." in off


def test_a_lead_closes_a_case_to_whom_it_is_about(
    client: Client, complaint: Complaint, alice: User, bob: User, lena: User
) -> None:
    where = f"/cases/{complaint.reference}/about-staff/"
    client.force_login(alice)
    assert client.post(where, {"person": bob.email}).status_code == 404
    client.force_login(lena)
    assert client.post(where, {"person": "nobody\x00@x"}).status_code == 422
    page = client.post(where, {"person": bob.email.upper()}, headers={"HX-Request": "true"})
    assert "Bob Example" in page.content.decode()
    assert not visible_complaints(actor(bob)).filter(pk=complaint.pk).exists()
    own = client.post(where, {"person": lena.email}, headers={"HX-Request": "true"})
    assert own.headers["HX-Redirect"] == "/"


def test_programs_put_cases_on_lists_and_lose_sight_of_them(
    client: Client, house: House, complaint: Complaint, legal: AccessList, token: str
) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    said = client.get("/api/v1/special-lists", headers=bearer).json()
    assert [(one["key"], len(one["members"])) for one in said] == [("legal", 2)]
    made = client.post(
        "/api/v1/special-lists", {"key": "vip", "name": "VIP", "kind": "important", "restricted": False},
        content_type="application/json", headers=bearer,
    )  # fmt: skip
    assert made.status_code == 201
    where = f"/api/v1/complaints/{complaint.reference}/special-lists"
    for key, visible in (("vip", True), ("legal", False)):
        answer = client.put(f"{where}/{key}", {"reason": WHY}, content_type="application/json", headers=bearer)
        assert answer.json() == {"visible": visible}
    assert client.delete(f"{where}/legal", headers=bearer).status_code == 404
    other = new_complaint(house.london)
    where = f"/api/v1/complaints/{other.reference}/special-lists"
    client.put(f"{where}/vip", {"reason": WHY, "customer_too": True}, content_type="application/json", headers=bearer)
    assert client.delete(f"{where}/vip?customer_too=true", headers=bearer).json() == {"changed": True}
    wrong = client.put(
        "/api/v1/special-lists/vip/members",
        {"members": ["x@y.example"]},
        content_type="application/json",
        headers=bearer,
    )
    assert wrong.status_code == 422


def test_cases_about_staff_of_before_are_closed_to_them(complaint: Complaint, alice: User, lena: User) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    notify(users=[alice.pk, lena.pk], kind="new_case", title="told", url="/x/", complaint_id=complaint.pk, key="told:1")
    CaseAboutStaff.objects.create(complaint=complaint, user=alice)
    assert visible_complaints(actor(alice)).filter(pk=complaint.pk).exists()
    steps = import_module("amends.routing.migrations.0010_hide_cases_about_staff").HIDE
    with connection.cursor() as cursor:
        for _twice in range(2):
            for step in steps:
                cursor.execute(step)
    complaint.refresh_from_db()
    assert (complaint.guarded, complaint.owner) == (True, None)
    assert not visible_complaints(actor(alice)).filter(pk=complaint.pk).exists()
    assert access_complaint(actor(lena), complaint.pk) == complaint
    assert Notification.objects.get(user=alice, key="told:1").title == "A case that is no longer open to you"
    assert Notification.objects.get(user=lena, key="told:1").title == "told"
    assert access_complaint(SYSTEM, complaint.pk) == complaint
