"""Secrets: encrypted texts, keyed hashes, passwords, tokens and signed tickets."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass
from typing import Final, Self

import argon2
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES: Final = 12
_TICKET: Final = "HY1"
# The order of P-256 (FIPS 186-5): of the two valid values of s the smaller is ours.
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SIGNATURE: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class Unreadable(ValueError):
    """A stored text was not encrypted by this key, for this purpose, or was changed."""


class Forged(ValueError):
    """A ticket's text is not one that this event's key signed, letter by letter."""


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose from the installation's secret (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"huiyou", info=purpose.encode())
    return kdf.derive(secret.encode())


def encoded(data: bytes) -> str:
    """base64url without padding (RFC 4648)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; `ValueError` where they would not be written as `text`."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if encoded(data) != text:
        raise ValueError("not canonical base64url")
    return data


class Vault:
    """Short texts under AES-256-GCM, and hashes that can be looked up, both under the installation's secret."""

    _KEY_ID = "v1."

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(derive_key(secret, "vault v1"))
        self._hash_key = derive_key(secret, "keyed hash v1")

    def encrypt(self, text: str, about: str = "") -> str:
        """`v1.` and base64url. `about` (whose, which column) is not stored and must be told again to read it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), about.encode())
        return self._KEY_ID + encoded(nonce + sealed)

    def decrypt(self, sealed: str, about: str = "") -> str:
        """The text again; raises `Unreadable`."""
        if not sealed.startswith(self._KEY_ID):
            raise Unreadable("unknown key")
        try:
            data = decoded(sealed.removeprefix(self._KEY_ID))
            text = self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about.encode())
        except (ValueError, InvalidTag) as error:
            raise Unreadable("not encrypted by this key for this purpose") from error
        return text.decode("utf-8", "surrogatepass")

    def keyed_hash(self, text: str, purpose: str) -> str:
        """HMAC-SHA256 in hex: equal texts of one purpose are found without being kept."""
        message = purpose.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.new(self._hash_key, message, hashlib.sha256).hexdigest()


class Signer:
    """Signs what the installation itself says (Ed25519, RFC 8032), under a key of one purpose."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(derive_key(secret, purpose))
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key_id = hashlib.sha256(raw).hexdigest()[:8]

    def sign(self, message: bytes) -> str:
        """`<key id>.<signature>`."""
        return f"{self.key_id}.{encoded(self._key.sign(message))}"

    def verify(self, message: bytes, signature: str) -> bool:
        """Whether this key signed `message`."""
        key_id, _, signed = signature.partition(".")
        try:
            self._key.public_key().verify(decoded(signed), message)
        except (ValueError, InvalidSignature):
            return False
        return key_id == self.key_id


class Passwords:
    """argon2id with 19 MiB (OWASP's first choice), at most two at a time in a process, for its memory's sake."""

    _turns = threading.BoundedSemaphore(2)

    def __init__(self, *, memory_kib: int = 19 * 1024, time_cost: int = 2) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)

    def hash(self, password: str) -> str:
        """The hash to store. It takes some 20 ms: call it before the transaction begins."""
        with self._turns:
            return self._hasher.hash(_password_bytes(password))

    def verify(self, stored: str, password: str) -> bool:
        """Whether `password` is the one that was hashed; an unreadable hash fits none."""
        with self._turns:
            try:
                return self._hasher.verify(stored, _password_bytes(password))
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
                return False

    def verify_or_dummy(self, stored: str | None, password: str) -> bool:
        """As `verify`; where nobody is known it takes as long, and is false."""
        nobody = self._nobody
        return self.verify(stored or nobody, password) and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except argon2.exceptions.InvalidHashError:
            return True

    @functools.cached_property
    def _nobody(self) -> str:
        return self.hash(secrets.token_urlsafe(32))


def _password_bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def new_token() -> str:
    """A secret for a cookie or a link: 32 random bytes, url-safe. Only its digest is stored."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a token (SHA-256 in hex; the token itself has entropy enough)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Ticket:
    """Whose sign-up, for which event."""

    signup_id: uuid.UUID
    event_id: uuid.UUID


class TicketSigner:
    """One event's key: signs its tickets (ECDSA, P-256, SHA-256).

    A ticket is always signed to the same letters (RFC 6979), so that its page stays the same.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str) -> Self:
        """The key that `to_pem` wrote; `ValueError` for any other."""
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")  # noqa: TRY004  one error for every text that is no key
        return cls(key)

    def to_pem(self) -> str:
        """The private key as PKCS #8 PEM, not encrypted: store it through a `Vault`."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The key that `read_ticket` needs."""
        return self._key.public_key()

    def public_jwk(self) -> dict[str, str]:
        """The public key for a phone (RFC 7517), as `crypto.subtle.importKey("jwk", …)` takes it."""
        numbers = self.public_key.public_numbers()
        x, y = (encoded(part.to_bytes(32)) for part in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def sign(self, signup_id: uuid.UUID, event_id: uuid.UUID) -> str:
        """The text of a ticket's QR code: `HY1.<signup id>.<event id>.<signature>`."""
        text = f"{_TICKET}.{encoded(signup_id.bytes)}.{encoded(event_id.bytes)}"
        r, s = decode_dss_signature(self._key.sign(text.encode(), _SIGNATURE))
        return f"{text}.{encoded(r.to_bytes(32) + min(s, _ORDER - s).to_bytes(32))}"


def public_key_of(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    """The public key of a `public_jwk`; `ValueError` when it is none."""
    x, y = (int.from_bytes(decoded(jwk[part])) for part in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def read_ticket(text: str, public_key: ec.EllipticCurvePublicKey) -> Ticket:
    """What a ticket says, or `Forged`: also where it is written in any other way than `sign` writes it."""
    try:
        kind, *parts = text.split(".")
        signup_id, event_id, signature = (decoded(part) for part in parts)
        if kind != _TICKET or len(signature) != 64:
            raise Forged
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        if not 0 < s <= _ORDER // 2:
            raise Forged
        ticket = Ticket(uuid.UUID(bytes=signup_id), uuid.UUID(bytes=event_id))
        signed = text.rpartition(".")[0].encode()
        public_key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except Forged:
        raise
    except (ValueError, InvalidSignature) as error:
        raise Forged from error
    return ticket


passwords = Passwords()
