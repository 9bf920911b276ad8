"""What all features have to tell of a day, as cards for the desk, and how the picked ones come into a draft."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import current_app
from flask_babel import force_locale, gettext

import blueprints.accounts.gathering
import blueprints.door.gathering
import blueprints.experts.gathering
import blueprints.needs.gathering
from blueprints.briefings import deeds, rules
from blueprints.briefings.acts import editable, save
from blueprints.briefings.forms import GatherForm, ItemsField
from blueprints.briefings.models import Deed
from blueprints.briefings.steps import TooLong, outcome
from blueprints.briefings.words import SECTIONS
from core.operations import Act, Outcome, operation
from core.registries import Gathered, gatherings

__all__ = ["Section", "blueprints", "gather", "items_of_page", "of_day", "tongue"]
LONGEST_BODY = 15_000


@dataclass(frozen=True)
class Section:
    """What may go under one heading."""

    kind: str
    heading: str
    cards: list[Gathered]


def of_day(day: date, good_deeds: Iterable[Deed] = ()) -> list[Section]:
    """The cards of a day by sections, said in the installation's language; a query for each feature."""
    with force_locale(tongue()):
        found = [each for gather in gatherings.values() for each in gather(day)]
        found += [deeds.card(deed) for deed in good_deeds]
    return [
        Section(kind, str(SECTIONS[kind]), cards)
        for kind in rules.KINDS
        if (cards := [each for each in found if each.kind == kind])
    ]


def tongue() -> str:
    """The language in which the briefing is written: the installation's."""
    return "en" if current_app.extensions["settings"].locale == "en" else "zh"


@operation("briefing.gather", form=GatherForm, requires="briefing.edit", lane="briefing")
def gather(act: Act, *, items: list[tuple[str, str]]) -> Outcome:
    """Put what was picked at the end of its sections; what others wrote meanwhile stays."""
    found = editable(act)
    with force_locale(tongue()):
        lines = [(str(SECTIONS[kind]), line) for kind, line in items]
    body = rules.with_items(found.body, lines)
    if len(body) > LONGEST_BODY:
        raise TooLong
    save(act, found, found.title, body)
    return outcome(found, gettext("放进了 %(count)s 条，排在各自的栏目里。", count=len(items)))


def items_of_page(posted: Mapping[str, str], picked: Iterable[str]) -> str:
    """The `items` of a page without scripts: boxes `pick`, and for each key `line-KEY` and `order-KEY`."""

    def place(key: str) -> tuple[int, float]:
        kind = key.partition(":")[0]
        order = posted.get(f"order-{key}", "")
        return rules.KINDS.index(kind), int(order) if order.isascii() and order.isdigit() else float("inf")

    known = [key for key in dict.fromkeys(picked) if key.partition(":")[0] in rules.KINDS]
    rows = [{"kind": key.partition(":")[0], "line": posted.get(f"line-{key}", "")} for key in sorted(known, key=place)]
    return json.dumps(rows[: ItemsField.most + 1], ensure_ascii=False) if rows else ""
