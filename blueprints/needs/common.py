"""What posting and answering have in common: the lock on the need, which words are refused, what is told."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l

from blueprints.needs.models import Need
from blueprints.needs.posting import fault_of
from blueprints.needs.refusals import AgainstTheRules
from core.database import locked
from core.errors import NotFound
from core.registries import notice_switch

ANSWERS = notice_switch("needs.answers", _l("有人回应我发的需求或资源"))
DEALS = notice_switch("needs.deals", _l("我的回应被接受了，或者事情办成了"))


def locked_need(need_id: uuid.UUID) -> Need:
    """The need, which nobody else changes while this transaction lasts. Raises `NotFound`."""
    need = locked(Need, need_id)
    if need is None:
        raise NotFound
    return need


def check_words(text: str) -> None:
    """Whether a post or an answer may say this. Raises `AgainstTheRules`."""
    if fault := fault_of(text):
        raise AgainstTheRules(fault)
