"""Composes complaints from the banks: each line of a bank becomes one story, on a day and with a fate of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from amends.cli.demo_company import model
from amends.cli.demo_company.arcs import AGENTS, Course, told
from amends.cli.demo_company.banks import DEVICE_ONLY, Line, about_device, complaints, lines, voice
from amends.cli.demo_company.organisation import company
from amends.cli.demo_company.outsiders import customer, dice, outsiders
from amends.cli.demo_company.reading import facts_for, phase_after, received_at
from amends.cli.demo_company.rendering import ASPECTS, fill, marked

Thing = TypeVar("Thing")

SPAN = 90  # days of history
# How many complaints about the watch's new firmware came in on each day, oldest first, ending yesterday.
RISE: Mapping[model.Language, tuple[int, ...]] = {
    "en": (0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 2, 2, 1, 2, 3, 2, 3, 2, 4),
    "de": (0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 2, 1, 1, 2, 1, 2, 2),
}
TODAY: Mapping[model.Language, tuple[int, ...]] = {"en": (6, 17, 29, 64, 118, 171), "de": (9, 47, 83, 145)}
CHANNELS: tuple[tuple[model.Channel, int], ...] = (("email", 42), ("web", 30), ("phone", 11), ("api", 9), ("survey", 8))
UNITS: Mapping[model.Language, tuple[tuple[str, int], ...]] = {
    "en": (("online-uk", 60), ("shop-leeds", 18), ("shop-bristol", 16), ("region-uk", 6)),
    "de": (("online-de", 64), ("shop-leipzig", 36)),
}
NAMED_SHOPS = {"Leeds": "shop-leeds", "Bristol": "shop-bristol", "Leipzig": "shop-leipzig"}
# When people write: seldom at night, mostly by day and in the evening.
HOURS = tuple((hour, 1 if hour < 7 or hour > 22 else 5 if 8 <= hour <= 20 else 3) for hour in range(24))
CALL_NOTE: Mapping[model.Language, str] = {
    "en": "Call note, in the customer's words:",
    "de": "Gesprächsnotiz, in den Worten des Anrufers:",
}
Fates = tuple[tuple[model.Phase, int], ...]
# How far a case of that age (in days, at most) has come: weights out of a hundred.
FATES: tuple[tuple[int, Fates], ...] = (
    (0, (("acknowledged", 100),)),
    (2, (("acknowledged", 40), ("investigating", 40), ("proposed", 20))),
    (5, (("acknowledged", 8), ("investigating", 26), ("proposed", 30), ("agreed", 18), ("carrying_out", 18))),
    (9, (("investigating", 18), ("proposed", 20), ("agreed", 8), ("carrying_out", 22), ("resolved", 32))),
    (
        16,
        (
            *(("investigating", 5), ("carrying_out", 12), ("resolved", 24)),
            *(("followed_up", 26), ("closed", 30), ("withdrawn", 3)),
        ),
    ),
    (SPAN, (("closed", 87), ("followed_up", 4), ("withdrawn", 4), ("out_of_jurisdiction", 4), ("investigating", 1))),
)


def weighted(roll: Random, choices: Sequence[tuple[Thing, int]]) -> Thing:
    return roll.choices([choice for choice, _ in choices], weights=[weight for _, weight in choices])[0]


def shuffled(things: Sequence[Thing], seed: str) -> list[Thing]:
    copy = list(things)
    dice(seed).shuffle(copy)
    return copy


def ages(language: model.Language) -> list[tuple[Line, int, int | None]]:
    """Every line of the bank with its age in days, and in minutes when it came in today."""
    every = lines(language)
    rising = shuffled([line for line in every if line.group == "tally-update"], f"rise/{language}")
    days = [len(RISE[language]) - index for index, count in enumerate(RISE[language]) for _ in range(count)]
    placed: list[tuple[Line, int, int | None]] = [(line, day, None) for line, day in zip(rising, days, strict=True)]
    others = shuffled([line for line in every if line.group != "tally-update"], f"others/{language}")
    today = TODAY[language]
    placed += [(line, 0, minutes) for line, minutes in zip(others, today, strict=False)]
    rest = others[len(today) :]
    placed += [(line, _age(line, index, len(rest)), None) for index, line in enumerate(rest)]
    return placed


def _age(line: Line, index: int, count: int) -> int:
    """Spread evenly over the ninety days; a line that names a version is not older than that version."""
    age = 1 + index * (SPAN - 1) // count
    for product in company().products:
        for firmware in product.firmware:
            if firmware.version in line.text and age >= firmware.released:
                age = 1 + age % max(firmware.released - 1, 1)
    return age


def names(language: model.Language, taken: set[str]) -> Iterator[str]:
    """Customers nobody has been called yet, first from the list, then with family names exchanged."""
    listed = shuffled([name for name in outsiders().of(language).names if name not in taken], f"names/{language}")
    yield from listed
    for offset in (37, 23, 11):
        for index, name in enumerate(listed):
            title, first, *_ = name.split()
            yield f"{title} {first} {listed[(index + offset) % len(listed)].split(maxsplit=2)[2]}"


def _typed(text: str, roll: Random) -> str:
    """The text as hurried people type it, now and then."""
    fate = roll.random()
    if fate < 0.05:
        return text[0] + text[1:].lower() if "{" not in text else text
    if fate < 0.11:
        return text.replace("n't ", "nt ", 1).replace("dass ", "das ", 1)
    if fate < 0.15:
        return text.replace(" the ", " teh ", 1).replace(" nicht ", " nciht ", 1)
    return text


class Rotation:
    """Hands out the sentences of a bank in turn, so that none returns before all were used."""

    def __init__(self, sentences: Sequence[str], seed: str) -> None:
        self._order = shuffled(sentences, seed)
        self._next = 0

    def take(self, *, without: tuple[str, ...] = ()) -> str:
        """The next sentence with none of those parts in it, without its "device only" mark."""
        for _ in self._order:
            sentence = self._order[self._next % len(self._order)]
            self._next += 1
            if not any(part in sentence for part in without):
                return sentence.removeprefix(DEVICE_ONLY)
        raise LookupError("no sentence of the bank fits")


class Voices:
    """The surroundings of a language's complaints, in rotation."""

    def __init__(self, language: model.Language) -> None:
        bank = voice(language)
        self.openings = Rotation(bank.openings, f"openings/{language}")
        self.details = Rotation(bank.details, f"details/{language}")
        self.wishes = Rotation(bank.wishes, f"wishes/{language}")
        self.closings = Rotation(bank.closings, f"closings/{language}")


