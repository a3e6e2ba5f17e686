"""Signing in to mailboxes by OAuth 2, against a real Dovecot that asks a token server whether a token holds."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.intake.email.dovecot import Dovecot, TokenServer, running_dovecot, token_server
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.core.errors import BadInput
from amends.intake.channels.email.incoming.imap import MailboxTrouble, open_session, token_source
from amends.intake.channels.email.incoming.mailboxes import add_mailbox, change_mailbox
from amends.intake.channels.email.incoming.oauth import Tokens
from amends.intake.channels.email.incoming.pull import begin, pull
from amends.intake.channels.email.incoming.secret_places import read_secret, replace_secret
from amends.intake.channels.email.models import Mailbox


@pytest.fixture
def tokens_at() -> Iterator[TokenServer]:
    """The token server."""
    with token_server() as server:
        yield server


@pytest.fixture
def dovecot(tokens_at: TokenServer) -> Iterator[Dovecot]:
    """An IMAP server that takes its tokens."""
    with running_dovecot(tokens_at.address) as server:
        yield server


@pytest.fixture
def box(
    house: House,
    dovecot: Dovecot,
    tokens_at: TokenServer,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> Mailbox:
    """A mailbox with a refresh token in a file, as for Google."""
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    monkeypatch.setenv("AMENDS_MAILBOX_SECRET_CLIENT", "client-pass")
    settings.AMENDS_SECRETS_DIR = str(tmp_path)
    (tmp_path / "care").write_text("refresh-1\n")
    return add_mailbox(
        actor=SYSTEM,
        values={
            "name": "Care", "unit_id": house.root.pk, "host": "localhost", "port": dovecot.tls_port, "user": "care",
            "auth": "oauth2", "grant": "refresh_token", "secret": "file:care", "client_id": "amends", "scope": "mail",
            "client_secret": "env:AMENDS_MAILBOX_SECRET_CLIENT", "token_url": f"{tokens_at.address}/token",
        },
    )  # fmt: skip


def sign_in(box: Mailbox, tokens: Tokens) -> None:
    """Open the folder once."""
    with open_session(box, tokens):
        pass


def test_a_refresh_token_opens_the_mailbox_and_mail_comes(box: Mailbox, dovecot: Dovecot, tokens_at: TokenServer):
    with dovecot.client() as client:
        client.append("INBOX", "", "", b"Subject: hello\r\n\r\nIt leaks.\r\n")
    with open_session(box, Tokens()) as session:
        assert pull(begin(box.pk, session), session, everything=True).kept == 1
    assert tokens_at.asked == [
        {
            "grant_type": "refresh_token", "client_id": "amends", "scope": "mail", "client_secret": "client-pass",
            "refresh_token": "refresh-1",
        }
    ]  # fmt: skip


def test_client_credentials_open_it_too(box: Mailbox, tokens_at: TokenServer):
    change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"grant": "client_credentials"})
    box.refresh_from_db()
    sign_in(box, Tokens())
    assert tokens_at.asked[0]["grant_type"] == "client_credentials"
    assert "refresh_token" not in tokens_at.asked[0]


def test_a_token_is_asked_for_once_and_used_while_it_holds(box: Mailbox, tokens_at: TokenServer):
    tokens = Tokens()
    for _time in range(3):
        sign_in(box, tokens)
    assert len(tokens_at.asked) == 1


def test_a_token_that_is_about_to_end_is_replaced_before(box: Mailbox, tokens_at: TokenServer):
    tokens_at.valid.add("short")
    tokens_at.answers = [(200, {"access_token": "short", "expires_in": 200})]
    tokens = Tokens()
    sign_in(box, tokens)
    sign_in(box, tokens)
    assert len(tokens_at.asked) == 2


def test_a_token_that_the_mail_server_no_longer_takes_is_replaced_once(box: Mailbox, tokens_at: TokenServer):
    tokens = Tokens()
    sign_in(box, tokens)
    tokens_at.valid.clear()
    sign_in(box, tokens)
    assert len(tokens_at.asked) == 2


def test_tokens_that_are_never_taken_end_in_a_sentence(box: Mailbox, tokens_at: TokenServer):
    tokens_at.answers = [(200, {"access_token": f"bad-{number}", "expires_in": 3600}) for number in range(5)]
    with pytest.raises(MailboxTrouble, match="refused the sign-in"):
        sign_in(box, Tokens())
    assert len(tokens_at.asked) == 2


def test_a_new_refresh_token_is_kept_in_its_file(box: Mailbox, tokens_at: TokenServer, tmp_path: Path):
    tokens_at.rotate = True
    sign_in(box, Tokens())
    assert (tmp_path / "care").read_text().strip() == "refresh-2"
    assert (tmp_path / "care").stat().st_mode & 0o077 == 0
    sign_in(box, Tokens())
    assert (tmp_path / "care").read_text().strip() == "refresh-3"


def test_a_new_refresh_token_for_a_variable_is_said_in_the_log(
    box: Mailbox, tokens_at: TokenServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("AMENDS_MAILBOX_SECRET_CARE", "refresh-1")
    change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"secret": "env:AMENDS_MAILBOX_SECRET_CARE"})
    box.refresh_from_db()
    tokens_at.rotate = True
    with caplog.at_level(logging.WARNING):
        sign_in(box, Tokens())
    assert "refresh_token_exchanged_but_in_a_variable" in caplog.text
    assert "refresh-2" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, {"error": "invalid_grant", "error_description": "maya@example.org"}), "invalid_grant"),
        ((200, {"no": "token"}), "refused"),
        ((200, ["a", "list"]), "not what OAuth 2"),
        ((500, {}), "500"),
    ],
)
def test_a_refusing_token_server_is_named_without_personal_data(
    box: Mailbox, tokens_at: TokenServer, answer: Any, words: str
):
    tokens_at.answers = [answer]
    with pytest.raises(MailboxTrouble, match=words) as trouble:
        sign_in(box, Tokens())
    assert "maya" not in str(trouble.value)


def test_a_token_server_inside_the_network_is_asked_only_when_it_is_allowed(
    box: Mailbox, tokens_at: TokenServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AMENDS_OUTGOING_ALLOW")
    with pytest.raises(MailboxTrouble, match="AMENDS_OUTGOING_ALLOW"):
        sign_in(box, Tokens())
    assert tokens_at.asked == []


@pytest.mark.parametrize(
    "place",
    ["env:DATABASE_URL", "env:AMENDS_SECRET_KEY", "file:../secret.key", "file:/etc/passwd", "file:.x", "secret", "", "env:",
     "file:a/b", "env:AMENDS_MAILBOX_SECRET_"],
)  # fmt: skip
def test_only_secrets_that_are_meant_for_mailboxes_can_be_named(box: Mailbox, place: str):
    with pytest.raises(BadInput):
        change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"secret": place})
    with pytest.raises(BadInput):
        read_secret(place)
    with pytest.raises(BadInput):
        replace_secret(place, "x")


def test_where_a_token_comes_from_shows_no_secret(box: Mailbox):
    assert "refresh-1" not in repr(token_source(box))
    assert "client-pass" not in repr(token_source(box))
