"""The look, the words and the allowed web sites of a unit's form: data, checked when it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, Unit
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.text import clean_line
from amends.intake.channels.web import colours
from amends.intake.channels.web.files import sniff
from amends.intake.channels.web.models import Brand

LOGO_LIMIT = 200 * 1024
LOGO_TYPES = ("image/png", "image/jpeg", "image/webp")
ORIGINS_LIMIT = 20
TEXT_LIMITS = {"title": 120, "intro": 500}
LANGUAGES = tuple(key for key, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Look:
    """What a page or the widget needs to know of a brand. An empty colour is the house's own.

    Attributes:
        unit_key: whose brand it is, after inheriting; empty when there is none.
        texts: `{language: {title, intro}}`, only what was given.
    """

    unit_key: str = ""
    accent: str = ""
    accent_dark: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    chat: bool = True
    has_logo: bool = False
    version: str = ""

    def words(self, language: str, name: str) -> str:
        """The brand's own title or intro in this language, or empty."""
        return str(self.texts.get(language, {}).get(name, ""))


def look_of(unit: Unit) -> Look:
    """The look of a unit: its own brand, else the one of the nearest unit above (one query)."""
    above = [int(part) for part in unit.path.split("/") if part]
    found = Brand.objects.filter(unit_id__in=above).select_related("unit").defer("logo").order_by("-unit__path")
    brand = max(found, key=lambda one: len(one.unit.path), default=None)
    if brand is None:
        return Look()
    return Look(
        unit_key=brand.unit.key,
        accent=brand.accent,
        accent_dark=brand.accent_dark,
        texts=brand.texts,
        origins=tuple(brand.origins),
        chat=brand.chat,
        has_logo=bool(brand.logo_type),
        version=str(int(brand.changed_at.timestamp() * 1000)),
    )


def logo_of(unit_key: str) -> tuple[bytes, str] | None:
    """The bytes and the type of a brand's logo."""
    brand = Brand.objects.filter(unit__key=unit_key).exclude(logo_type="").first()
    return None if brand is None or brand.logo is None else (bytes(brand.logo), brand.logo_type)


def style_of(look: Look) -> str:
    """The look as CSS variables of the pages; empty when it is the house's own."""
    if not look.accent:
        return ""
    light, dark = look.accent, look.accent_dark
    strong = colours.moved_until_readable(light, ("#d8d8d8",), lighter=False)
    return (
        f":root {{ --accent: light-dark({light}, {dark}); --accent-strong: light-dark({strong}, {dark});"
        f" --accent-ink: light-dark({colours.ink_on(light)}, {colours.ink_on(dark)}); }}\n"
    )


def set_brand(
    *,
    actor: Actor,
    unit: Unit,
    accent: str = "",
    accent_dark: str = "",
    texts: Mapping[str, Mapping[str, str]] | None = None,
    origins: Sequence[str] = (),
    chat: bool = True,
    logo: bytes | None = None,
    keep_logo: bool = True,
) -> Brand:
    """Write the brand of a unit; what is not given is empty. An empty dark colour is made from the light one.

    Raises:
        BadInput: a colour on which or in which nobody could read, a logo that is no small picture, or an odd origin.
        NotAllowed, NotFound: not for the actor's role, or a unit that is not theirs.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if not actor.sees_unit(unit.pk):
        raise NotFound
    light, dark = _checked_colours(accent.strip().lower(), accent_dark.strip().lower())
    values = {
        "accent": light,
        "accent_dark": dark,
        "texts": _checked_texts(texts or {}),
        "origins": _checked_origins(origins),
        "chat": chat,
        "changed_at": clock.now(),
    }
    if logo:
        values |= {"logo": logo, "logo_type": _checked_logo(logo)}
    elif not keep_logo:
        values |= {"logo": None, "logo_type": ""}
    with transaction.atomic():
        brand, _created = Brand.objects.update_or_create(unit=unit, defaults=values)
        record(
            actor=actor,
            chain="settings",
            kind="brand_changed",
            data={"unit": unit.pk, "origins": list(brand.origins), "chat": chat, "logo": bool(brand.logo_type)},
        )
    return brand


def _checked_colours(light: str, dark: str) -> tuple[str, str]:
    if not light:
        return "", ""
    for one in filter(None, (light, dark)):
        if not colours.is_colour(one):
            raise BadInput(_("A colour looks like #1c5d9f."), field="accent")
    if not colours.readable_on(light, colours.LIGHT_GROUNDS):
        better = colours.moved_until_readable(light, colours.LIGHT_GROUNDS, lighter=False)
        raise BadInput(
            _("%(colour)s is too pale to read on a light page. The nearest colour that works is %(better)s.")
            % {"colour": light, "better": better},
            field="accent",
        )
    if not dark:
        return light, colours.moved_until_readable(light, colours.DARK_GROUNDS, lighter=True)
    if not colours.readable_on(dark, colours.DARK_GROUNDS):
        better = colours.moved_until_readable(dark, colours.DARK_GROUNDS, lighter=True)
        raise BadInput(
            _("%(colour)s is too dim to read on a dark page. The nearest colour that works is %(better)s.")
            % {"colour": dark, "better": better},
            field="accent_dark",
        )
    return light, dark


def _checked_texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    checked: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for name, limit in TEXT_LIMITS.items():
            words = clean_line(texts.get(language, {}).get(name, ""))
            if len(words) > limit:
                raise BadInput(_("At most %(count)d characters.") % {"count": limit}, field=f"{name}_{language}")
            if words:
                checked.setdefault(language, {})[name] = words
    return checked


def _checked_origins(origins: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(_origin(clean_line(one)) for one in origins if one.strip()))
    if len(found) > ORIGINS_LIMIT:
        raise BadInput(_("At most %(count)d web sites.") % {"count": ORIGINS_LIMIT}, field="origins")
    return found


def _origin(text: str) -> str:
    """`https://host[:port]` as browsers send it; plain http only for this machine."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise BadInput(_("A web site looks like https://www.example.org."), field="origins") from None
    local = host in ("localhost", "127.0.0.1")
    known = parts.scheme == "https" or (parts.scheme == "http" and local)
    if (
        not known
        or not host
        or "*" in host
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in text
    ):
        raise BadInput(_("A web site looks like https://www.example.org."), field="origins")
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def _checked_logo(data: bytes) -> str:
    kind = sniff("logo", data)
    if kind not in LOGO_TYPES or len(data) > LOGO_LIMIT:
        raise BadInput(_("A logo is a PNG, JPEG or WebP picture of at most 200 kB."), field="logo")
    return kind
