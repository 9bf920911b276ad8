"""The business's own sentences about people: no Flask, no session, no clock."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

WAITING = ("submitted", "asked")
CODE_TRIES = 5
MOST_VERSION_DIGITS = 6
MOST_INITIALS = 4
NOTICE_DAYS = 7
"""How many days ahead a change of a rule is announced, as the texts promise."""
_TITLE = re.compile(r"# +(\S.{0,79})\n")
COMMENTS_A_DAY = 5


def may_decide(state: str) -> bool:
    """An application is decided once: while it waits, or while an answer is awaited."""
    return state in WAITING


def may_answer(state: str) -> bool:
    """The applicant may add to an application until it is approved; a refused one is handed in again so."""
    return state != "approved"


@dataclass(frozen=True)
class Identity:
    """What an application is compared by."""

    identity_digest: str | None
    uscc: str | None
    company_key: str
    sounds_like: str
    refusals: int = 0


def repeats(one: Identity, other: Identity) -> tuple[str, ...]:
    """Why the admin should look at `other` before deciding on `one`: codes of `REPEAT_LABELS`."""
    found = []
    if one.identity_digest and one.identity_digest == other.identity_digest:
        found.append("identity_number")
    if (one.uscc and one.uscc == other.uscc) or (one.company_key and one.company_key == other.company_key):
        found.append("company")
    if one.sounds_like and one.sounds_like == other.sounds_like:
        found.append("name")
    if found and other.refusals:
        found.append("refused")
    return tuple(found)


def waiting_days(since: date, today: date) -> int:
    """Whole days that somebody has waited; never negative."""
    return max(0, (today - since).days)


def letter_of(sort_key: str) -> str:
    """The heading under which a name stands in the directory: `A`–`Z`, or `#`."""
    first = sort_key[:1].upper()
    return first if "A" <= first <= "Z" else "#"


def name_patterns(pattern: str) -> tuple[str, ...]:
    """Where in a person's search text to look for a LIKE pattern `%…%`.

    A few letters are initials or the beginning of a syllable, and are looked for where a word begins: anywhere,
    `gch` would be found in the initials of every fourth company.
    """
    letters = pattern[1:-1]
    if letters.isascii() and letters.isalpha() and len(letters) <= MOST_INITIALS:
        return (pattern[1:], f"% {pattern[1:]}")
    return (pattern,)


def phone_is_shown(*, viewer_id: uuid.UUID, member_id: uuid.UUID, visible: bool, is_admin: bool, by_deal: bool) -> bool:
    """A phone is seen by its owner, by admins, by all when the owner allows it, and by a deal's other side."""
    return viewer_id == member_id or is_admin or visible or by_deal


def keeps_an_admin(admins: Collection[uuid.UUID], leaving: uuid.UUID) -> bool:
    """Whether somebody still keeps the roles when `leaving` does not any more."""
    return any(admin != leaving for admin in admins)


@dataclass(frozen=True)
class RuleVersion:
    """One version of one rule, without its text."""

    slug: str
    version: int
    title: str
    published_at: datetime
    in_force_from: datetime


def in_force(versions: Iterable[RuleVersion], instant: datetime) -> dict[str, RuleVersion]:
    """Of each rule the newest version that has come into force, by slug."""
    return _newest(version for version in versions if version.in_force_from <= instant)


def announced(versions: Collection[RuleVersion], instant: datetime) -> dict[str, RuleVersion]:
    """Of each rule the version that is announced and will come into force, by slug."""
    now = in_force(versions, instant)
    coming = _newest(version for version in versions if version.in_force_from > instant)
    return {slug: each for slug, each in coming.items() if slug not in now or each.version > now[slug].version}


def _newest(versions: Iterable[RuleVersion]) -> dict[str, RuleVersion]:
    return {each.slug: each for each in sorted(versions, key=lambda each: each.version)}


def said_enough(said_today: int) -> bool:
    """Whether a member has said so much of the rules today that it helps nobody any more."""
    return said_today >= COMMENTS_A_DAY


def title_of(body: str) -> str | None:
    """The title of a rule's text: its first line, `# Title`, of at most 80 characters, with a text below; or none."""
    found = _TITLE.match(body)
    return found[1].strip() if found and body[found.end() :].strip() else None


def text_below(body: str) -> str:
    """A rule's text without the line of its title."""
    found = _TITLE.match(body)
    return body[found.end() :].strip() if found else body.strip()


def versions_text(versions: Iterable[tuple[str, int]]) -> str:
    """Which versions of the rules a page shows, as its form says so again: `pledge:2,privacy-policy:3`."""
    return ",".join(f"{slug}:{version}" for slug, version in sorted(versions))


def versions_shown(text: str) -> frozenset[tuple[str, int]]:
    """What `versions_text` wrote; what it would not have written is left out."""
    pairs = (part.rpartition(":") for part in text.split(","))
    return frozenset(
        (slug, int(number))
        for slug, _, number in pairs
        if number.isascii() and number.isdigit() and len(number) <= MOST_VERSION_DIGITS
    )


_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("HuaweiBrowser", "华为浏览器"),
    ("MiuiBrowser", "小米浏览器"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> tuple[str, str]:
    """System and browser as a person would call them, each empty when unknown: `("iPhone", "微信")`."""
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    return system, browser


def network_of(address: str) -> str:
    """The network that an address lies in, as much as is kept of it: `218.68.3.0/24`, `2408:8206::/32`; "" for none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 32), strict=False))


def place_of(network: str, own: str) -> tuple[str, str]:
    """Where a device is, as far as its network tells, and how the network is written.

    `same` as the reader's own, `here` on the server itself, `inside` a building's network,
    `elsewhere` else, `unknown` where none was kept.
    """
    try:
        found = ipaddress.ip_network(network)
    except ValueError:
        return "unknown", ""
    width = 2 if found.version == 4 else 1
    shown = (
        f"{'.'.join(network.split('.')[:width])}.*.*"
        if found.version == 4
        else f"{network.split('::', maxsplit=1)[0]}:*"
    )
    if network == own:
        return "same", shown
    if found.is_loopback:
        return "here", shown
    return ("inside" if found.is_private else "elsewhere"), shown
