"""The community's rules: which are in force, and announcing new versions of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from blueprints.accounts.forms import RuleTextForm
from blueprints.accounts.rules import NOTICE_DAYS, text_below
from blueprints.accounts.service import rule, rule_changes, rules_in_force
from blueprints.admin.routes.blueprint import blueprint
from core.access import requires
from core.clock import today
from core.pages import page
from core.posts import submit

LIST = "/admin/rules"


@blueprint.get(LIST)
@requires("settings.change")
def rules() -> Response:
    """Every rule, and what is announced."""
    return page("admin/rules.html", tab="me", rules=rules_in_force())


@blueprint.get(f"{LIST}/<slug>")
@requires("settings.change")
def edit_rule(slug: str, form: RuleTextForm | None = None, status: int = 200, **current: Any) -> Response:
    """The newest text of one rule, to be changed."""
    found = rule(slug)
    newest = rule_changes.newest(found)
    earliest = today() + timedelta(days=NOTICE_DAYS)
    return page(
        "admin/rule.html",
        tab="me",
        status=status,
        rule=found,
        newest=newest,
        form=form or RuleTextForm(data={"title": newest.title, "body": text_below(newest.body), "on": earliest}),
        earliest=earliest,
        current=current.get("current"),
    )


@blueprint.post(f"{LIST}/<slug>")
@requires("settings.change")
def publish_rule(slug: str) -> ResponseReturnValue:
    """Announce the new text."""

    def again(form: RuleTextForm | None = None, status: int = 200, **current: Any) -> Response:
        return edit_rule(slug, form, status, **current)

    return submit("rule.publish", again, target=slug)


@blueprint.post(f"{LIST}/<slug>/withdraw")
@requires("settings.change")
def withdraw_rule(slug: str) -> ResponseReturnValue:
    """Take the announcement back."""

    def again(form: object = None, status: int = 200) -> Response:  # noqa: ARG001 a button has no values
        return edit_rule(slug, status=status)

    return submit("rule.withdraw", again, target=slug)
