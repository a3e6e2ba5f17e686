"""Reviews from a file that a person brings: CSV, with the names of its columns as settings.

The file is read whole or refused whole, with the number of the line that cannot be read. The same file twice is harmless:
a line is known by its id, or by its words where there is none.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from amends.core.errors import BadInput
from amends.intake.channels.reviews.connectors.base import (
    Account,
    Capabilities,
    Connector,
    Cursor,
    Item,
    Page,
    Setting,
    connectors,
)
from amends.intake.channels.reviews.connectors.calls import moment_of, stars

LONGEST = 100_000
"""Characters of one field: more is a quotation mark that is missing."""
ROWS = 20_000
COLUMN = r"[^\x00-\x1f]{1,100}"
FIELDS = ("id", "text", "title", "author", "rating", "language", "url", "published")


class CsvFile(Connector):
    """Files of one origin, with one mapping of columns."""

    key = "csv"
    order = 90
    name = _("CSV file")
    capabilities = Capabilities(fetches=False)
    wanted = (
        Setting("text", _("Column with the text"), COLUMN, default="text"),
        Setting("id", _("Column with the id"), COLUMN, required=False, default="id"),
        Setting("title", _("Column with the title"), COLUMN, required=False, default="title"),
        Setting("author", _("Column with the author"), COLUMN, required=False, default="author"),
        Setting("rating", _("Column with the rating (1 to 5)"), COLUMN, required=False, default="rating"),
        Setting("language", _("Column with the language"), COLUMN, required=False, default="language"),
        Setting("url", _("Column with the address"), COLUMN, required=False, default="url"),
        Setting("published", _("Column with the date"), COLUMN, required=False, default="published"),
    )

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """Nothing: files are brought."""
        del source
        return Page((), cursor)


def read_csv(data: bytes, mapping: Mapping[str, str]) -> list[Item]:
    """The reviews of a CSV file in UTF-8 (or UTF-16 with its mark), with comma, semicolon or tab.

    Raises:
        BadInput: what is wrong with it, with the line.
    """
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("The file is not in UTF-8: save it as “CSV UTF-8”.", field="file") from error
    head = text[:10_000].partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter, strict=True)
    columns = {field: mapping.get(field, "") for field in FIELDS}
    items: list[Item] = []
    try:
        if columns["text"] not in (reader.fieldnames or []):
            raise BadInput(f"The file has no column “{columns['text']}”.", field="file")
        for row in reader:
            if None in row or None in row.values():
                raise BadInput(f"Line {reader.line_num} has another number of fields than the first.", field="file")
            item = _item({field: row.get(column, "").strip() for field, column in columns.items()}, reader.line_num)
            items += [item] if item else []
            if any(len(value) > LONGEST for value in row.values()):
                raise BadInput(f"Line {reader.line_num} is longer than {LONGEST:,} characters.", field="file")
            if len(items) > ROWS:
                raise BadInput(f"The file has more than {ROWS:,} reviews: divide it.", field="file")
    except csv.Error as error:
        raise BadInput(f"Line {reader.line_num} cannot be read as CSV.", field="file") from error
    return items


def _item(row: dict[str, str], line: int) -> Item | None:
    if not (row["text"] or row["title"] or row["rating"]):
        return None
    rating = stars(row["rating"].replace(",", ".")) if row["rating"] else None
    if row["rating"] and rating is None:
        raise BadInput(f"Line {line}: the rating is not a number from 1 to 5.", field="file")
    published = moment_of(row["published"])
    if row["published"] and published is None:
        raise BadInput(f"Line {line}: the date is not one like 2026-03-31 or 2026-03-31T12:00:00Z.", field="file")
    words = "\x1f".join(row[field] for field in FIELDS if field != "id")
    return Item(
        external_id=row["id"] or hashlib.sha256(words.encode()).hexdigest(),
        text=row["text"],
        title=row["title"],
        author=row["author"],
        rating=rating,
        language=row["language"],
        url=row["url"],
        published_at=published,
        updated_at=published,
        raw=row,
    )


connectors.register(CsvFile())
