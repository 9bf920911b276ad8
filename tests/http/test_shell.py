"""Shell, worker's script and manifest; and fragments, which never redirect."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask

from blueprints.offline.shell import kept_assets
from core.assets import STATIC
from tests.client import Browser
from tests.people import People
from tests.sitemap import NOT_FOUND, pages_of
from tests.world import ROLES, build

MAIN = {"Fragment": "main"}
PRELOAD = {"Service_Worker_Navigation_Preload": "fragment"}


def opens(browser: Browser, url: str) -> bool:
    """Whether there is a file at `url`."""
    with browser.client.get(url) as response:
        return response.status_code == 200


@pytest.mark.thorough
def test_the_shell_and_a_fragment_make_the_page(app: Flask, people: People) -> None:
    world = build(app, people)
    for role in ROLES:
        browser = world.browser(role)
        path = "/events" if role in ("visitor", "applicant") else "/experts"
        whole, fragment, shell = browser.get(path), browser.get(path, **MAIN), browser.get("/shell")
        assert shell.html.count("<!--main-->") == 1
        assert "<main" not in shell.html
        made = shell.html.replace("<!--main-->", fragment.html)
        for changed in ('<link rel="canonical"', '<meta name="description"', '<meta property="og:', "<title>"):
            whole_lines = [line for line in whole.html.splitlines() if not line.startswith(changed)]
            made_lines = [line for line in made.splitlines() if not line.startswith(changed)]
            whole.html, made = "\n".join(whole_lines), "\n".join(made_lines)
        plain = [re.sub(r' aria-current="page"|value="/[^"]*"', "", text) for text in (whole.html, made)]
        assert re.sub(r'(badge" data-unread)[^<]*<', r"\1<", plain[0]).split("<main")[1] == plain[1].split("<main")[1]


def test_the_shell_marks_no_tab_and_a_fragment_says_which(people: People) -> None:
    _, browser = people.logged_in()
    shell = browser.get("/shell").html
    assert "aria-current" not in shell
    assert '<a href="/needs" data-tab="needs">' in shell
    assert 'data-tab="needs"' in browser.get("/needs", **MAIN).html.split(">")[0]
    assert 'data-tab="me"' in browser.get("/rules", **MAIN).html.split(">")[0]


def test_the_shell_has_an_etag_that_changes_with_who_reads_and_how(people: People, client: Browser) -> None:
    _, member = people.logged_in()
    _, organizer = people.logged_in("", "organizer")
    first = member.get("/shell").headers["Shell"]
    assert re.fullmatch("[0-9a-f]{8}", first)
    assert member.get("/shell").headers["Shell"] == first
    assert member.get("/shell", If_None_Match=f'"{first}"').status == 304
    member.post("/display", {"large": "1"})
    large = member.get("/shell")
    assert "data-large" in large.html
    member.post("/display", {"language": "en"})
    seen = {first, large.headers["Shell"], member.get("/shell").headers["Shell"]}
    assert len(seen | {organizer.get("/shell").headers["Shell"], client.get("/shell").headers["Shell"]}) == 5


def test_page_and_answer_say_whose_they_are(people: People, client: Browser) -> None:
    member_id, browser = people.logged_in()
    page = browser.get("/needs")
    assert f'data-account="{member_id}"' in page.html
    assert page.headers["Account"] == str(member_id)
    assert browser.get("/needs", **MAIN).headers["Account"] == str(member_id)
    visited = client.get("/")
    assert 'data-account=""' in visited.html
    assert visited.headers["Account"] == ""
    assert browser.post("/logout").headers["Account"] == ""


def test_a_build_stands_on_the_page_and_in_the_worker(client: Browser, app: Flask) -> None:
    build_name = app.extensions["build"]
    assert build_name.startswith("1.")
    assert f'data-release="{build_name}"' in client.get("/").html
    worker = client.get("/sw.js")
    assert f"const RELEASE={json.dumps(build_name)}" in worker.html


def test_the_workers_script_is_the_same_until_something_changes(client: Browser) -> None:
    worker = client.get("/sw.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert (worker.headers["Cache-Control"], worker.headers["Service-Worker-Allowed"]) == ("no-cache", "/")
    assert client.get("/sw.js").html == worker.html
    assert client.get("/sw.js", If_None_Match=worker.headers["ETag"]).status == 304
    found = re.search(r"ASSETS=(\[.*?\]);", worker.html)
    assert found
    for url in json.loads(found[1]):
        assert opens(client, url), url


def test_the_worker_keeps_every_joined_file_but_its_own(app: Flask) -> None:
    with app.app_context():
        kept = kept_assets()
    names = [re.sub(r"\.[0-9a-f]{12}", "", url.removeprefix("/static/")) for url in kept]
    joined = set(json.loads((STATIC / "assets.json").read_text())) - {"sw.js"}
    assert joined <= set(names)
    assert "icons/icon.svg" in names
    assert "sw.js" not in names


@pytest.mark.parametrize(("language", "needs"), [("zh", "需求"), ("en", "Needs")])
def test_the_manifest_speaks_the_readers_language(client: Browser, language: str, needs: str) -> None:
    client.client.set_cookie("language", language)
    answer = client.client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.data)
    assert (manifest["id"], manifest["start_url"], manifest["display"]) == ("/", "/?from=home", "standalone")
    assert [shortcut["url"] for shortcut in manifest["shortcuts"]] == ["/", "/needs", "/events", "/door"]
    assert manifest["shortcuts"][1]["name"] == needs
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert opens(client, icon["src"])


def test_the_manifest_is_linked_with_the_readers_cookie(client: Browser) -> None:
    assert '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">' in client.get("/").html


@pytest.mark.parametrize(("language", "letters"), [("zh", "[\u4e00-\u9fff]"), ("en", "[a-z]")])
def test_every_public_page_describes_itself_to_search_engines(
    app: Flask, people: People, language: str, letters: str
) -> None:
    world = build(app, people)
    visitor = world.browser("visitor")
    visitor.client.set_cookie("language", language)
    of_this_phone = {"/outbox", "/offline", NOT_FOUND}
    for path in [path for path in pages_of(world)["visitor"] if path not in of_this_phone]:
        found = re.search(r'<meta name="description" content="([^"]*)">', visitor.get(path).html)
        assert found, path
        assert 10 < len(found[1]) < 200, path
        assert re.search(letters, found[1]), (path, found[1])


@pytest.mark.thorough
def test_no_fragment_redirects(app: Flask, people: People) -> None:
    world = build(app, people)
    for role, path, target in (
        ("visitor", "/needs?kind=need", "/login?next=/needs?kind%3Dneed"),
        ("visitor", f"/events/{world.things['inside_event']}", None),
        ("applicant", "/", "/register/status"),
        ("member", "/login", "/"),
        ("member", "/register", "/register/status"),
        ("member", "/needs/sharing/since", "/needs/sharing"),
    ):
        for asked in (MAIN, PRELOAD):
            page = world.browser(role).get(path, **asked)
            assert page.status == 200, path
            assert page.headers["Fragment-Location"].startswith("/"), path
            assert page.headers["Fragment-Location"] == (target or page.headers["Fragment-Location"])
            assert "Fragment-Title" not in page.headers, "a phone would keep it"
            assert "Fragment" in page.headers["Vary"]
            assert "no-store" in page.headers["Cache-Control"]


def test_a_whole_page_is_no_fragment_and_has_an_etag_of_its_own_whatever_was_just_done(
    app: Flask, people: People
) -> None:
    _, browser = people.logged_in()
    browser.post("/me/profile", {"introduction": "做钢材的。"})
    after, later, part = browser.get("/me"), browser.get("/me"), browser.get("/me", **MAIN)
    assert "Fragment-Title" in part.headers
    assert not {"Fragment-Title"} & {*after.headers.keys(), *later.headers.keys()}
    etags = {page.headers["ETag"] for page in (after, later, part)}
    assert len(etags) == 3, "a browser would show again that it was saved"


def test_the_door_page_leads_to_my_tickets_and_my_doors(app: Flask, people: People) -> None:
    world = build(app, people)
    event = world.things["event"]
    assert f'href="/events/{event}/ticket"' in world.browser("member").get("/door").html
    assert f'href="/events/{event}/door"' in world.browser("organizer").get("/door").html
    assert "还没有入场券" in world.browser("admin").get("/door")
