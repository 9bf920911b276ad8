"""Failure cases that need a killed browser, a broken database or Chromium's own protocol: B-cases in Chromium."""

from __future__ import annotations

import pytest

from tests.offline.conftest import NewRig, Site
from tests.offline.proxy import Fault
from tests.offline.test_cases_everywhere import SAVED, eventually, press_signup, queue_without_network

pytestmark = pytest.mark.browser
# What was told stays readable although the form then leads to another page.
LISTEN = """new MutationObserver(() => sessionStorage.setItem("told", document.getElementById("told").innerText))
  .observe(document.getElementById("told"), { childList: true, subtree: true })"""
TOLD_UNSAVED = "(sessionStorage.getItem('told') || '').includes('没能存在手机上')"
NEVER_OPENS = """(() => {
  IDBFactory.prototype.open = () => new EventTarget();
  IDBDatabase.prototype.transaction = () => { throw new DOMException("closing", "InvalidStateError"); };
})()"""
NO_ROOM = """(() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (row) {
    if (row && row.op_id) throw new DOMException("full", "QuotaExceededError");
    return put.call(this, row);
  };
})()"""
NO_ROOM_BESIDE_PAGES = """(() => {
  const put = IDBObjectStore.prototype.put, drop = Cache.prototype.delete;
  let dropped = false;
  Cache.prototype.delete = function (...given) {
    dropped = true;
    return drop.apply(this, given);
  };
  IDBObjectStore.prototype.put = function (row) {
    if (row && row.op_id && !dropped) throw new DOMException("full", "QuotaExceededError");
    return put.call(this, row);
  };
})()"""
DEAD_CONNECTION = """(() => {
  const begin = IDBDatabase.prototype.transaction, dead = new WeakSet();
  let died = false;
  IDBDatabase.prototype.transaction = function (...given) {
    if (!died) dead.add(this);
    died = true;
    if (dead.has(this)) throw new DOMException("the connection is closing", "InvalidStateError");
    return begin.apply(this, given);
  };
})()"""
WHAT_CAME_FIRST = """{
  self.came = [];
  const there = () => document.getElementById("main");
  const look = () => there() ? setTimeout(() => came.push("paint")) : requestAnimationFrame(look);
  requestAnimationFrame(look);
  document.addEventListener("DOMContentLoaded", () => came.push("scripts"));
}"""
# The transaction is kept busy, so that it is never committed.
NEVER_COMMITS = """(() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (row) {
    const request = put.call(this, row);
    const busy = () => { this.get("nothing").onsuccess = busy; };
    if (row && row.op_id) busy();
    return request;
  };
})()"""


def test_case_01_killed_between_the_commit_and_the_fetch_is_sent_at_the_next_open(site: Site, phone: NewRig) -> None:
    rig = phone(own_profile=True)
    rig.open(f"/events/{site.events[0]}")
    rig.evaluate("(window.fetch = () => new Promise(() => {}), 1)")
    rig.press(f"/events/{site.events[0]}/signup")
    rig.wait("huiyou.outbox.list(huiyou.account.current()).then(all => all.length === 1)")
    rig.kill()
    assert not site.decided()
    rig.start()
    rig.open("/")
    eventually(site.decided, ["accepted"], rig)
    assert site.signups() == 1


def test_case_02_killed_during_a_first_attempt_that_hangs_is_sent_later(site: Site, phone: NewRig) -> None:
    rig = phone(own_profile=True)
    hangs = site.proxy.fault("/ops", "black hole")
    press_signup(rig, site.events[0])
    site.proxy.wait_for_rule(hangs)
    rig.wait(SAVED)
    rig.kill()
    site.proxy.clear()
    assert not site.decided()
    rig.start()
    rig.open("/needs")
    eventually(site.decided, ["accepted"], rig)


