"""The pages of the site, by who opens them, with the things of a `World` in their URLs."""

from __future__ import annotations

from tests.world import World


def pages_of(world: World) -> dict[str, list[str]]:
    """Each role's pages; together every page that there is."""
    t = world.things
    event, inside, need = f"/events/{t['event']}", f"/events/{t['inside_event']}", f"/needs/{t['need']}"
    consultation = f"/consultations/{t['consultation']}"
    assigned = f"/consultations/{t['assigned_consultation']}"
    completed = f"/consultations/{t['completed_consultation']}"
    member = f"/members/{world.who['member']}"
    return {
        "visitor": [
            "/",
            "/events",
            event,
            "/register",
            "/login",
            "/password/forgot",
            "/rules",
            "/rules/privacy-policy",
            "/nothing-here",
        ],
        "applicant": ["/register/status", "/rules", "/notices", "/me/password", "/me/sessions"],
        "member": [
            "/",
            "/needs",
            "/needs?kind=offer&q=铣",
            "/needs?q=nothing-to-be-found",
            "/needs/new",
            need,
            f"{need}/edit",
            "/needs/solved",
            "/needs/sharing",
            "/events",
            event,
            inside,
            f"{event}/ticket",
            "/experts",
            "/experts/environment",
            "/consultations",
            consultation,
            completed,
            "/briefings",
            "/briefings/1",
            "/members",
            member,
            "/me",
            "/me/profile",
            "/me/password",
            "/me/phone",
            "/me/sessions",
            "/me/calendar",
            "/notices",
        ],
        "other": [need, event],
        "lead": ["/consultations", consultation, assigned],
        "expert": ["/", "/consultations", assigned, completed],
        "organizer": [
            "/events/new",
            event,
            f"{event}/edit",
            f"{event}/door",
            f"{event}/attendance",
        ],
        "editor": ["/", "/desk", f"/desk/briefings/{t['draft']}"],
        "publisher": ["/desk", f"/desk/briefings/{t['briefing']}"],
        "admin": [
            "/",
            "/admin",
            "/admin/registrations",
            f"/admin/registrations/{t['registration']}",
            "/admin/members",
            f"/admin{member}",
            "/admin/audit",
            "/admin/figures",
            "/admin/settings",
            "/admin/reasons",
        ],
    }
