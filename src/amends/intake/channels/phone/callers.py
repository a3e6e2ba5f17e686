"""Who is calling: found by number, name or reference, with the cases the agent may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from amends.accounts.public import SYSTEM, Actor
from amends.cases.public import OPEN_PHASES, Complaint, Customer, visible_complaints
from amends.core.text import clean_line
from amends.intake.channels.phone.numbers import tail

MAX_CALLERS = 10
MAX_CASES = 20
SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may be calling, with their cases that the agent may see: the open ones first."""

    customer: Customer
    cases: tuple[Complaint, ...]

    @property
    def open_cases(self) -> tuple[Complaint, ...]:
        """Those that are not settled."""
        return tuple(one for one in self.cases if one.phase in OPEN_PHASES)


def note_numbers(complaint_ids: Sequence[int]) -> None:
    """Remember the numbers of the people of these cases (one statement)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO intake_callernumber (customer_id, tail)
            SELECT DISTINCT customer.id, right(regexp_replace(customer.phone, '\\D', '', 'g'), 9)
            FROM cases_complaint AS complaint
            JOIN cases_customer AS customer ON customer.id IN (complaint.customer_id, complaint.representative_id)
            WHERE complaint.id = ANY(%s) AND length(regexp_replace(customer.phone, '\\D', '', 'g')) >= 6
            ON CONFLICT (customer_id, tail) DO NOTHING
            """,
            [list(complaint_ids)],
        )


def callers_of(actor: Actor, number: str) -> list[Caller]:
    """Who is known by this number, as far as the actor may know it."""
    end = tail(number)
    if not end:
        return []
    from amends.intake.channels.phone.models import CallerNumber

    known = CallerNumber.objects.filter(tail=end).order_by("-id").values_list("customer_id", flat=True)
    return _with_cases(actor, list(known[:50]))


def open_case_of(number: str) -> Complaint | None:
    """The newest open case of the one person who is known by this number; None when it is nobody, or several."""
    known = [one for one in callers_of(SYSTEM, number) if one.open_cases]
    return known[0].open_cases[0] if len(known) == 1 else None


def best_time_of(end: str, complaint: Complaint | None) -> str:
    """When somebody likes to be rung, in their own words: as last noted in a call, else as said in the case."""
    from amends.intake.channels.phone.models import CallNote

    notes = CallNote.objects.filter(call__tail=end).exclude(call_back="").order_by("-at", "-id")
    noted = notes.values_list("call_back", flat=True).first()
    said = complaint.attributes.get("best_time_to_call", "") if complaint else ""
    return clean_line(str(noted or said))[:200]


def search(actor: Actor, query: str) -> list[Caller]:
    """By reference, number or name; only people with a case that the actor may see."""
    words = clean_line(query)[:200]
    if tail(words) and not any(letter.isalpha() for letter in words):
        return callers_of(actor, words)
    if len(words) < SHORTEST_NAME:
        return []
    cases = visible_complaints(actor)
    by_reference = cases.filter(reference=words.upper()[:20]).values_list("customer_id", flat=True).first()
    if by_reference is not None:
        return _with_cases(actor, [by_reference])
    named = Q(customer__name__icontains=words) | Q(customer__email=words.lower())
    newest = cases.filter(named).order_by("-received_at", "-id").values_list("customer_id", flat=True)[:100]
    return _with_cases(actor, list(dict.fromkeys(newest)))


def _with_cases(actor: Actor, customer_ids: Sequence[int]) -> list[Caller]:
    """The people with their visible cases (one query); whoever has none that the actor may see is nobody to them."""
    if not customer_ids:
        return []
    concerned = Q(customer_id__in=customer_ids) | Q(representative_id__in=customer_ids)
    cases = visible_complaints(actor).filter(concerned).select_related("customer", "representative", "product")
    found: dict[int, list[Complaint]] = {one: [] for one in customer_ids}
    people: dict[int, Customer] = {}
    for case in sorted(cases.order_by("-received_at", "-id")[:200], key=lambda one: one.phase not in OPEN_PHASES):
        for person in (case.customer, case.representative):
            if person is not None and person.pk in found:
                found[person.pk].append(case)
                people[person.pk] = person
    callers = [Caller(people[one], tuple(cases_[:MAX_CASES])) for one, cases_ in found.items() if cases_]
    return callers[:MAX_CALLERS]
