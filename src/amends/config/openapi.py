"""Writes `docs/reference/openapi.json`: the description of the API (OpenAPI 3.1), as `/api/v1/openapi.json` serves it.

python -m amends.config.openapi > docs/reference/openapi.json
"""

from __future__ import annotations

import json


def description() -> str:
    """The description as indented JSON with a final line end. Django must be set up."""
    from amends.config.api import api

    return json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    import django

    django.setup()
    sys.stdout.write(description())
