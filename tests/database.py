"""The address of the tests' database, for processes that a test starts."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.db import connection


def database_url() -> str:
    """`postgresql://…` of the database this test uses, over TCP or a socket in a folder."""
    values = connection.settings_dict
    user = f"{quote(values['USER'], safe='')}:{quote(values['PASSWORD'], safe='')}"
    host, port, name = str(values["HOST"]), str(values["PORT"] or ""), quote(values["NAME"], safe="")
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?{urlencode({'host': host, **({'port': port} if port else {})})}"
    return f"postgresql://{user}@{host}{f':{port}' if port else ''}/{name}"
