"""The rules of posting ("发信息九不准") that a machine can check: links, private numbers, repeats."""

from __future__ import annotations

import re

MOST_LINKS = 3
ANSWERS_AN_HOUR = 60
SAME_ANSWERS = 5
SHORT_ANSWER = 12
SHORTENERS = ("t.cn", "url.cn", "dwz.cn", "dwz.mk", "suo.im", "bit.ly", "tinyurl.com", "goo.gl", "is.gd", "t.co")
_LINK = re.compile(r"(?:https?://|www\.)([^\s/，。；！？、“”（）)]+)", re.IGNORECASE)
_IDENTITY_NUMBER = re.compile(r"(?<![\w-])[1-8]\d{16}[\dXx](?![\w-])", re.ASCII)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){15,18}(?![\w.-])", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def fault_of(text: str) -> str | None:
    """What a post must not hold: `links` (too many), `short_link`, `identity_number`, `card`; or `None`."""
    hosts = [host.lower().partition(":")[0] for host in _LINK.findall(text)]
    if len(hosts) > MOST_LINKS:
        return "links"
    if any(host in SHORTENERS for host in hosts):
        return "short_link"
    if any(_is_identity_number(found) for found in _IDENTITY_NUMBER.findall(text)):
        return "identity_number"
    if any(_is_card(found) for found in _CARD.findall(text)):
        return "card"
    return None


def _is_identity_number(text: str) -> bool:
    """Whether the last of 18 characters checks (GB 11643-1999), so that an order number is none."""
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    month, day = int(text[10:12]), int(text[12:14])
    return "10X98765432"[total % 11] == text[17].upper() and 1 <= month <= 12 and 1 <= day <= 31


def _is_card(text: str) -> bool:
    """Whether the number checks (Luhn) and begins as cards of Chinese banks and of the large networks do."""
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [
        digit if place % 2 == 0 else (digit * 2 - 9 if digit > 4 else digit * 2)
        for place, digit in enumerate(digits[::-1])
    ]
    return digits[0] in (4, 5, 6) and sum(doubled) % 10 == 0
