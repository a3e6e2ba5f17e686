"""Public holidays by country and part of a country, from the `holidays` package.

Pure: no Django, no network; the package carries its tables. A part of a country ("subdivision") is an
ISO 3166-2 suffix such as SCT for Scotland. When the part is not known only the holidays of the whole
country count, so that a due date is never later than the right one.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays

NO_HOLIDAYS: Mapping[date, str] = MappingProxyType({})

COMMON_ALIASES = {"UK": "GB"}
"""What people write instead of the ISO code."""


class UnknownPlaceError(ValueError):
    """The country or its part has no table of public holidays; the message says what to write instead."""


@lru_cache(maxsize=1)
def _parts_by_country() -> Mapping[str, tuple[str, ...]]:
    supported = holidays.list_supported_countries(include_aliases=False)
    return {country: tuple(parts) for country, parts in supported.items()}


@lru_cache(maxsize=1024)
def checked_place(country: str | None, subdivision: str | None) -> tuple[str | None, str | None]:
    """The country (ISO 3166-1 alpha-2) and its part in the spelling that the tables use.

    "gb" and "GB-SCT" are understood. A part is dropped where the country has no regional holidays.
    Raises UnknownPlaceError when there is no table for the country, or the part is not one of the country's.
    """
    if not country:
        return None, None
    wanted = COMMON_ALIASES.get(country.strip().upper(), country.strip().upper())
    parts = _parts_by_country().get(wanted)
    if parts is None:
        raise UnknownPlaceError(
            f"there are no public holidays for country {country[:20]!r}: write a two-letter code such as GB or DE"
        )
    if not subdivision or not parts:
        return wanted, None
    suffix = subdivision.strip()
    if suffix.upper().startswith(f"{wanted}-"):
        suffix = suffix[len(wanted) + 1 :]
    for part in parts:
        if part.casefold() == suffix.casefold():
            return wanted, part
    raise UnknownPlaceError(
        f"{subdivision[:20]!r} is not a part of {wanted} with its own holidays: "
        f"write one of {', '.join(parts)}, or leave it out"
    )


@lru_cache(maxsize=4096)
def holidays_of_year(country: str | None, subdivision: str | None, year: int, language: str) -> Mapping[date, str]:
    """Every public holiday of one year, substitute days included, with its name.

    `country` and `subdivision` come from `checked_place`. The name is in `language` ("en", "de") where the
    tables have it, else in the country's own. A new table is made for each year instead of asking one
    that grows, because a growing one gives wrong answers while another thread fills it.
    """
    if country is None:
        return NO_HOLIDAYS
    table = holidays.country_holidays(
        country, subdiv=subdivision, years=[year], expand=False, language=_table_language(country, language)
    )
    return MappingProxyType({day: name for day, name in table.items() if day.year == year})


@lru_cache(maxsize=512)
def _table_language(country: str, language: str) -> str | None:
    known: tuple[str, ...] = holidays.country_holidays(country).supported_languages
    candidates = (language, "en_GB", "en_US") if language == "en" else (language,)
    return next((candidate for candidate in candidates if candidate in known), None)
