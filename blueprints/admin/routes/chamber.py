"""The overview, the audit trail, the figures and the settings."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from blueprints.admin.forms import AuditFilter, SettingsForm
from blueprints.admin.routes.blueprint import blueprint, filters_of, next_url
from blueprints.admin.service import audit_trail, figures, settings
from blueprints.experts.rules import GROUPS, together
from core.access import requires
from core.pages import page
from core.posts import submit


@blueprint.get("/admin")
@requires("members.manage")
def overview() -> Response:
    """What waits, and the way to everything."""
    return page("admin/overview.html", tab="me", waiting=figures.waiting())


@blueprint.get("/admin/audit")
@requires("audit.read")
def audit() -> Response:
    """Who did what, newest first."""
    wanted = AuditFilter(request.args)
    filters = filters_of(wanted)
    after = request.args.get("after", type=uuid.UUID)
    lines, after = ([], None) if wanted.errors else audit_trail.find(audit_trail.Wanted(**filters), after)
    return page(
        "admin/audit.html",
        tab="me",
        filter=wanted,
        filtered=bool(wanted.errors) or any(filters.values()),
        lines=lines,
        next_url=next_url("/admin/audit", filters, after),
    )


@blueprint.get("/admin/figures")
@requires("figures.read")
def figures_page() -> Response:
    """Twelve months of the community, and the groups' work."""
    figure = figures.by_month()
    return page(
        "admin/figures.html", tab="me", figure=figure, groups=GROUPS, all_groups=together(figure.groups.values())
    )


@blueprint.get("/admin/settings")
@requires("settings.change")
def settings_page(form: SettingsForm | None = None, status: int = 200, **_: Any) -> Response:
    """Name, contact and hours."""
    return page(
        "admin/settings.html",
        tab="me",
        status=status,
        load=lambda: {"form": form or SettingsForm(data=settings.values())},
    )


@blueprint.post("/admin/settings")
@requires("settings.change")
def change_settings() -> ResponseReturnValue:
    """Keep them."""
    return submit("settings.change", settings_page)
