"""What is sealed can be read with the server's key, and with no other."""

from __future__ import annotations

from typing import Any

import pytest

from amends.core.sealing import SealBrokenError, seal, unseal


def test_a_secret_comes_back_and_is_not_in_its_sealed_form() -> None:
    sealed = seal("whsec_ä very secret")
    assert "secret" not in sealed
    assert seal("whsec_ä very secret") != sealed
    assert unseal(sealed) == "whsec_ä very secret"
    assert unseal(seal("")) == ""


@pytest.mark.parametrize("wrong", ["whsec_plain", "gAAAAA", "ä"])
def test_what_was_not_sealed_here_is_refused(wrong: str) -> None:
    with pytest.raises(SealBrokenError, match="set it anew"):
        unseal(wrong)


def test_another_key_opens_nothing(settings: Any) -> None:
    sealed = seal("x")
    settings.SECRET_KEY = "another key of the server"
    with pytest.raises(SealBrokenError):
        unseal(sealed)
