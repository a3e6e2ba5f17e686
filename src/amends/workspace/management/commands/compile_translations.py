"""`python -m django compile_translations`: writes every .mo beside its .po, without the gettext tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

import amends
from amends.workspace.catalogue import compile_catalogue


class Command(BaseCommand):
    """Compiles the translations of every domain."""

    help = "Compiles all translations (.po) of Amends into .mo files."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compile them all."""
        for source in sorted(Path(str(amends.__path__[0])).rglob("locale/*/LC_MESSAGES/*.po")):
            source.with_suffix(".mo").write_bytes(compile_catalogue(source.read_text(encoding="utf-8")))
            self.stdout.write(str(source))
