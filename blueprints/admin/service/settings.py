"""Settings that an admin changes on the screen; they win over the environment."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import select

from blueprints.admin.forms import SettingsForm
from core import audit, chamber
from core.chamber import ON_SCREEN, ChamberSetting
from core.database import db, touch
from core.operations import Act, Outcome, operation

URL = "/admin/settings"


def values() -> dict[str, str]:
    """What stands now, as the form is filled in with it."""
    now = chamber.current()
    return {key: getattr(now, key) for key in ON_SCREEN}


@operation("settings.change", form=SettingsForm, requires="settings.change")
def change(act: Act, *, contact: str | None, **given: str) -> Outcome:
    """Keep what differs from what stands; every process reads it at its next page."""
    kept = {row.key: row for row in db.session.scalars(select(ChamberSetting).with_for_update())}
    before = {**values(), **{key: row.value for key, row in kept.items() if key in ON_SCREEN}}
    wanted = {**given, "contact": contact or ""}
    changed = {key: value for key, value in wanted.items() if value != before[key]}
    if not changed:
        return Outcome(gettext("没有变化"), url=URL)
    for key, value in changed.items():
        if key in kept:
            kept[key].value = value
        else:
            db.session.add(ChamberSetting(key=key, value=value))
    touch("chamber")
    audit.record(
        act.person,
        "settings.change",
        "chamber",
        "chamber",
        before={key: before[key] for key in changed},
        after=changed,
    )
    return Outcome(gettext("设置已保存，马上生效"), url=URL)
