"""The letters of this installation: the organisation's own folder first, then the built-in ones."""

from __future__ import annotations

from pathlib import Path

import structlog
from django.conf import settings

from amends.voice.choosing import BUILT_IN, Choice, VoiceFileError, read_choice
from amends.voice.letterfile import Letter, check_folder, letter

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def own_folder() -> Path | None:
    """The folder with the organisation's own letters, if there is one."""
    return Path(settings.AMENDS_LETTERS_DIR) if settings.AMENDS_LETTERS_DIR else None


def configured_letter(name: str, language: str) -> Letter:
    """The letter of this name, of the organisation's own when it has one.

    An own file that is wrong is said in the log and by `letter_problems`; the built-in letter goes out meanwhile, because
    no customer waits for somebody to mend a file.
    """
    try:
        return letter(name, language, own_folder())
    except VoiceFileError as refused:
        log.error("letter_file_unusable", reason=str(refused))  # noqa: TRY400  # the sentence says it all
    try:
        return letter(name, language)
    except ValueError:
        return letter(name.partition("-")[0], language)  # a variant that only the own folder has


def configured_choice() -> Choice:
    """The rules that choose a letter; the built-in ones while the own file is wrong."""
    folder = own_folder()
    own = folder / BUILT_IN.name if folder else None
    if own is not None and own.is_file():
        try:
            return read_choice(own)
        except VoiceFileError as refused:
            log.error("letter_file_unusable", reason=str(refused))  # noqa: TRY400  # the sentence says it all
    return read_choice()


def letter_problems() -> list[str]:
    """What is wrong with the organisation's own letters, one sentence each with file, place and reason."""
    folder = own_folder()
    if folder is None:
        return []
    problems = check_folder(folder)
    own = folder / BUILT_IN.name
    if not own.is_file():
        return problems
    try:
        rules = read_choice(own).rule
    except VoiceFileError as refused:
        return [*problems, str(refused)]
    for number, rule in enumerate(rules):
        try:
            letter(rule.letter, "en", folder)
        except ValueError as missing:
            problems.append(f"{own}: rule.{number}.letter: {missing}")
    return problems
