"""Single findings of the doctor that need rows in the database."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint, Message, mark_failed, queue_message
from amends.cli.checks import outgoing_mail
from amends.cli.environment import read
from amends.cli.findings import Level
from amends.cli.rule_checks import rule_packs
from tests.people import House


def test_letters_that_cannot_leave_are_said(complaint: Complaint, settings: Settings) -> None:
    settings.EMAIL_HOST, settings.AMENDS_MAIL_FOLDER = "", ""
    message = queue_message(actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="s", text="t")
    assert message is not None
    (found,) = outgoing_mail(read({}))
    assert (found.level, "1 now" in found.what) == (Level.NOTE, True)
    mark_failed(message_id=message.pk, reason="no")
    assert Message.objects.get(pk=message.pk).state == "failed"
    assert any("did not reach" in one.what for one in outgoing_mail(read({})))


def test_a_unit_with_an_unknown_rule_pack_is_named(house: House) -> None:
    assert [one.level for one in rule_packs(read({}))] == [Level.GOOD]
    house.london.rule_packs = ["house", "moon-law"]
    house.london.save(update_fields=["rule_packs"])
    (found,) = rule_packs(read({}))
    assert found.level == Level.BAD
    assert "moon-law" in found.what


pytestmark = pytest.mark.django_db
