"""Every form of the site that may wait in an outbox is decided through it as well as it would be by its own post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.accounts.models import Member, Rule
from core.clock import clock, now
from core.database import db
from core.operations import registry
from tests import forms
from tests.form_cases import cases
from tests.markup import Element, elements
from tests.people import People
from tests.phones import Phone, target_of
from tests.sitemap import NOT_FOUND, pages_of
from tests.world import World, build

LAST = (
    *(
        "need.accept_response",
        "consultation.decline",
        "consultation.withdraw",
        "event.cancel_signup",
        "event.cancel",
        "need.close",
    ),
    *("conduct.pause", "member.suspend", "expert_group.let_go", "session.revoke"),
)
"""What ends something that others need."""
BESIDE_A_FILE = {"briefing.import"}
"""What is offered only beside what was read from files."""
BY_A_SCRIPT = {"briefing.gather"}
"""What a script fills in from what was ticked; the desk's own tests ask it."""
MORE = {
    "event.signup": {"note": "吃素"},
    "briefing.review": {"verdict": "pass", "comment": ""},
    "need.update": {"title": "求购 304 边角料八吨"},
    "event.update": {"title": "项目路演第十一期"},
}


@dataclass(frozen=True)
class Place:
    """Where a form stands."""

    role: str
    page: str
    action: str


def offered(world: World) -> dict[str, list[Place]]:
    """Every operation that some form offers, with each place at which it stands."""
    found: dict[str, list[Place]] = {}
    for role, paths in pages_of(world).items():
        for path in paths:
            if path == NOT_FOUND:
                continue
            for form in elements(world.browser(role).get(path).html).all("form"):
                if name := form.attrs.get("data-op"):
                    found.setdefault(name, []).append(Place(role, path, form.attrs["action"]))
    for name, case in cases(world).items():
        if name in found or name == "need.respond":
            found.setdefault(name, []).append(Place(case.role, case.page, case.action))
    return found


def prepare(world: World) -> None:
    """What makes the rarer forms appear: rules that have changed or will, and an identity number to take back."""
    with world.app.app_context():
        rule = {"slug": "community-rules", "title": "社区群规", "body": "# 新的", "published_at": now()}
        db.session.add(Rule(version=2, **rule))
        coming = {**rule, "slug": "privacy-policy", "in_force_from": now() + timedelta(days=7)}
        db.session.add(Rule(version=2, **coming))
        db.session.get_one(Member, world.who["member"]).identity_number = "v1.sealed"
        db.session.commit()


def form_at(world: World, name: str, place: Place) -> Element | None:
    """The form, if it still stands there."""
    document = elements(world.browser(place.role).get(place.page).html)
    found = forms.forms_to(document, place.action)
    valid = cases(world)[name].valid if name in cases(world) else {}
    fitting = [f for f in found if f.attrs.get("data-op") == name and set(valid) & set(forms.names(f)) == set(valid)]
    return (fitting or [f for f in found if f.attrs.get("data-op") == name] or [None])[0]


def pressed(world: World, name: str, place: Place, form: Element) -> dict[str, Any]:
    """Press the form's button on a phone with an outbox; what the phone is told."""
    account = None if place.role == "visitor" else world.who[place.role]
    phone = Phone(world.browser(place.role), account)
    case = cases(world).get(name)
    filled = forms.filled(form) | {key: str(value) for key, value in (case.valid if case else {}).items()}
    filled |= MORE.get(name, {})
    envelope = ("op_id", "owner", "form_version")
    fields = {key: value for key, value in filled.items() if key not in envelope and value != ""}
    target = target_of(place.action)
    op = phone.op(name, target, op_id=filled["op_id"], form_version=int(filled["form_version"]), fields=fields)
    told: dict[str, Any] = phone.send(op)["ops"][0]
    repeat = phone.send(op)["ops"][0]
    assert repeat == told or (name, repeat["outcome"]) == ("session.revoke", "auth"), (
        f"{name}: asked again, answered otherwise"
    )
    return told


@pytest.mark.thorough
def test_every_form_that_may_wait_works_from_the_outbox(app: Flask, people: People) -> None:
    world = build(app, people)
    prepare(world)
    clock.advance(hours=8)
    places = offered(world)
    unknown = [name for name in places if name not in registry or not registry[name].waits]
    assert not unknown, f"forms that no outbox may send: {unknown}"
    silent = {name for name, kind in registry.items() if kind.waits} - set(places) - BESIDE_A_FILE
    assert not silent, f"operations without a form that may wait: {silent}"
    wrong = []
    for name in sorted(places.keys() - BY_A_SCRIPT, key=lambda each: (LAST.index(each) if each in LAST else -1, each)):
        told: dict[str, Any] = {"outcome": "never offered"}
        for place in places[name]:
            form = form_at(world, name, place)
            if form is None:
                continue
            told = pressed(world, name, place, form)
            if told["outcome"] in ("accepted", "waitlisted", "duplicate"):
                break
        else:
            wrong.append(f"{name}: {told}")
    assert not wrong, "\n".join(wrong)
