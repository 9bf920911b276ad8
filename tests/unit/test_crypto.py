import uuid
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from core import crypto
from core.crypto import Forged, Passwords, Ticket, TicketSigner, Unreadable, Vault, read_ticket

SECRET = "a secret of the installation, long enough"
SIGNUP = uuid.UUID("019aa0c0-0000-7000-8000-000000000001")
EVENT = uuid.UUID("019aa0c0-0000-7000-8000-0000000000ff")


@cache
def signer() -> TicketSigner:
    return TicketSigner.generate()


@cache
def vault() -> Vault:
    return Vault(SECRET)


@cache
def passwords() -> Passwords:
    return Passwords(memory_kib=64, time_cost=1)


@pytest.mark.thorough
@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_encrypted_is_read_again(text: str, about: str) -> None:
    assert vault().decrypt(vault().encrypt(text, about), about) == text


def test_the_same_text_is_never_encrypted_to_the_same_letters() -> None:
    assert vault().encrypt("110105") != vault().encrypt("110105")


@pytest.mark.parametrize("sealed", ["", "v1.", "v1.AAAA", "v2.AAAA", "120101199001010000", "v1.会友"])
def test_what_was_not_encrypted_is_unreadable(sealed: str) -> None:
    with pytest.raises(Unreadable):
        vault().decrypt(sealed)


def test_a_text_moved_to_another_person_or_key_is_unreadable() -> None:
    sealed = vault().encrypt("120101199001010000", "registration 1")
    with pytest.raises(Unreadable):
        vault().decrypt(sealed, "registration 2")
    with pytest.raises(Unreadable):
        Vault(SECRET + "!").decrypt(sealed, "registration 1")


@given(st.integers(min_value=0))
def test_a_changed_bit_makes_a_text_unreadable(where: int) -> None:
    sealed = bytearray(crypto.decoded(vault().encrypt("120101199001010000")[3:]))
    sealed[where % len(sealed)] ^= 1 << where % 8
    with pytest.raises(Unreadable):
        vault().decrypt("v1." + crypto.encoded(bytes(sealed)))


def test_a_keyed_hash_differs_by_text_purpose_and_secret() -> None:
    hashes = {
        vault().keyed_hash("13800000001", "phone"),
        vault().keyed_hash("13800000002", "phone"),
        vault().keyed_hash("13800000001", "limits"),
        Vault(SECRET + "!").keyed_hash("13800000001", "phone"),
    }
    assert len(hashes) == 4
    assert vault().keyed_hash("13800000001", "phone") in hashes


@settings(max_examples=20, deadline=None)
@given(st.text())
def test_a_password_of_any_characters_is_known_again(password: str) -> None:
    stored = passwords().hash(password)
    assert passwords().verify(stored, password)
    assert not passwords().verify(stored, password + "x")


def test_passwords_are_hashed_by_argon2id_with_19_mib() -> None:
    assert Passwords().hash("huiyou-1118").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_nobody_logs_in_as_nobody_or_with_a_broken_hash() -> None:
    stored = passwords().hash("huiyou-1118")
    assert passwords().verify_or_dummy(stored, "huiyou-1118")
    assert not passwords().verify_or_dummy(stored, "huiyou-1119")
    assert not passwords().verify_or_dummy(None, "huiyou-1118")
    assert not passwords().verify("broken", "huiyou-1118")


def test_an_unknown_person_costs_one_verification_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Passwords(memory_kib=64, time_cost=1)
    ours.verify_or_dummy(None, "first")
    verified: list[str] = []
    monkeypatch.setattr(ours, "verify", lambda stored, password: bool(verified.append(stored)))
    monkeypatch.setattr(ours, "hash", lambda password: pytest.fail("hashed"))
    ours.verify_or_dummy(None, "huiyou-1118")
    assert len(verified) == 1


def test_a_hash_with_other_parameters_is_made_anew() -> None:
    assert not passwords().needs_rehash(passwords().hash("huiyou-1118"))
    assert Passwords().needs_rehash(passwords().hash("huiyou-1118"))
    assert passwords().needs_rehash("broken")


def test_tokens_are_long_and_only_their_digest_tells_them_apart() -> None:
    tokens = {crypto.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert len({crypto.token_digest(token) for token in tokens}) == 100


@settings(max_examples=50, deadline=None)
@given(st.uuids(), st.uuids())
def test_a_signed_ticket_says_whose_it_is(signup_id: uuid.UUID, event_id: uuid.UUID) -> None:
    text = signer().sign(signup_id, event_id)
    assert read_ticket(text, signer().public_key) == Ticket(signup_id, event_id)
    assert len(text) == 136
    assert text == signer().sign(signup_id, event_id)


def test_the_key_survives_storing_and_its_public_half_travelling() -> None:
    again = TicketSigner.from_pem(signer().to_pem())
    assert again.public_jwk() == signer().public_jwk()
    key: EllipticCurvePublicKey = crypto.public_key_of(again.public_jwk())
    assert read_ticket(signer().sign(SIGNUP, EVENT), key).event_id == EVENT
    with pytest.raises(ValueError, match=r"."):
        TicketSigner.from_pem("no key")


def test_another_events_key_admits_nobody() -> None:
    with pytest.raises(Forged):
        read_ticket(signer().sign(SIGNUP, EVENT), TicketSigner.generate().public_key)


def test_no_ticket_with_one_changed_letter_is_admitted() -> None:
    text = signer().sign(SIGNUP, EVENT)
    for place, letter in enumerate(text):
        for other in {chr(ord(letter) ^ 1), "A" if letter != "A" else "B", "=", " ", "．"} - {letter}:
            with pytest.raises(Forged):
                read_ticket(text[:place] + other + text[place + 1 :], signer().public_key)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 135), st.integers(0, 7))
def test_no_ticket_with_one_changed_bit_is_admitted(place: int, bit: int) -> None:
    text = signer().sign(SIGNUP, EVENT)
    changed = text[:place] + chr(ord(text[place]) ^ 1 << bit) + text[place + 1 :]
    with pytest.raises(Forged):
        read_ticket(changed, signer().public_key)


def test_the_other_valid_signature_of_a_ticket_is_forged() -> None:
    head, _, signature = signer().sign(SIGNUP, EVENT).rpartition(".")
    data = crypto.decoded(signature)
    high = crypto._ORDER - int.from_bytes(data[32:])
    with pytest.raises(Forged):
        read_ticket(f"{head}.{crypto.encoded(data[:32] + high.to_bytes(32))}", signer().public_key)


@given(st.text() | st.from_regex(r"HY1(\.[A-Za-z0-9_-]{0,90}){0,4}", fullmatch=True))
def test_any_other_text_is_forged_and_never_an_error(text: str) -> None:
    with pytest.raises(Forged):
        read_ticket(text, signer().public_key)


@pytest.mark.parametrize("change", [str.lower, str.strip, lambda t: t + "=", lambda t: t + "\n", lambda t: " " + t])
def test_a_ticket_is_read_as_it_was_written_or_not_at_all(change) -> None:  # type: ignore[no-untyped-def]
    text = signer().sign(SIGNUP, EVENT)
    if change(text) != text:
        with pytest.raises(Forged):
            read_ticket(change(text), signer().public_key)
