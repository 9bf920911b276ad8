"""The table of threats names every requirement of ASVS 5.0 levels 1 and 2, and only files that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
# How many requirements of levels 1 and 2 each section of the standard has (OWASP ASVS 5.0.0).
COUNTED = """
    1.1:2 1.2:9 1.3:11 1.4:3 1.5:2
    2.1:3 2.2:3 2.3:4 2.4:1
    3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
    4.1:3 4.2:1 4.3:2 4.4:4
    5.1:1 5.2:3 5.3:2 5.4:3
    6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
    7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
    8.1:2 8.2:3 8.3:1 8.4:1
    9.1:3 9.2:4
    11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
    12.1:3 12.2:2 12.3:4
    13.1:1 13.2:5 13.3:2 13.4:5
    14.1:2 14.2:4 14.3:3
    15.1:3 15.2:3 15.3:7
    16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
"""
SECTIONS = {section: int(most) for section, most in (each.split(":") for each in COUNTED.split())}
PATH = re.compile(r"(?<![\w/.])((?:blueprints|core|deploy|docs|tests|bench|demo|static|templates)/[\w./-]*\.\w+)")
ONE = r"(\d+\.\d+)\.(\d+)"


def named() -> set[str]:
    """The numbers that stand in the text; `1.2.6–1.2.8` names three."""
    found = set()
    for section, first, last in re.findall(rf"{ONE}(?:–\1\.(\d+))?", TEXT):
        found |= {f"{section}.{number}" for number in range(int(first), int(last or first) + 1)}
    return found


def test_every_requirement_of_levels_1_and_2_is_answered() -> None:
    wanted = {f"{section}.{number}" for section, most in SECTIONS.items() for number in range(1, most + 1)}
    assert len(wanted) == 217
    assert sorted(wanted - named()) == []


def test_no_requirement_is_named_that_the_standard_does_not_have_at_these_levels() -> None:
    ours = {number for number in named() if number.rpartition(".")[0] in SECTIONS}
    assert all(int(number.rpartition(".")[2]) <= SECTIONS[number.rpartition(".")[0]] for number in ours)


def test_every_row_names_what_meets_it() -> None:
    """A file, a rule, a part of ours, or that there is no such thing; or it is open, and says why."""
    for row in re.findall(r"^\| \d[^|]*\|([^|]*)\|$", TEXT, re.MULTILINE):
        assert (
            "`" in row
            or "*open" in row.lower()
            or re.search(r"\b(no|none|Caddy|Python|Flask|Jinja|one|above|below|table)\b", row)
        ), row


def test_every_file_that_is_named_is_there() -> None:
    files = set(PATH.findall(TEXT))
    assert len(files) > 100
    assert sorted(file for file in files if not (ROOT / file).exists()) == []
