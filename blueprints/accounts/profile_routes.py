"""What members say of themselves and their company."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from blueprints.accounts import offline
from blueprints.accounts.forms import CompanyChangeForm, CompanyForm, ProfileForm
from blueprints.accounts.registration_routes import registration_status
from blueprints.accounts.routes import blueprint
from blueprints.accounts.service import company_values, profile_of, profile_values
from core.access import member, requires
from core.pages import page
from core.posts import submit


@blueprint.get("/me/profile")
@requires("member")
def edit_profile(
    form: ProfileForm | None = None,
    company_form: CompanyForm | None = None,
    change_form: CompanyChangeForm | None = None,
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
            "change_form": change_form or CompanyChangeForm(),
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


@blueprint.post("/me/company/change")
@requires("member")
def change_company() -> ResponseReturnValue:
    """One's company is called otherwise now, or is another."""

    def again(form: CompanyChangeForm, status: int) -> ResponseReturnValue:
        return edit_profile(change_form=form, status=status)

    return submit("company.change", again)


@blueprint.post("/me/identity/withdraw")
@requires("signed_in")
def withdraw_identity() -> ResponseReturnValue:
    """Take one's identity number back."""

    def again(form: object, status: int) -> ResponseReturnValue:  # noqa: ARG001 (a button has no values)
        return edit_profile(status=status) if member().is_member else registration_status(status=status)

    return submit("profile.withdraw_identity", again)
