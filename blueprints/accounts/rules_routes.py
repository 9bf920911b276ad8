"""The rules of the community, and accepting them."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts import offline
from blueprints.accounts.changes import changes
from blueprints.accounts.forms import RuleCommentForm
from blueprints.accounts.routes import blueprint
from blueprints.accounts.rules import versions_text
from blueprints.accounts.service import rule, rule_comments, rules_in_force
from blueprints.accounts.service.community_rules import body_of
from core.access import public, requires, safe_next, viewer
from core.markdown import render
from core.operations import Outcome
from core.pages import page
from core.posts import submit


def _description() -> str:
    return gettext("群规、诚信承诺和隐私说明的全文：什么可以做，什么不可以，您的资料怎么用、存多久。")


@blueprint.get("/rules")
@public
def rules(form: object = None, status: int = 200) -> ResponseReturnValue:
    """Every rule in force; who has to accept a new version does so here."""
    reader = viewer()
    kept = offline.rules_page(reader)

    def load() -> dict[str, object]:
        in_force = rules_in_force(reader.id if reader else None)
        due = [each for each in in_force if reader and each.accepted_at is None]
        return {
            "rules": in_force,
            "due": due,
            "shown": versions_text((each.slug, each.version) for each in in_force),
            "next": safe_next(request.values.get("next")) or "",
        }

    return page(
        "accounts/rules.html",
        topics=kept.topics,
        states=kept.states,
        dated=kept.dated,
        tab="rules",
        description=_description(),
        status=status,
        load=load,
        shared=True,
        form=form,
    )


@blueprint.get("/rules/<slug>")
@public
def show_rule(slug: str, form: RuleCommentForm | None = None, status: int = 200) -> ResponseReturnValue:
    """One rule as it is in force; what is announced, and which sentences change."""
    reader = viewer()
    kept = offline.rules_page(reader, slug)

    def load() -> dict[str, object]:
        wanted = rule(slug, reader.id if reader else None)
        coming = body_of(slug, wanted.coming.version) if wanted.coming else ""
        earlier = body_of(slug, wanted.previous.version) if wanted.previous and not coming else ""
        before, after = (wanted.body, coming) if coming else (earlier, wanted.body)
        return {
            "rule": wanted,
            "text": render(wanted.body, without_title=True),
            "coming": render(coming, without_title=True),
            "changes": changes(before, after) if before else [],
            "comments": rule_comments.comments_on(slug, reader.id) if reader and reader.is_member else [],
            "form": form or RuleCommentForm(),
        }

    return page(
        "accounts/rule.html",
        topics=kept.topics,
        states=kept.states,
        dated=kept.dated,
        tab="rules",
        description=_description(),
        status=status,
        load=load,
        shared=True,
    )


@blueprint.post("/rules/<slug>/comments")
@requires("member")
def comment_on_rule(slug: str) -> ResponseReturnValue:
    """Say something of a rule, under one's own name."""

    def again(form: RuleCommentForm | None = None, status: int = 200) -> ResponseReturnValue:
        return show_rule(slug, form, status)

    return submit("rule.comment", again, target=slug)


@blueprint.post("/rules/<slug>/comments/<uuid:comment_id>/withdraw")
@requires("member")
def take_comment_back(slug: str, comment_id: uuid.UUID) -> ResponseReturnValue:
    """Take one's own words back."""

    def again(form: object = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001 a button has no values
        return show_rule(slug, status=status)

    return submit("rule.take_back", again, target=comment_id)


@blueprint.post("/rules/accept")
@requires("signed_in")
def accept_rules() -> ResponseReturnValue:
    """Accept what was shown, and go on."""

    def onwards(outcome: Outcome) -> str:
        return safe_next(request.form.get("next")) or outcome.url or "/rules"

    return submit("rules.accept", rules, then=onwards)
