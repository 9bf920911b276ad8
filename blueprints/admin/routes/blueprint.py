"""What the admins' pages hang on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint
from flask_babel import ngettext

from blueprints.accounts.labels import REPEAT_LABELS, ROLE_LABELS, TRADE_LABELS
from blueprints.admin.rules import waited
from core.clock import now
from core.fields import Form

blueprint = Blueprint("admin", __name__)


@blueprint.context_processor
def words() -> dict[str, Any]:
    """The words for codes that the admins' pages show."""
    return {"repeat_labels": REPEAT_LABELS, "role_labels": ROLE_LABELS, "trade_labels": TRADE_LABELS}


def next_url(path: str, filters: Mapping[str, Any], after: object | None) -> str | None:
    """The address of the next page of a list, with its filters; `None` after the last."""
    if not after:
        return None
    return f"{path}?{urlencode({**{name: value for name, value in filters.items() if value}, 'after': str(after)})}"


def filters_of(form: Form) -> dict[str, Any]:
    """What a filter asks for; what was not understood is left out."""
    form.validate()
    return {name: None if form[name].errors else form[name].data for name in form.names()}


@blueprint.app_template_filter("waited")
def waited_words(since: datetime) -> str:
    """How long somebody has waited: `3 天`, `5 小时`."""
    unit, number = waited(since, now())
    if unit == "days":
        return str(ngettext("%(num)s 天", "%(num)s 天", number))
    if unit == "hours":
        return str(ngettext("%(num)s 小时", "%(num)s 小时", number))
    return str(ngettext("%(num)s 分钟", "%(num)s 分钟", number))
