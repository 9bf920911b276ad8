"""The pages of the site, by who opens them, with the things of a `World` in their URLs."""

from __future__ import annotations

from collections.abc import Iterator

from core.clock import clock
from tests.world import World

NOT_FOUND = "/nothing-here"
LATER = {"in the sharing hour": (1.5, ("visitor", "member")), "at the door": (7, ("member", "organizer"))}
"""Hours after which the same pages look otherwise, and to whom."""


PORTIONS = ("visitor", "member", "organizer", "admin", "all others", *LATER)
"""What `visits` can be asked for one by one, where a walk through everything takes long."""


def visits(world: World, portion: str = "") -> Iterator[tuple[str, str]]:
    """Each role with each of its pages, also when the clock has changed them; or one of `PORTIONS` of it."""
    pages = pages_of(world)
    for role, paths in pages.items():
        if portion in ("", role) or (portion == "all others" and role not in PORTIONS):
            yield from ((role, path) for path in paths)
    for name, (hours, roles) in LATER.items():
        clock.advance(hours=hours)
        if portion in ("", name):
            yield from ((role, path) for role in roles for path in pages[role])


def pages_of(world: World) -> dict[str, list[str]]:
    """Each role's pages; together every page that there is, in each of its states."""
    t = world.things
    events = {
        name: f"/events/{t[name]}" for name in ("event", "inside_event", "full_event", "cancelled_event", "past_event")
    }
    event = events["event"]
    need, solved, accepted = (f"/needs/{t[name]}" for name in ("need", "solved_need", "accepted_need"))
    consultation, assigned, scheduled, completed, rated, declined = (
        f"/consultations/{t[name + 'consultation']}"
        for name in ("", "assigned_", "scheduled_", "completed_", "rated_", "declined_")
    )
    member = f"/members/{world.who['member']}"
    return {
        "visitor": [
            "/",
            "/events",
            "/events?when=past",
            event,
            events["past_event"],
            "/register",
            "/login",
            "/login/review",
            "/password/forgot",
            "/password/code",
            "/rules",
            "/rules/privacy-policy",
            "/outbox",
            "/offline",
            NOT_FOUND,
        ],
        "applicant": [
            "/events",
            event,
            "/register/status",
            "/rules",
            "/notices",
            "/me/password",
            "/me/phone",
            "/me/sessions",
            "/register/phone",
            "/me/data",
        ],
        "refused": ["/register/status"],
        "member": [
            "/",
            "/needs",
            "/needs?kind=offer&q=铣",
            "/needs?q=nothing-to-be-found",
            "/needs?mine=1",
            "/needs?state=all",
            "/needs/new",
            need,
            f"{need}/edit",
            f"/reports/new?kind=member&id={world.who['other']}",
            solved,
            accepted,
            "/needs/solved",
            "/needs/sharing",
            "/events",
            "/events?month=2026-11",
            "/events?kind=culture&month=2027-05",
            *events.values(),
            f"{event}/ticket",
            f"{events['full_event']}/ticket",
            f"{events['cancelled_event']}/ticket",
            f"{events['past_event']}/ticket",
            "/door",
            "/experts",
            "/experts/environment",
            "/consultations",
            consultation,
            assigned,
            scheduled,
            completed,
            rated,
            declined,
            "/briefings",
            "/briefings?q=nothing-to-be-found",
            "/briefings/1",
            f"/briefings/{t['imported']}",
            "/briefings?month=2026-11",
            "/briefings/feed",
            "/deeds",
            "/members",
            "/members?q=cgt",
            "/members?q=nothing-to-be-found",
            member,
            f"/members/{world.who['expert']}",
            "/me",
            "/me/profile",
            "/me/password",
            "/me/phone",
            "/me/sessions",
            "/me/passkeys",
            "/me/confirm",
            "/me/data",
            "/me/data/members",
            "/me/erase",
            "/me/calendar",
            "/rules/privacy-policy",
            "/me/conduct",
            "/me/notices",
            "/notices",
            "/outbox",
            "/offline",
            NOT_FOUND,
        ],
        "other": [
            f"/needs/{t['hidden_need']}",
            need,
            solved,
            accepted,
            event,
            events["full_event"],
            "/notices",
            "/me",
            "/me/conduct",
        ],
        "lead": ["/", "/me", "/consultations", consultation, assigned, scheduled, "/experts/environment"],
        "expert": ["/", "/me", "/consultations", assigned, scheduled, completed, "/notices"],
        "organizer": [
            "/me",
            "/door",
            "/events",
            "/events/new",
            *events.values(),
            f"{event}/edit",
            *(f"{path}/{page}" for path in events.values() for page in ("door", "door/staff", "attendance")),
            f"{event}/door/join/not-the-code",
            f"{event}/door?q=nothing-to-be-found",
        ],
        "editor": [
            *("/", "/me", "/desk", "/desk/import"),
            *(f"/desk/briefings/{t[name]}" for name in ("draft", "submitted", "briefing")),
            *(f"/desk/briefings/{t['draft']}/{part}" for part in ("gather", "versions")),
        ],
        "reviewer": ["/", "/desk", f"/desk/briefings/{t['submitted']}", f"/desk/briefings/{t['reviewed']}"],
        "publisher": ["/desk", f"/desk/briefings/{t['briefing']}", f"/desk/briefings/{t['reviewed']}"],
        "admin": [
            "/",
            "/me",
            "/notices",
            "/admin",
            "/admin/registrations",
            "/admin/registrations?state=refused",
            "/admin/registrations?q=nothing-to-be-found",
            *(f"/admin/registrations/{t[name]}" for name in ("registration", "waiting_registration")),
            f"/admin/registrations/{t['refused_registration']}",
            f"/admin/registrations/{t['waiting_registration']}?open=refuse&ready=0",
            "/admin/members",
            "/admin/members?q=nothing-to-be-found",
            *(f"/admin/members/{world.who[role]}" for role in ("member", "applicant", "refused", "suspended", "lead")),
            "/admin/audit",
            "/admin/audit?kind=event",
            "/admin/figures",
            "/admin/settings",
            "/admin/rules",
            "/admin/rules/privacy-policy",
            "/admin/reasons",
            "/admin/reports",
            "/admin/reports?state=dismissed",
            f"/admin/reports/{t['report']}",
            f"/admin/reports/{t['upheld_report']}",
            *(f"/admin/conduct/{world.who[role]}" for role in ("member", "other", "suspended", "admin")),
            "/experts/environment",
            "/consultations?as=all",
            consultation,
            "/desk",
        ],
    }
