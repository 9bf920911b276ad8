"""What members say of themselves, and the devices on which they are logged in."""

from __future__ import annotations

import uuid

from flask.typing import ResponseReturnValue

from blueprints.accounts import offline
from blueprints.accounts.forms import CompanyForm, ProfileForm
from blueprints.accounts.registration_routes import registration_status
from blueprints.accounts.routes import blueprint
from blueprints.accounts.rules import device_name
from blueprints.accounts.service import company_values, profile_of, profile_values, sessions_of
from blueprints.accounts.service.profile import sign_out_url
from core.access import member, requires
from core.pages import page
from core.posts import submit


@blueprint.get("/me/profile")
@requires("member")
def edit_profile(
    form: ProfileForm | None = None,
    company_form: CompanyForm | None = None,
    status: int = 200,
    current: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """The forms about oneself and one's company."""
    kept = offline.profile_page(member())

    def load() -> dict[str, object]:
        person = profile_of(member().id)
        return {
            "person": person,
            "form": form or ProfileForm(data=profile_values(person)),
            "company_form": company_form or CompanyForm(data=company_values(person.company)),
            "current": current,
        }

    return page("accounts/profile_edit.html", topics=kept.topics, dated=kept.dated, tab="me", status=status, load=load)


@blueprint.post("/me/profile")
@requires("member")
def update_profile() -> ResponseReturnValue:
    """Keep what one says of oneself."""
    return submit("profile.update", edit_profile)


@blueprint.post("/me/company")
@requires("member")
def update_company() -> ResponseReturnValue:
    """Keep what one's company makes and buys."""

    def again(form: CompanyForm, status: int, current: dict[str, str] | None = None) -> ResponseReturnValue:
        return edit_profile(company_form=form, status=status, current=current)

    return submit("company.update", again)


@blueprint.post("/me/identity/withdraw")
@requires("signed_in")
def withdraw_identity() -> ResponseReturnValue:
    """Take one's identity number back."""

    def again(form: object, status: int) -> ResponseReturnValue:  # noqa: ARG001 (a button has no values)
        return edit_profile(status=status) if member().is_member else registration_status(status=status)

    return submit("profile.withdraw_identity", again)


@blueprint.get("/me/sessions")
@requires("signed_in")
def list_sessions(form: object = None, status: int = 200) -> ResponseReturnValue:
    """Where one is logged in."""
    person = member()
    return page(
        "accounts/sessions.html",
        tab="me",
        status=status,
        form=form,
        rows=[(each, *device_name(each.device)) for each in sessions_of(person.id)],
        own=person.session_id,
    )


@blueprint.post("/me/sessions/<uuid:session_id>/revoke")
@requires("signed_in")
def revoke_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """End one of one's sessions."""
    own = session_id == member().session_id
    return submit(
        "session.revoke", list_sessions, target=session_id, then=lambda outcome: sign_out_url(outcome, own=own)
    )
