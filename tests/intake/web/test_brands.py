"""A brand's look is data that is checked, and only the web sites it names may use the form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.intake.web.test_complaint_form import GOOD, MONDAY, PNG
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed
from amends.intake.channels.web import colours, guard
from amends.intake.channels.web.brands import look_of, set_brand
from amends.intake.channels.web.widget import script

SHOP = "https://shop.example.org"


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert colours.contrast(other, one) == colours.contrast(one, other)


@pytest.mark.parametrize("accent", ["#ffff00", "#87ceeb", "#cccccc", "#ffffff"])
def test_a_colour_nobody_could_read_is_refused_with_one_that_works(house: House, accent: str) -> None:
    with pytest.raises(BadInput) as refusal:
        set_brand(actor=SYSTEM, unit=house.london, accent=accent)
    better = refusal.value.message.rstrip(".").split()[-1]
    assert colours.readable_on(better, colours.LIGHT_GROUNDS)
    set_brand(actor=SYSTEM, unit=house.london, accent=better)


@pytest.mark.parametrize("accent", ["#7a1f5c", "#004400", "#000000", "#b00020"])
def test_a_dark_colour_gets_a_light_sister_and_an_ink_that_can_be_read(house: House, accent: str) -> None:
    brand = set_brand(actor=SYSTEM, unit=house.london, accent=accent)
    assert colours.readable_on(brand.accent_dark, colours.DARK_GROUNDS)
    for one in (brand.accent, brand.accent_dark):
        assert colours.contrast(colours.ink_on(one), one) >= 4.5


@pytest.mark.parametrize(
    "values",
    [
        {"accent": "red"},
        {"accent": "#12345"},
        {"accent": "#1c5d9f; } body { display: none"},
        {"accent": "#1c5d9f", "accent_dark": "#222222"},
        {"texts": {"en": {"title": "x" * 121}}},
        {"logo": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"},
        {"logo": PNG + b"x" * 210_000},
        {"origins": ["shop.example.org"]},
        {"origins": ["http://shop.example.org"]},
        {"origins": ["https://*.example.org"]},
        {"origins": ["https://shop.example.org/path"]},
        {"origins": ["https://user@shop.example.org"]},
        {"origins": ["null"]},
        {"origins": ["javascript:alert(1)"]},
        {"origins": [f"https://shop{number}.example.org" for number in range(21)]},
    ],
)
def test_what_a_brand_cannot_be(house: House, values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        set_brand(actor=SYSTEM, unit=house.london, **values)


def test_a_shop_without_a_brand_has_that_of_the_house_above_it(house: House) -> None:
    set_brand(actor=SYSTEM, unit=house.root, accent="#7a1f5c", origins=[SHOP + "/", "HTTPS://Shop.Example.org:443"])
    assert look_of(house.london).accent == "#7a1f5c"
    assert look_of(house.london).origins == (SHOP,)
    set_brand(actor=SYSTEM, unit=house.london, accent="#004400")
    assert look_of(house.london).accent == "#004400"
    assert look_of(house.berlin).unit_key == "northlight"


def test_only_who_may_change_settings_changes_the_brand(house: House, alice: User) -> None:
    with pytest.raises(NotAllowed):
        set_brand(actor=actor(alice), unit=house.london, accent="#004400")


def test_the_form_wears_the_brand(client: Client, house: House) -> None:
    set_brand(
        actor=SYSTEM, unit=house.london, accent="#7a1f5c", logo=PNG,
        texts={"en": {"title": "Tell <London>", "intro": "Anna reads it."}, "de": {"title": "Sagen Sie es London"}},
    )  # fmt: skip
    page = client.get("/complain/london/").content.decode()
    assert "Tell &lt;London&gt;" in page
    assert "Anna reads it." in page
    assert "/brand/london/logo" in page
    assert "/brand/london/look.css" in page
    assert "Sagen Sie es London" in client.get("/complain/london/?lang=de").content.decode()
    style = client.get("/brand/london/look.css")
    assert style["Content-Type"].startswith("text/css")
    assert b"#7a1f5c" in style.content
    logo = client.get("/brand/london/logo")
    assert (logo.content, logo["Content-Type"], logo["X-Content-Type-Options"]) == (PNG, "image/png", "nosniff")
    assert client.get("/brand/berlin/logo").status_code == 404
    assert "look.css" not in Client().get("/complain/berlin/").content.decode()


def test_only_the_web_sites_a_unit_names_may_ask(client: Client, house: House) -> None:
    set_brand(actor=SYSTEM, unit=house.london, origins=[SHOP])
    for address in ("/widget/start/?unit=london",):
        allowed = client.get(address, headers={"Origin": SHOP})
        assert (allowed.status_code, allowed["Access-Control-Allow-Origin"]) == (200, SHOP)
        assert "Access-Control-Allow-Credentials" not in allowed
        assert "Origin" in allowed["Vary"]
        for stranger in ("https://evil.example", "null", SHOP + ".evil.example", "http://shop.example.org"):
            refused = client.get(address, headers={"Origin": stranger})
            assert refused.status_code == 403
            assert "Access-Control-Allow-Origin" not in refused
        assert client.get(address, headers={"Origin": "http://testserver"}).status_code == 200
    assert client.get("/widget/start/?unit=berlin", headers={"Origin": SHOP}).status_code == 403
    data = {**GOOD, "stamp": guard.new_stamp(MONDAY - timedelta(minutes=1))}
    with clock.frozen_at(MONDAY):
        assert (
            client.post("/widget/complaint/?unit=london", data, headers={"Origin": "https://evil.example"}).status_code
            == 403
        )
        assert not Complaint.objects.exists()
        taken = client.post("/widget/complaint/?unit=london", data, headers={"Origin": SHOP})
        again = client.post("/widget/complaint/?unit=london", data, headers={"Origin": SHOP})
    assert (taken.status_code, again.status_code) == (201, 200)
    assert taken.json() == again.json()
    assert Complaint.objects.get().unit == house.london


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"email": "", "phone": ""}, "email"),
        ({"email": "x@"}, "email"),
        ({"stamp": "forged"}, "stamp"),
        ({"fax_extension": "spam"}, "fax_extension"),
        ({"stamp": guard.new_stamp(MONDAY)}, "fast"),
    ],
)
def test_what_the_widget_cannot_send_is_said_with_its_field(
    client: Client, house: House, change: dict[str, str], field: str
) -> None:
    data = {**GOOD, "stamp": guard.new_stamp(MONDAY - timedelta(minutes=1)), **change}
    with clock.frozen_at(MONDAY):
        answer = client.post("/widget/complaint/?unit=london&lang=de", data)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert answer.json()["message"]
    assert client.get("/widget/complaint/").status_code == 405


def test_an_odd_unit_is_the_whole_house(client: Client, house: House) -> None:
    for odd in ("", "%00", "no-such-shop", "x" * 5000, "%F0%9F%98%80"):
        assert client.get(f"/widget/start/?unit={odd}").status_code == 200


def test_the_widget_is_small_and_the_same_for_everybody(client: Client) -> None:
    answer = client.get("/widget.js")
    assert len(answer.content) <= 15_000
    assert answer.content == script()[0]
    assert answer["Content-Type"].startswith("text/javascript")
    assert client.get("/widget.js", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    for forbidden in (b"innerHTML", b"eval(", b"document.cookie", b"import "):
        assert forbidden not in answer.content


def test_the_words_of_the_widget_come_in_the_language_it_asks_in(client: Client, house: House) -> None:
    english, german = (client.get(f"/widget/start/?lang={one}").json()["words"] for one in ("en", "de"))
    assert english.keys() == german.keys()
    same = {name for name in english if english[name] == german[name]}
    assert same <= {"chat"}


def test_an_administrator_sets_the_look_on_a_page(client: Client, house: House, ada: User, lena: User) -> None:
    client.force_login(ada)
    assert "London shop" in client.get("/settings/forms/").content.decode()
    address = "/settings/forms/london/"
    assert "widget.js&quot; data-unit=&quot;london&quot; defer" in client.get(address).content.decode()
    pale = client.post(address, {"accent": "#ffff00", "chat": "on"})
    assert pale.status_code == 422
    assert "too pale to read" in pale.content.decode()
    good = {
        "accent": "#7A1F5C",
        "title_en": "Hello\x00 London",
        "origins": f"{SHOP}\n\n",
        "chat": "on",
        "logo": picture(),
    }
    assert client.post(address, good).status_code == 302
    look = look_of(house.london)
    assert (look.accent, look.origins, look.chat, look.has_logo) == ("#7a1f5c", (SHOP,), True, True)
    assert look.words("en", "title") == "Hello London"
    assert client.post(address, {"accent": "#004400", "no_logo": "on"}).status_code == 302
    look = look_of(house.london)
    assert (look.chat, look.has_logo, look.origins) == (False, False, ())
    assert client.get("/settings/forms/nowhere/").status_code == 404
    client.force_login(lena)
    assert client.get(address).status_code == 404
    assert client.post(address, good).status_code == 404


def picture() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("logo.png", PNG)
