"""The community's data as it stands in the files, and the words that stand for names in its texts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
PASSWORD = "huiyou-1118"  # noqa: S105  every demo log-in has it, and it is printed
LOG_INS = {
    "m043": ("admin", "13800000001"),
    "m187": ("editor", "13800000002"),
    "m328": ("reviewer", "13800000003"),
    "m050": ("publisher", "13800000004"),
    "m048": ("organizer", "13800000005"),
    "m001": ("lead", "13800000006"),
    "m009": ("expert", "13800000007"),
    "m051": ("member", "13800000008"),
    "m052": ("member", "13800000009"),
}
ADMIN = "m043"
TONIGHT = "e71"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Record = dict[str, Any]


def read(name: str) -> list[Record]:
    """The records of one file of the data."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def filled(text: str, words: dict[str, str]) -> str:
    """`text` with each `{word}` replaced; `KeyError` for one that stands for nothing."""
    return _PLACEHOLDER.sub(lambda found: words[found[1]], text)


@dataclass(frozen=True)
class Community:
    """Everything that is loaded, record by record, as the data's README describes it."""

    companies: list[Record]
    members: list[Record]
    posts: list[Record]
    events: list[Record]
    consultations: list[Record]
    briefings: list[Record]
    briefing_items: list[Record]
    rules: list[Record]
    expert_groups: list[Record]
    responses: list[Record]
    applicants: list[Record]
    names: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """`text` with names in the place of `{m017}`."""
        return filled(text, self.names)

    def with_more(self, **more: list[Record]) -> Community:
        """The same with further records."""
        grown: dict[str, Any] = {name: [*getattr(self, name), *records] for name, records in more.items()}
        return replace(self, **grown, names=names_of(grown.get("members", self.members)))


def names_of(members: list[Record]) -> dict[str, str]:
    """Each member's real name by the word that stands for it."""
    return {member["id"]: member["real_name"] for member in members}


def read_community() -> Community:
    """The data, with the phones of the printed log-ins in it."""
    members = read("members")
    for member in members:
        if member["id"] in LOG_INS:
            member["phone"] = LOG_INS[member["id"]][1]
    return Community(
        companies=read("companies"),
        members=members,
        posts=read("posts"),
        events=read("events"),
        consultations=read("consultations"),
        briefings=read("briefings"),
        briefing_items=read("briefing_items"),
        rules=read("rules"),
        expert_groups=read("expert_groups"),
        responses=read("responses"),
        applicants=read("applicants"),
        names=names_of(members),
    )
