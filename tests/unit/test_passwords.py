"""Which passwords nobody may choose."""

from __future__ import annotations

import pytest

from core.passwords import is_common


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password",
        "12345678",
        "87654321",
        "88888888",
        "abcdefgh",
        "1qaz2wsx",
        "12121212",
        "huiyou2026",
    ],
)
def test_what_everybody_tries_first_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize("password", ["huiyou-1118", "小站稻八百亩", "tie pian 3 mm", "19620315天津", "another-1118"])
def test_what_nobody_has_thought_of_is_not(password: str) -> None:
    assert not is_common(password)