def test_case_03_killed_before_the_commit_brings_the_draft_back(site: Site, phone: NewRig) -> None:
    rig = phone(own_profile=True)
    rig.open("/needs/new")
    rig.fill("/needs", kind="offer", title="龙门铣有空档", body="下周起三台闲着。", category="sales")
    rig.pause(1)
    # From here on the database takes nothing any more: pressing does not come as far as "saved".
    rig.evaluate(NEVER_COMMITS)
    rig.click('main form[action="/needs"] [type="submit"]')
    rig.pause(0.3)
    assert "已存" not in rig.evaluate("document.getElementById('told').innerText")
    rig.kill()
    rig.start()
    rig.open("/needs/new")
    rig.wait("document.querySelector('main form[action=\"/needs\"] [name=title]').value === '龙门铣有空档'")
    assert "下周起三台闲着。" in rig.evaluate(
        "document.querySelector('main form[action=\"/needs\"] [name=body]').value"
    )
    assert not site.decided()
    assert rig.outbox() == []


def test_case_05_a_tab_killed_in_the_midst_of_a_replay_resends_and_applies_once(site: Site, phone: NewRig) -> None:
    rig = phone(own_profile=True)
    queue_without_network(site, rig, 3)
    swallowed = site.proxy.fault("/ops", Fault("hang_after"))
    site.proxy.start()
    rig.evaluate("(huiyou.sender.send({reason: 'now'}), 1)")
    eventually(site.decided, ["accepted"] * 3, rig)
    assert swallowed.met
    rig.kill_tab()
    site.proxy.clear()
    rig.open("/outbox")
    rig.wait_for_states("accepted", "accepted", "accepted", seconds=40)
    assert site.decided() == ["accepted"] * 3
    assert site.signups() == 3


def test_case_05_a_worker_stopped_in_the_midst_of_a_replay_loses_nothing(site: Site, phone: NewRig) -> None:
    rig = phone()
    queue_without_network(site, rig, 3)
    site.proxy.fault("/ops", Fault("hang_after"))
    site.proxy.start()
    rig.evaluate("(huiyou.sender.send({reason: 'now'}), 1)")
    rig.stop_worker()
    eventually(site.decided, ["accepted"] * 3, rig)
    rig.stop_worker()
    site.proxy.clear()
    rig.open("/outbox")
    rig.wait_for_states("accepted", "accepted", "accepted", seconds=40)
    assert site.signups() == 3


