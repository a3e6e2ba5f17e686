"""The pages of reviews in a real browser: accessible, and nothing runs over the edge of a phone."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from tests.browser.conftest import NARROW, WIDE, Visit, browser, site, visit  # noqa: F401  # fixtures
from tests.intake.reviews.servers import Google
from tests.intake.reviews.test_review_storage import fetch, run_jobs

from amends.accounts.public import User
from amends.core import clock
from amends.intake.channels.reviews.connectors.base import Item
from amends.intake.channels.reviews.models import Mention, ReviewSource
from amends.intake.channels.reviews.services import store_items

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_jobs_left"),
]
Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]
WORDS = "The kettle leaked all over my new kitchen, and after nine days nobody has answered a single e-mail."


@pytest.fixture
def addresses(serve: Serve, source_of: SourceOf) -> dict[str, str]:
    """The pages, with reviews of every kind on them."""
    server = serve(Google)
    server.add(1, "ONE", WORDS)
    server.add(2, "FIVE", "Lovely people")
    source = source_of("google_business", server, name="Google, London shop")
    fetch(source)
    server.reviews["r1"] |= {"comment": f"{WORDS} Now it smokes!", "updateTime": "2026-03-05T09:00:00Z"}
    fetch(source)
    survey = source_of("csv", name="Market survey")
    long = Item(
        external_id="a",
        title="Nie wieder",
        text="Drei Wochen warten. " * 20 + "x" * 200,
        rating=1,
        author="Jörg",
        language="de",
    )
    with transaction.atomic():
        store_items(survey, [long], now=clock.now())
    run_jobs()
    failing = source_of("google_business", server, name="Google, Berlin shop")
    ReviewSource.objects.filter(pk=failing.pk).update(
        failures=1,
        last_error_kind="token",
        last_error="The access cannot be renewed: connect the account again.",
        last_error_at=datetime(2026, 3, 5, 9, tzinfo=UTC),
    )
    return {
        "list": "/mentions/?show=all",
        "review": f"/mentions/{Mention.objects.get(external_id='r1').pk}/",
        "happy": f"/mentions/{Mention.objects.get(external_id='r2').pk}/",
        "sources": "/review-sources/",
        "source": f"/review-sources/{failing.pk}/",
        "file": f"/review-sources/{survey.pk}/",
        "add": "/review-sources/add/google_business/",
    }


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(
    visit: Visit,  # noqa: F811  # the fixture
    addresses: dict[str, str],
    ada: User,
    size: dict[str, int],
    scheme: str,  # the fixture
) -> None:
    page = visit(ada, size=size, scheme=scheme).page
    for name, address in addresses.items():
        page.goto(address)
        if folder := os.environ.get("AMENDS_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{size['width']}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_a_reply_is_sent_from_the_page(visit: Visit, addresses: dict[str, str], ada: User) -> None:  # noqa: F811  # the fixture
    page = visit(ada).page
    page.goto(addresses["review"])
    page.get_by_label("Your reply").fill("We are sorry. Please write to care@amends.localhost.")
    page.get_by_role("button", name="Send and show to everybody").click()
    page.get_by_text("A reply is on its way.").first.wait_for()
