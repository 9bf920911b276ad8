"""The words for codes, as they stand on the screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_LABELS = {
    "matchmaking": _l("商务对接"),
    "roadshow": _l("项目路演"),
    "training": _l("培训"),
    "culture": _l("文体"),
    "visit": _l("考察"),
}
