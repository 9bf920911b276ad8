"""WebAuthn (level 3): what a browser is asked, and checking what its authenticator answers.

A challenge lies in the session cookie for five minutes and is taken once. The library is
imported where it is used: most processes never see a passkey.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import g, request, session
from flask_babel import gettext

from blueprints.accounts import limiting
from core import chamber
from core.access import Viewer
from core.clock import now
from core.crypto import decoded, encoded, token_digest
from core.errors import Refusal

CHALLENGE_FOR = timedelta(minutes=5)
ONCE = "1 per 10 minutes"
LONGEST = 20_000


class NotProven(Refusal):
    """The authenticator's answer does not fit what was asked."""

    status = 422


@dataclass(frozen=True)
class NewKey:
    """What a new passkey leaves with us."""

    credential_id: str
    public_key: bytes
    sign_count: int


def creation_options(person: Viewer, known: list[str]) -> dict[str, Any]:
    """What `navigator.credentials.create` is given; `known` are the ids of the keys that are there already."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=_host(),
        rp_name=chamber.current().name,
        user_id=person.id.bytes,
        user_name=person.real_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=decoded(key)) for key in known],
    )
    _keep(options.challenge)
    told: dict[str, Any] = json.loads(options_to_json(options))
    return told


def request_options() -> dict[str, Any]:
    """What `navigator.credentials.get` is given: any key of this site that the device has."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED)
    _keep(options.challenge)
    told: dict[str, Any] = json.loads(options_to_json(options))
    return told


def check_new_key(credential: str) -> None:
    """Check what `create` answered, for `new_key_ahead`; raises `NotProven`."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _take()
    try:
        found = verify_registration_response(
            credential=_read(credential),
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotProven(gettext("这台设备没有给出能用的通行密钥，请再试一次。")) from error
    g.new_passkey = NewKey(encoded(found.credential_id), found.credential_public_key, found.sign_count)


def new_key_ahead() -> NewKey | None:
    """The key that `check_new_key` found good in this request."""
    found: NewKey | None = g.get("new_passkey")
    return found


def credential_id_of(credential: str) -> str:
    """Which key an answer of `get` speaks of; raises `NotProven`."""
    try:
        return encoded(decoded(str(_read(credential)["id"])))
    except (ValueError, KeyError) as error:
        raise NotProven(gettext("这把通行密钥这里不认识，请用密码登录。")) from error


def check_answer(credential: str, public_key: bytes, sign_count: int, owner_id: uuid.UUID) -> int:
    """Check what `get` answered against a key of `owner_id`; its new count of uses. Raises `NotProven`."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _take()
    try:
        answer = _read(credential)
        handle = answer.get("response", {}).get("userHandle")
        if handle and decoded(str(handle)) != owner_id.bytes:
            raise NotProven
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, NotProven, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotProven(gettext("这把通行密钥这里不认识，请用密码登录。")) from error
    return found.new_sign_count


def _keep(challenge: bytes) -> None:
    session["challenge"] = [encoded(challenge), now().isoformat()]


def _take() -> bytes:
    """The challenge of this browser; asked for twice, or too late, it is none."""
    text, made_at = session.pop("challenge", None) or ("", "")
    if not text or now() - datetime.fromisoformat(made_at) > CHALLENGE_FOR:
        raise NotProven(gettext("等得太久了，请再试一次。"))
    if limiting.limits().hit(ONCE, f"challenge {token_digest(text)}"):
        raise NotProven(gettext("等得太久了，请再试一次。"))
    return decoded(text)


def _read(credential: str) -> dict[str, Any]:
    if len(credential) > LONGEST:
        raise ValueError("too long")
    read = json.loads(credential)
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for every text that is no answer
    return read


def _host() -> str:
    """The relying party's id: our host name without its port."""
    return urlsplit(f"//{request.host}").hostname or ""


def _origin() -> str:
    return request.host_url.rstrip("/")
