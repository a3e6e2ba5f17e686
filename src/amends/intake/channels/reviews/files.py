"""The verb that takes in a file of reviews."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import BadInput, Refused
from amends.core.text import digest
from amends.intake.channels.reviews.connectors.csv_file import CsvFile, read_csv
from amends.intake.channels.reviews.models import Mention
from amends.intake.channels.reviews.services import known_id, locked_source, store_items

FILE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileTaken:
    """What a file held: rows with a review, those that were there before, and those that could not be stored."""

    reviews: int
    known: int
    failed: int


def take_file(*, actor: Actor, source_id: int, data: bytes) -> FileTaken:
    """Store the reviews of a CSV file with the source's mapping; the same file again changes nothing.

    Raises:
        BadInput: the file cannot be read; nothing of it is stored.
        Refused: the source is not one of files.
        NotFound: the source is not the actor's.
    """
    actor.require(Permission.CASE_REGISTER)
    if len(data) > FILE_LIMIT:
        raise BadInput(f"The file is larger than {FILE_LIMIT // 1024 // 1024} MB: divide it.", field="file")
    with transaction.atomic():
        source = locked_source(actor, source_id)
        if source.kind != CsvFile.key:
            raise Refused("This source is read by itself; files are for sources of the kind CSV.")
        items = read_csv(data, source.settings)
        ids = [known_id(one) for one in items]
        known = Mention.objects.filter(source=source, external_id__in=ids).count()
        now = clock.now()
        failed = store_items(source, items, now=now)
        source.last_fetch_at = source.last_full_at = now
        source.save(update_fields=["last_fetch_at", "last_full_at"])
        record(
            actor=actor,
            chain=f"review_source:{source.pk}",
            kind="review_file_taken",
            data={"sha256": digest(data.decode("latin-1")), "reviews": len(items), "failed": failed},
        )
    return FileTaken(reviews=len(items), known=known, failed=failed)
