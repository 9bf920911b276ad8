"""P-cases: the real engine (in Node) meets the real server through a network that a test directs."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from blueprints.door.models import Checkin
from blueprints.needs.models import Need
from core.clock import now
from core.database import db
from core.operations import registry
from tests.offline.network import Op
from tests.offline.proxy import FAULTS
from tests.offline.town import Town
from tests.world import World

pytestmark = pytest.mark.invariant


def outcome(chamber: Town, op: Op) -> str:
    entry = chamber.entry(op)
    return str(entry["state"]) if entry else "gone"


def rest(chamber: Town) -> None:
    chamber.come_to_rest()
    chamber.check()


def test_case_04_the_answer_is_lost_after_commit(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    op = chamber.sign_up("phone")
    assert op.saved
    for _ in range(3):
        for request in chamber.waiting_requests():
            chamber.serve(request, "lose")
        chamber.tick(minutes=6)
    rest(chamber)
    assert outcome(chamber, op) == "accepted"
    assert [row["outcome"] for row in chamber.ledger() if row["op_id"] == op.op_id] == ["accepted"]


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.kind == "answer"])
def test_case_06_07_22_an_answer_that_is_not_ours_changes_nothing(fault: str, chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    ops = [chamber.sign_up("phone"), chamber.post_need("phone")]
    served = 0
    for _ in range(4):
        for request in chamber.waiting_requests():
            served += 1
            chamber.serve(request, fault)
        chamber.tick(minutes=3)
    assert served
    assert {outcome(chamber, op) for op in ops} <= {"pending", "sending"}
    rest(chamber)
    assert {outcome(chamber, op) for op in ops} == {"accepted"}


def test_case_08_an_expired_session_holds_all_and_log_in_sends_all(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    ops = [chamber.post_need("phone") for _ in range(5)]
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    chamber.expire("phone")
    chamber.network("phone", good=True)
    chamber.send("phone")
    assert {outcome(chamber, op) for op in ops} == {"held"}
    chamber.log_in("phone", "ann")
    chamber.tick(minutes=6)
    assert {outcome(chamber, op) for op in ops} == {"accepted"}
    rest(chamber)


def test_case_09_another_account_neither_sees_nor_sends(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    ops = [chamber.post_need("phone") for _ in range(3)]
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    chamber.expire("phone")
    chamber.log_in("phone", "bob")
    chamber.tick(minutes=10)
    assert chamber.entries("phone", chamber.who["bob"]) == []
    assert not any(row["op_id"] in chamber.ops for row in chamber.ledger())
    own = chamber.post_need("phone")
    assert outcome(chamber, own) == "accepted"
    rest(chamber)
    assert all(chamber.row(op) for op in ops)


@pytest.mark.parametrize("adapted", [True, False])
def test_case_11_a_deploy_changed_the_form(adapted: bool, chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    op = chamber.post_need("phone")
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")

    def adapt(_version: int, fields: dict[str, str]) -> dict[str, str]:
        return {**fields, "title": f"{fields['title']}（改）"}

    kind = registry["need.create"]
    registry["need.create"] = dataclasses.replace(kind, form_version=2, adapt=adapt if adapted else None)
    rest(chamber)
    if adapted:
        with chamber.app.app_context():
            assert db.session.scalar(select(Need.title).where(Need.title.endswith("（改）")))
        assert outcome(chamber, op) == "accepted"
    else:
        entry = chamber.entry(op)
        assert entry
        assert entry["state"] == "refused"
        assert "改版" in entry["message"]
        assert entry["fields"]["title"] == op.fields["title"], "the copy to edit is gone"


def test_case_12_an_event_that_is_full_meanwhile_puts_on_the_waiting_list(chamber: Town) -> None:
    chamber.log_in("ann's", "ann")
    chamber.network("ann's", good=False)
    late = chamber.sign_up("ann's", "small")
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    chamber.log_in("bob's", "bob")
    early = chamber.sign_up("bob's", "small")
    assert outcome(chamber, early) == "accepted"
    rest(chamber)
    entry = chamber.entry(late)
    assert entry
    assert entry["state"] == "waitlisted"
    assert "第 1 位" in entry["message"]


def test_case_13_an_event_called_off_meanwhile_is_refused_with_its_page(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    op = chamber.sign_up("phone")
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    world = World(chamber.app, chamber.people)
    world.who["organizer"] = chamber.people_id("organizer")
    world.do("organizer", "event.cancel", chamber.events["large"], reason="场地停电。")
    chamber.handset("phone").good = True
    sending = chamber.phones.begin("phone", chamber.a_tab("phone"), "huiyou.sender.send({reason: 'now'})")
    chamber.flow()
    assert outcome(chamber, op) == "refused"
    pages = {page["url"]: page["html"] for page in chamber.phones.results[sending]["pages"]}
    assert 'data-state="cancelled"' in pages[f"/events/{chamber.events['large']}"]
    rest(chamber)


@pytest.mark.parametrize("days", [-400, -3, 5, 4000])
def test_case_14_a_clock_that_is_days_off_keeps_the_order_and_both_times(days: int, chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    chamber.skew("phone", days=days)
    first = chamber.post_need("phone")
    chamber.tick(minutes=10)
    chamber.skew("phone", days=0)
    second = chamber.edit_need("phone", first)
    chamber.skew("phone", days=days)
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    rest(chamber)
    rows = [row for row in chamber.ledger() if row["op_id"] in chamber.ops]
    assert [row["op_id"] for row in rows] == [first.op_id, second.op_id]
    for row in rows:
        assert datetime.fromisoformat(row["occurred_at"]) <= datetime.fromisoformat(row["received_at"])
    written = datetime.fromisoformat(rows[0]["occurred_at"])
    assert abs(written - (now().replace(tzinfo=None))) < timedelta(days=1), "the phone's error is in the ledger"


def test_case_17_two_tabs_and_a_worker_send_each_once(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    ops = [chamber.post_need("phone") for _ in range(4)]
    tabs = [chamber.open("phone"), chamber.open("phone", kind="worker")]
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    for tab in (*tabs, chamber.a_tab("phone")):
        chamber.send("phone", tab)
    asked = chamber.asked_to_decide("phone")
    assert len(asked) == 1, [str(r) for r in asked]
    chamber.serve(asked[0], "twice")
    rest(chamber)
    assert {outcome(chamber, op) for op in ops} == {"accepted"}


@pytest.mark.parametrize("how", ["crash", "500 after"])
def test_case_21_a_500_before_or_after_commit(how: str, chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    op = chamber.sign_up("phone")
    chamber.tick(seconds=1)
    asked = chamber.asked_to_decide("phone")
    assert asked
    chamber.serve(asked[0], how)
    assert (chamber.row(op) is None) is (how == "crash")
    assert outcome(chamber, op) in ("pending", "sending")
    rest(chamber)
    assert outcome(chamber, op) == "accepted"


def test_case_23_a_double_tap_is_one_operation(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    op = chamber.post_need("phone")
    chamber.tap_twice(op)
    assert len(chamber.entries("phone", op.owner)) == 1
    rest(chamber)


def test_case_24_a_pending_entry_that_was_never_sent_is_replaced_or_gone(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    first, second = chamber.post_need("phone", send=False), chamber.post_need("phone", send=False)
    other = chamber.replace(first, {**first.fields, "title": "改过的标题"})
    assert other
    assert chamber.withdraw(second)
    rest(chamber)
    assert chamber.row(first) is None
    assert chamber.row(second) is None
    assert outcome(chamber, other) == "accepted"


def test_case_24_an_entry_that_may_have_arrived_is_edited_by_a_superseding_operation(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    first = chamber.post_need("phone")
    chamber.tick(seconds=1)
    asked = chamber.asked_to_decide("phone")
    assert asked
    chamber.serve(asked[0], "lose")
    assert chamber.row(first), "it had arrived"
    assert not chamber.withdraw(first)
    assert chamber.replace(first, {**first.fields, "title": "太晚了"}) is None
    edit = chamber.edit_need("phone", first)
    rest(chamber)
    assert outcome(chamber, first) == outcome(chamber, edit) == "accepted"


@pytest.mark.parametrize("sent", [False, True])
def test_case_25_sign_up_and_cancel_both_queued(sent: bool, chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    signup = chamber.sign_up("phone")
    chamber.tick(seconds=1)
    if sent:
        for request in chamber.waiting_requests():
            chamber.serve(request, "lose")
    cancel = chamber.cancel("phone", after=signup)
    rest(chamber)
    assert (outcome(chamber, signup), outcome(chamber, cancel)) == ("accepted", "accepted")


def test_case_26_a_child_of_a_refused_parent_carries_its_reason(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.network("phone", good=False)
    parent = chamber.post_need("phone")
    parent_fields = dict(parent.fields)
    repeat = chamber.press(
        "phone", "need.create", {**parent_fields, "id": str(chamber.new_id())}, lane=f"need:{chamber.new_id()}"
    )
    child = chamber.press(
        "phone",
        "need.update",
        {**parent_fields, "body": "改。", "version": repeat.op_id},
        lane=repeat.lane,
        target=repeat.lane.partition(":")[2],
        after=repeat.op_id,
    )
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    rest(chamber)
    refused, not_sent = chamber.entry(repeat), chamber.entry(child)
    assert refused
    assert not_sent
    assert (refused["state"], not_sent["state"]) == ("refused", "not_sent")
    assert not_sent["message"] == refused["message"] != ""


def test_case_27_receipts_younger_than_the_backup_are_offered_again(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    before = chamber.post_need("phone")
    chamber.back_up()
    after = [chamber.post_need("phone"), chamber.sign_up("phone")]
    edit = chamber.edit_need("phone", before)
    assert {outcome(chamber, op) for op in (before, *after, edit)} == {"accepted"}
    chamber.restore()
    chamber.restored = True
    assert [chamber.row(op) for op in (*after, edit)] == [None] * 3
    waiting = chamber.edit_need("phone", edit)
    rest(chamber)
    assert {outcome(chamber, op) for op in (before, *after, edit, waiting)} == {"accepted"}


def test_case_26_27_what_builds_on_a_refusal_that_a_restore_forgot_waits_for_nobody(chamber: Town) -> None:
    chamber.log_in("phone", "ann")
    chamber.back_up()
    kind = registry["need.create"]
    registry["need.create"] = dataclasses.replace(kind, form_version=kind.form_version + 1, adapt=None)
    refused = chamber.post_need("phone")
    assert outcome(chamber, refused) == "refused"
    chamber.restore()
    chamber.restored = True
    edit = chamber.edit_need("phone", refused)
    rest(chamber)
    assert outcome(chamber, edit) == "not_sent"


def test_case_27_what_builds_on_what_nobody_remembers_does_not_wait_for_ever(chamber: Town) -> None:
    """The restore took the need back, and its receipt went from the phone with who logged out."""
    chamber.log_in("phone", "ann")
    chamber.back_up()
    need = chamber.post_need("phone")
    chamber.network("phone", good=False)
    edit = chamber.edit_need("phone", need)
    chamber.restore()
    chamber.restored = True
    chamber.log_out("phone", keep=True)
    rest(chamber)
    assert outcome(chamber, edit) == "not_sent"


def test_case_14_27_a_phone_whose_clock_was_put_back_hears_of_a_restore(chamber: Town) -> None:
    chamber.log_in("door", "organizer")
    chamber.back_up()
    chamber.skew("door", days=-400)
    chamber.network("door", good=False)
    scan = chamber.scan("door")
    for request in chamber.asked_to_decide("door"):
        chamber.serve(request, "well")
    assert outcome(chamber, scan) == "accepted"
    chamber.restore()
    chamber.restored = True
    assert chamber.row(scan) is None
    rest(chamber)
    assert outcome(chamber, scan) == "accepted"
    assert chamber.row(scan)


def test_case_28_two_phones_scan_one_ticket_without_a_network(chamber: Town) -> None:
    for door in ("front", "back"):
        chamber.log_in(door, "organizer")
        chamber.network(door, good=False)
    first = chamber.scan("front")
    chamber.tick(minutes=2)
    second = chamber.scan("back")
    for request in chamber.waiting_requests():
        chamber.serve(request, "drop")
    rest(chamber)
    assert (outcome(chamber, first), outcome(chamber, second)) == ("accepted", "accepted")
    with chamber.app.app_context():
        facts = db.session.scalars(select(Checkin).order_by(Checkin.occurred_at)).all()
        assert [fact.inside for fact in facts] in ([True, False], [False, True])
        assert [fact.inside for fact in facts].count(True) == 1
        assert {fact.verdict for fact in facts} >= {"admitted"}
        assert len({fact.verdict for fact in facts}) == 2, "the later is not flagged"
        db.session.remove()
