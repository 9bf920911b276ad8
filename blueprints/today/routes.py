"""The home page."""

from __future__ import annotations

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.events.labels import KIND_LABELS
from blueprints.today import service
from core import chamber
from core.access import public, viewer
from core.pages import page

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@public
def home() -> ResponseReturnValue:
    """What this is, for a visitor; an applicant's application; a member's today."""
    person = viewer()
    if person is None:
        return _front()
    if person.is_applicant:
        return redirect("/register/status", 303)
    home = service.home_of(person)
    return page("today/member.html", topics=home.topics, states=home.states, load=home.rest, tab="today", home=home)


def _front() -> ResponseReturnValue:
    front = service.front()
    return page(
        "today/visitor.html",
        topics=service.FRONT_TOPICS,
        states=front.states,
        tab="today",
        shared=True,
        description=gettext(
            "%(name)s：企业家互相解决问题的会员社区。发需求、找资源，参加线下对接活动，向义务专家免费咨询，每天一份简报。",
            name=chamber.current().name,
        ),
        front=front,
        kinds=KIND_LABELS,
    )