def test_case_10_a_page_opened_before_the_session_changed_still_posts(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    old = rig.new_tab()
    site.expire_sessions()
    rig.log_in(site.phone_number("ann"))
    rig.to_tab(old)
    rig.press(f"/events/{site.events[0]}/signup")
    eventually(site.decided, ["accepted"], rig)
    assert site.signups() == 1


def _another_release(body: bytes) -> bytes:
    return body + b"\n// the next release\n"


def test_case_15_a_worker_that_was_updated_mid_replay_waits(site: Site, phone: NewRig) -> None:
    rig = phone()
    press_and_hang = site.proxy.fault("/ops", "black hole")
    press_signup(rig, site.events[0])
    site.proxy.wait_for_rule(press_and_hang)
    site.proxy.fault("/sw.js", Fault("rewrite", change=_another_release))
    rig.evaluate("navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => 1)")
    rig.wait("navigator.serviceWorker.getRegistration().then(r => !!r.waiting)")
    rig.pause(2)
    assert rig.evaluate("navigator.serviceWorker.getRegistration().then(r => !!r.waiting)"), "it took over mid-replay"
    site.proxy.rules = [rule for rule in site.proxy.rules if rule.path == "/sw.js"]
    site.proxy.drop()
    rig.open("/outbox")
    rig.wait_for_states("accepted", seconds=40)
    assert site.decided() == ["accepted"]


def test_case_16_a_new_worker_and_an_old_page_both_work(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    old = rig.new_tab()
    site.proxy.fault("/sw.js", Fault("rewrite", change=_another_release))
    rig.open("/needs")
    rig.evaluate("navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => 1)")
    rig.wait("navigator.serviceWorker.getRegistration().then(r => !r.installing)")
    rig.evaluate(
        "(navigator.serviceWorker.getRegistration().then(r => r.waiting && r.waiting.postMessage('update')), 1)"
    )
    rig.wait("navigator.serviceWorker.getRegistration().then(r => !r.waiting && !r.installing)")
    rig.open(f"/events/{site.events[1]}")
    rig.press(f"/events/{site.events[1]}/signup")
    eventually(site.signups, 1, rig)
    rig.to_tab(old)
    rig.press(f"/events/{site.events[0]}/signup")
    eventually(site.signups, 2, rig)
    site.proxy.stop()
    rig.open("/needs")
    assert rig.evaluate("document.querySelectorAll('main').length") == 1


def test_case_18_a_database_connection_that_died_is_opened_anew(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    rig.evaluate(DEAD_CONNECTION)
    rig.press(f"/events/{site.events[0]}/signup")
    eventually(site.decided, ["accepted"], rig)
    rig.wait_for_states("accepted")


def test_case_18_a_database_that_does_not_open_is_said_and_the_form_posts(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    rig.evaluate(f"({LISTEN}, 1)")
    rig.evaluate(NEVER_OPENS)
    site.proxy.fault(f"/events/{site.events[0]}/signup", Fault("delay", seconds=1), method="POST")
    rig.press(f"/events/{site.events[0]}/signup")
    rig.wait(TOLD_UNSAVED, seconds=25)
    eventually(site.signups, 1, rig, seconds=30)


def test_case_19_when_there_is_no_room_pages_go_first_and_the_entry_is_kept(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.wait("huiyou.pages.list().then(all => all.length > 3)")
    rig.open(f"/events/{site.events[0]}")
    # The database says that it is full as long as pages lie in the cache.
    rig.evaluate(NO_ROOM_BESIDE_PAGES)
    rig.press(f"/events/{site.events[0]}/signup")
    eventually(site.decided, ["accepted"], rig)


def test_case_19_an_entry_that_does_not_fit_is_said_and_posted(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    rig.evaluate(f"({LISTEN}, 1)")
    rig.evaluate(NO_ROOM)
    site.proxy.fault(f"/events/{site.events[0]}/signup", Fault("delay", seconds=1), method="POST")
    rig.press(f"/events/{site.events[0]}/signup")
    rig.wait(TOLD_UNSAVED)
    eventually(site.signups, 1, rig)


def test_case_20_a_phone_that_was_emptied_starts_clean_and_shows_the_servers_ledger(site: Site, phone: NewRig) -> None:
    rig = phone()
    press_signup(rig, site.events[0])
    eventually(site.decided, ["accepted"], rig)
    rig.open("/outbox")
    rig.wait_for_states("accepted")
    session = rig.cdp()  # type: ignore[attr-defined]
    kinds = "indexeddb,cache_storage,service_workers,local_storage"
    session.send("Storage.clearDataForOrigin", {"origin": site.proxy.url, "storageTypes": kinds})
    rig.open("/outbox")
    rig.wait("document.readyState === 'complete' && huiyou.outbox")
    assert rig.states() == []
    assert rig.evaluate("document.querySelectorAll('#decided [data-state=accepted]').length") == 1
    rig.has_worker()
    press_signup(rig, site.events[1])
    eventually(site.decided, ["accepted", "accepted"], rig)


def test_case_21_a_500_before_commit_is_rolled_back_with_its_ledger_row(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    with site.crashing():
        rig.press(f"/events/{site.events[0]}/signup")
        site.proxy.wait_for("/ops")
        rig.wait(SAVED)
        assert (site.decided(), site.signups()) == ([], 0)
        assert set(rig.states()) <= {"pending", "sending"}
    rig.open("/outbox")
    rig.evaluate("(huiyou.sender.send({reason: 'now'}), 1)")
    rig.wait_for_states("accepted")
    assert (site.decided(), site.signups()) == (["accepted"], 1)


def test_case_21_a_500_after_commit_ends_in_the_same_outcome(site: Site, phone: NewRig) -> None:
    rig = phone()
    masked = site.proxy.fault(
        "/ops", Fault("mask", 500, {"Content-Type": "text/html"}, b"<h1>Internal Server Error</h1>")
    )
    press_signup(rig, site.events[0])
    rig.wait(SAVED)
    assert masked.met
    assert site.decided() == ["accepted"]
    assert set(rig.states()) <= {"pending", "sending"}
    site.proxy.clear()
    rig.open("/outbox")
    rig.wait_for_states("accepted")
    assert (site.decided(), site.signups()) == (["accepted"], 1)


@pytest.mark.parametrize("status", ["413", "422", "429", "503", "403", "404"])
def test_case_22_what_a_proxy_answers_keeps_the_entries(status: str, site: Site, phone: NewRig) -> None:
    rig = phone()
    rule = site.proxy.fault("/ops", status)
    for event in site.events[:2]:
        press_signup(rig, event)
        rig.wait(SAVED)
    assert rule.met
    assert not site.decided()
    assert set(rig.states()) <= {"pending", "sending"}
    site.proxy.clear()
    rig.open("/outbox")
    rig.evaluate("(huiyou.sender.send({reason: 'now'}), 1)")
    rig.wait_for_states("accepted", "accepted")
    assert site.decided() == ["accepted", "accepted"]


def test_case_30_a_browser_that_says_offline_and_is_not_still_sends(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.page.add_init_script(  # type: ignore[attr-defined]
        "Object.defineProperty(Navigator.prototype, 'onLine', {get: () => false})"
    )
    press_signup(rig, site.events[0])
    eventually(site.decided, ["accepted"], rig)
    rig.wait_for_states("accepted")


def test_case_30_a_browser_that_says_online_and_is_not_keeps_and_says_so(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open(f"/events/{site.events[0]}")
    site.proxy.stop()
    rig.press(f"/events/{site.events[0]}/signup")
    rig.wait(SAVED)
    assert rig.evaluate("navigator.onLine") is True
    rig.wait("document.getElementById('connection').dataset.state === 'offline'")
    assert "待发" in rig.evaluate("document.getElementById('connection').innerText")
    site.proxy.start()
    rig.open("/")
    eventually(site.decided, ["accepted"], rig)


def test_a_page_that_leads_elsewhere_is_followed_under_the_worker(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.open("/login")
    rig.wait("location.pathname === '/' && !document.querySelector('[data-missing]')")


def test_a_new_phone_is_complete_soon_after_log_in(site: Site, phone: NewRig) -> None:
    rig = phone(role="")
    rig.log_in(site.phone_number("ann"))
    rig.has_worker(10)
    rig.wait("huiyou.pages.list().then(all => all.length > 10)", seconds=25)
    site.proxy.stop()
    for path in ("/needs", "/events", "/me", f"/events/{site.events[1]}"):
        rig.open(path)
        assert not rig.evaluate("document.querySelector('[data-missing]')"), path
        assert rig.evaluate("document.querySelector('main').dataset.asOf"), path


def test_under_the_worker_a_page_is_painted_before_its_scripts_run(site: Site, phone: NewRig) -> None:
    rig = phone()
    site.proxy.stop()
    rig.context.add_init_script(WHAT_CAME_FIRST)
    for path in ("/needs", "/events", "/me"):
        rig.open(path)
        rig.wait("came.length > 1")
        assert rig.evaluate("came") == ["paint", "scripts"], path


def test_the_end_of_a_page_that_nobody_sees_comes_all_the_same(site: Site, phone: NewRig) -> None:
    rig = phone()
    rig.context.add_init_script("navigator.serviceWorker && (self.requestAnimationFrame = () => 0)")
    rig.open("/needs")
    assert rig.evaluate("document.querySelector('#said') && huiyou.page.url()") == "/needs"
