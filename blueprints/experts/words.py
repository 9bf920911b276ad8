"""What the codes of consultations are called, and who waits for whom, as a sentence."""

from __future__ import annotations

import uuid

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from blueprints.experts.models import Consultation, ExpertGroup
from blueprints.experts.rules import GROUPS, waits_for
from core.i18n import language

MODES = {"in_person": _l("当面"), "phone": _l("电话"), "video": _l("视频")}
STATES = {
    "requested": (_l("等待指派"), "wait"),
    "assigned": (_l("已指派"), "wait"),
    "scheduled": (_l("已约好"), "now"),
    "completed": (_l("已办结"), "good"),
    "declined": (_l("已谢绝"), "bad"),
    "withdrawn": (_l("已撤回"), "neutral"),
    "rated": (_l("已评价"), "good"),
}


def group_name(group: ExpertGroup) -> str:
    """The group's own name; in English the name of its code."""
    return group.name if language() == "zh" else gettext(GROUPS[group.slug])


def who_waits_for_whom(consultation: Consultation, reader: uuid.UUID | None = None) -> str:
    """Whose turn it is and what for, in one sentence; `reader` is called 您."""
    state, turn = consultation.state, waits_for(consultation.state)
    if turn is None:
        return {
            "declined": gettext("已谢绝，不再等任何人"),
            "withdrawn": gettext("已撤回，不再等任何人"),
        }.get(state, gettext("已评价，全部办完"))
    person = {"member": consultation.member, "expert": consultation.expert, "lead": consultation.group.lead}[turn]
    if person is None:
        return gettext("等秘书处指派专家")
    if person.id == reader:
        return {
            "requested": gettext("等您指派专家"),
            "assigned": gettext("等您约定时间"),
            "scheduled": gettext("见面之后，等您写小结"),
            "completed": gettext("等您评价"),
        }[state]
    return {
        "requested": gettext("等组长%(name)s指派专家", name=person.real_name),
        "assigned": gettext("等专家%(name)s约定时间", name=person.real_name),
        "scheduled": gettext("见面之后，等专家%(name)s写小结", name=person.real_name),
        "completed": gettext("等%(name)s评价", name=person.real_name),
    }[state]
