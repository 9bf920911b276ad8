"""Passkeys with Chromium's virtual authenticator: registered, used to log in, and removed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPhone, Phone
from tests.people import People

pytestmark = pytest.mark.browser


def with_authenticator(phone: Phone) -> Any:
    """Give this phone a fingerprint reader that always agrees."""
    session = phone.context.new_cdp_session(phone.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    authenticator = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return session, authenticator


def test_a_member_registers_a_passkey_logs_in_with_it_and_takes_it_away(new_phone: NewPhone, people: People) -> None:
    member_id = people.member("崔广田")
    phone = new_phone()
    phone.site = phone.site.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to an address
    session, authenticator = with_authenticator(phone)
    page = phone.page
    phone.log_in(people.phone_of(member_id))
    phone.open("/me/passkeys")
    page.get_by_role("button", name="登记这台设备").click()
    page.wait_for_selector('[id^="passkey-"]')
    expect(page.locator("body")).to_contain_text("登记好了")
    assert len(session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]) == 1

    phone.context.clear_cookies()
    phone.open("/login?next=/me/passkeys")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("main")).to_contain_text("最近用过")
    assert page.url == f"{phone.site}/me/passkeys"

    page.locator("summary", has_text="删去").click()
    page.locator("details[open] button").click()
    page.wait_for_selector("text=还没有登记过")
    phone.context.clear_cookies()
    phone.open("/login")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_selector("text=这里不认识")
    assert page.url.endswith("/login/passkey")


def test_a_device_without_a_key_says_so_and_the_password_still_works(new_phone: NewPhone, people: People) -> None:
    member_id = people.member("崔广田")
    phone = new_phone()
    phone.site = phone.site.replace("127.0.0.1", "localhost")
    session, _ = with_authenticator(phone)
    session.send("WebAuthn.disable")
    phone.open("/login")
    phone.page.evaluate("() => { CredentialsContainer.prototype.get = () => Promise.reject(new Error('no')); }")
    phone.page.get_by_role("button", name="用通行密钥登录").click()
    phone.page.wait_for_selector("text=这台设备没有给出钥匙")
    phone.log_in(people.phone_of(member_id))