def _text(
    line: Line, channel: model.Channel, language: model.Language, voices: Voices, roll: Random, product: str | None
) -> tuple[str, str]:
    """The complaint in full, still with marks and slots, and the wish in it (empty when none was spoken)."""
    core = _typed(line.text, roll)
    without = (() if product else ("{price}", "{product}")) + (() if about_device(line.group) else (DEVICE_ONLY,))
    detail = voices.details.take(without=without) if roll.random() < 0.55 else ""
    wish = voices.wishes.take(without=without) if roll.random() < 0.6 else ""
    if channel == "survey":
        score = roll.randint(0, 4)
        return (f"{score} of 10. {core}" if language == "en" else f"{score} von 10. {core}"), ""
    if channel == "phone":
        return f"{CALL_NOTE[language]} {core} {wish}".strip(), wish
    if channel == "email" or roll.random() < 0.4:
        opening = voices.openings.take() if roll.random() < 0.85 else ""
        closing = f"{voices.closings.take()}\n{{name}}" if roll.random() < 0.75 else "{name}"
        body = " ".join(part for part in (core, detail) if part)
        return "\n\n".join(part for part in (opening, body, wish, closing) if part), wish
    return " ".join(part for part in (core, detail, wish) if part), wish


def _product(group: str, key: str) -> str | None:
    bank = complaints("en").groups[group]
    if bank.product:
        return bank.product
    return None if group == "other" else dice(f"product/{key}").choice([product.key for product in company().products])


def _firmware(line: Line, product: str | None, age: int) -> str | None:
    if line.group == "tally-update":
        return "4.2.0"
    if product is None or line.group in {"campaign", "delivery", "billing", "waiting"}:
        return None
    out = [firmware.version for firmware in company().product(product).firmware if firmware.released > age]
    return out[-1] if out else None


def _fate(age: int, roll: Random) -> model.Phase:
    return next(weighted(roll, fates) for oldest, fates in FATES if age <= oldest)


def _unit(line: Line, language: model.Language, roll: Random) -> str:
    choice = weighted(roll, UNITS[language])
    return next((unit for name, unit in NAMED_SHOPS.items() if name in line.text), choice)


def _received(age: int, minutes: int | None, zone: ZoneInfo, now: datetime, roll: Random) -> datetime:
    if minutes is not None:
        return received_at(f"{minutes}m", zone, now)
    hour = weighted(roll, HOURS)
    day = now.astimezone(zone).date() - timedelta(days=age)
    return datetime.combine(day, time(hour, roll.randint(0, 59), roll.randint(0, 59)), tzinfo=zone).astimezone(UTC)


def _story(
    line: Line, age: int, minutes: int | None, *, language: model.Language, name: str, voices: Voices, now: datetime
) -> model.Story:
    key = f"{language}-{line.group}-{line.number}"
    roll = dice(f"story/{key}")
    unit = company().unit(_unit(line, language, roll))
    zone = ZoneInfo(unit.timezone)
    received = _received(age, minutes, zone, now, roll)
    product, channel = _product(line.group, key), weighted(roll, CHANNELS)
    who = customer(name, language)
    facts = facts_for(language, unit, received.astimezone(zone).date(), who, product, key)
    raw, wish = _text(line, channel, language, voices, roll, product)
    text, points = marked(fill(raw, facts))
    subject = fill(line.subject, facts)
    target = "registered" if minutes is not None and minutes < 8 else _fate(age, roll)
    course = Course(
        language=language,
        group=line.group,
        facts=facts,
        zone=zone,
        received=received,
        roll=roll,
        owner=roll.choice(AGENTS[language]),
        subject=subject,
        target=target,
    )
    owner_team = "first-line-en" if language == "en" else "first-line-de"
    events = told(course, now)
    return model.Story(
        key=key,
        channel=channel,
        language=language,
        received_at=received,
        customer=who,
        subject=subject,
        text=text,
        unit=unit.key,
        category=points[0].aspect if points else ASPECTS[complaints(language).groups[line.group].category],
        severity=line.severity,
        phase=phase_after(events, "registered"),
        points=points,
        product=product,
        firmware=_firmware(line, product, age),
        order_number=facts.words["order"] if "{order}" in raw or roll.random() < 0.5 else None,
        campaign=complaints(language).groups[line.group].campaign,
        desired_outcome=fill(wish, facts) if wish else None,
        team=owner_team,
        events=events,
    )


def composed_stories(now: datetime, taken: set[str]) -> list[model.Story]:
    """Every story of the banks as of `now`; `taken` are the customers of the written stories, who stay apart."""
    composed = []
    languages: tuple[model.Language, ...] = ("en", "de")
    for language in languages:
        voices, waiting = Voices(language), names(language, taken)
        for line, age, minutes in ages(language):
            composed.append(_story(line, age, minutes, language=language, name=next(waiting), voices=voices, now=now))
    return composed
