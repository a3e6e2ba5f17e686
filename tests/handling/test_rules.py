"""The pure rules: states, authority, days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.core.errors import BadInput, Conflict
from amends.handling.remedies import checked_amount, remedy_kind, remedy_kinds
from amends.handling.rules import (
    Part,
    PromiseState,
    ProposalState,
    end_of_day,
    next_state,
    remind_at,
    state_when_done,
    state_when_explained,
    totals,
    within_authority,
)
from amends.handling.services.answers import days_moved
from amends.handling.values import NewRemedy, NewStep, checked_remedies, checked_steps

LIMITS = {("agent", "GBP"): Decimal(100), ("lead", "GBP"): Decimal(2000), ("director", ""): None}
DUE = datetime(2026, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        ("draft", "send", "sent"),
        ("draft", "ask_approval", "awaiting_approval"),
        ("awaiting_approval", "send", "sent"),
        ("awaiting_approval", "refuse", "draft"),
        ("sent", "accepted", "accepted"),
        ("sent", "declined", "declined"),
        ("sent", "other", "other_wanted"),
        ("sent", "withdraw", "withdrawn"),
    ],
)
def test_a_proposal_goes_from_state_to_state(state: str, act: str, after: str) -> None:
    assert next_state(state, act) == after


@pytest.mark.parametrize("state", ["accepted", "declined", "other_wanted", "withdrawn"])
@pytest.mark.parametrize("act", ["send", "accepted", "declined", "withdraw", "ask_approval"])
def test_a_decided_proposal_never_changes_again(state: str, act: str) -> None:
    with pytest.raises(Conflict):
        next_state(state, act)


def test_a_draft_cannot_be_accepted() -> None:
    with pytest.raises(Conflict, match="draft"):
        next_state(ProposalState.DRAFT, "accepted")


def test_only_the_dearest_option_counts_beside_what_is_always_given() -> None:
    parts = [
        Part(0, "GBP", Decimal(10)),
        Part(1, "GBP", Decimal(80)),
        Part(2, "GBP", Decimal(50)),
        Part(2, "GBP", Decimal(25)),
        Part(0, "EUR", Decimal(5)),
    ]
    assert totals(parts) == {"EUR": Decimal(5), "GBP": Decimal(90)}


@pytest.mark.parametrize(
    ("amounts", "roles", "allowed"),
    [
        ({"GBP": Decimal(100)}, ["agent"], True),
        ({"GBP": Decimal("100.01")}, ["agent"], False),
        ({"GBP": Decimal("100.01")}, ["agent", "lead"], True),
        ({"EUR": Decimal("0.01")}, ["agent"], False),
        ({"EUR": Decimal(0)}, ["agent"], True),
        ({"GBP": Decimal(99), "EUR": Decimal(1)}, ["agent"], False),
        ({"GBP": Decimal(9_000_000), "JPY": Decimal(9_000_000)}, ["director"], True),
        ({}, [], True),
        ({"GBP": Decimal(1)}, [], False),
    ],
)
def test_authority_is_by_role_and_currency(amounts: dict[str, Decimal], roles: list[str], allowed: bool) -> None:
    assert within_authority(amounts, roles, LIMITS) is allowed


@given(
    amount=st.decimals(min_value=0, max_value=10_000, places=2),
    more=st.decimals(min_value=0, max_value=10_000, places=2),
)
def test_whoever_may_give_more_may_give_less(amount: Decimal, more: Decimal) -> None:
    if within_authority({"GBP": amount + more}, ["agent"], LIMITS):
        assert within_authority({"GBP": amount}, ["agent"], LIMITS)


def test_a_promise_done_in_time_is_kept_and_late_is_broken() -> None:
    assert state_when_done("open", DUE, DUE - timedelta(seconds=1)) == PromiseState.KEPT
    assert state_when_done("open", DUE, DUE) == PromiseState.BROKEN
    assert state_when_done("explained", DUE, DUE - timedelta(days=1)) == PromiseState.EXPLAINED
    assert state_when_done("broken", DUE + timedelta(days=9), DUE) == PromiseState.BROKEN


def test_a_delay_counts_as_explained_only_before_the_day_has_passed() -> None:
    assert state_when_explained("open", DUE, DUE - timedelta(minutes=1)) == PromiseState.EXPLAINED
    assert state_when_explained("open", DUE, DUE) == PromiseState.BROKEN
    assert state_when_explained("broken", DUE, DUE - timedelta(days=1)) == PromiseState.BROKEN


def test_a_day_ends_at_local_midnight_also_when_the_clocks_change() -> None:
    assert end_of_day(date(2026, 3, 6), "Europe/Berlin") == datetime(2026, 3, 6, 23, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_the_owner_is_reminded_on_the_working_day_before() -> None:
    made = datetime(2026, 2, 20, 10, tzinfo=UTC)
    assert remind_at(made_at=made, due_latest=date(2026, 3, 5), timezone="Europe/London") == datetime(
        2026, 3, 4, 9, tzinfo=UTC
    )
    monday = remind_at(made_at=made, due_latest=date(2026, 3, 9), timezone="Europe/London")
    assert monday == datetime(2026, 3, 6, 9, tzinfo=UTC), "the Friday before, not the Sunday"


@given(days=st.integers(0, 60), hour=st.integers(0, 23))
def test_a_reminder_comes_after_the_promise_and_before_its_end(days: int, hour: int) -> None:
    made = datetime(2026, 3, 2, hour, tzinfo=UTC)
    due = date(2026, 3, 2) + timedelta(days=days)
    assert made <= remind_at(made_at=made, due_latest=due, timezone="Europe/London") < end_of_day(due, "Europe/London")


def test_days_move_only_when_the_customer_accepts_after_them() -> None:
    sent, due = date(2026, 3, 2), date(2026, 3, 6)
    assert days_moved(sent, date(2026, 3, 6), due) == timedelta(0)
    assert days_moved(sent, date(2026, 3, 12), due) == timedelta(days=10)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("refund", None),
        ("refund", Decimal(0)),
        ("refund", Decimal(-1)),
        ("refund", Decimal("1.001")),
        ("refund", Decimal("NaN")),
        ("refund", Decimal("Infinity")),
        ("refund", Decimal("1E30")),
        ("discount", Decimal(101)),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(kind: str, amount: Decimal | None) -> None:
    with pytest.raises(BadInput):
        checked_amount(remedy_kind(kind), amount)


def test_every_remedy_has_a_name_in_both_languages() -> None:
    kinds = remedy_kinds()
    assert {
        "replacement",
        "refund",
        "exchange",
        "repair",
        "warranty",
        "software_fix",
        "store_credit",
        "discount",
        "apology",
    } <= set(kinds)
    assert all(kind.label.en and kind.label.de for kind in kinds.values())


def test_one_option_alone_is_no_choice() -> None:
    with pytest.raises(BadInput, match="no choice"):
        checked_remedies([NewRemedy("refund", Decimal(5), option=1)], "GBP")


def test_the_currency_of_the_unit_is_taken_when_none_is_named() -> None:
    assert checked_remedies([NewRemedy("refund", Decimal(5))], "EUR")[0].currency == "EUR"
    assert checked_remedies([NewRemedy("discount", Decimal(5), "GBP")], "EUR")[0].currency == "", (
        "a percentage has none"
    )
    with pytest.raises(BadInput, match="three letters"):
        checked_remedies([NewRemedy("refund", Decimal(5), "£")], "EUR")


@pytest.mark.parametrize(
    "step",
    [
        NewStep("", due_latest=date(2026, 3, 4)),
        NewStep("Refund"),
        NewStep("Refund", due_earliest=date(2026, 3, 5), due_latest=date(2026, 3, 4)),
        NewStep("Refund", due_latest=date(1026, 3, 4)),
        NewStep("x" * 501, due_latest=date(2026, 3, 4)),
        NewStep("Refund", due_latest=date(2026, 3, 4), party="nobody"),
        NewStep("Refund", due_latest=date(2026, 3, 4), option=9),
        NewStep("Refund", due_latest=date(2026, 3, 4), option=3),
    ],
)
def test_a_step_without_what_or_when_is_refused(step: NewStep) -> None:
    with pytest.raises(BadInput):
        checked_steps([step], "Europe/London", frozenset({0}))


def test_a_step_for_the_customer_is_not_ours() -> None:
    steps = checked_steps(
        [NewStep("Send it back", "Customer", due_latest=date(2026, 3, 4))], "Europe/London", frozenset()
    )
    assert steps[0].party == "customer"


def test_nul_bytes_are_cleaned_out_of_a_step() -> None:
    steps = checked_steps([NewStep("Re\x00fund\n now", due_latest=date(2026, 3, 4))], "Europe/London", frozenset())
    assert steps[0].what == "Refund now"
