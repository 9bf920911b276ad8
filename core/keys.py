"""Keys that rotate, for what is kept encrypted for long. Each lies in the database, sealed by the installation's own.

Without any, everything is under the key that comes from the secret itself. While a rotation is on
its way there are two: `next`, under which everything new is sealed, and `current`, under which
every keyed hash still is, so that equal texts are found all the while. At its end `next` becomes
`current` in the same transaction that puts the new hashes in place, and the old key goes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import CheckConstraint, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import now
from core.crypto import Unreadable, Vault, decoded, derive_key, encoded
from core.database import Base, db

NONCE_BYTES = 12


class VaultKey(Base):
    """One key, sealed by the installation's secret; `current`, or `next` while a rotation is on its way."""

    __tablename__ = "vault_keys"
    __table_args__ = (CheckConstraint("state IN ('current', 'next')", name="state_known"),)

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(7))
    made_at: Mapped[datetime]


@dataclass(frozen=True)
class Key:
    """One key in use: it seals, opens and hashes. Without an id it is the secret's own."""

    id: str | None
    secret: str

    @property
    def prefix(self) -> str:
        """How a text begins that this key has sealed."""
        return f"k{self.id}." if self.id else "v1."

    def seal(self, text: str, about: str) -> str:
        """The text under AES-256-GCM; `about` must be told again to read it."""
        if self.id is None:
            return _vault().encrypt(text, about)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.prefix + encoded(nonce + self._cipher().encrypt(nonce, text.encode(), about.encode()))

    def open(self, sealed: str, about: str) -> str:
        """The text again; raises `Unreadable`."""
        if self.id is None:
            return _vault().decrypt(sealed, about)
        try:
            data = decoded(sealed.removeprefix(self.prefix))
            return self._cipher().decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], about.encode()).decode()
        except (ValueError, InvalidTag) as error:
            raise Unreadable("not sealed by this key for this purpose") from error

    def digest(self, text: str, purpose: str) -> str:
        """HMAC-SHA256 in hex: equal texts of one purpose are found without being kept."""
        if self.id is None:
            return _vault().keyed_hash(text, purpose)
        key = derive_key(self.secret, "keyed hash")
        return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def _cipher(self) -> AESGCM:
        return AESGCM(derive_key(self.secret, "seal"))


@dataclass(frozen=True)
class Ring:
    """The keys of this moment."""

    current: Key
    next: Key | None = None

    @property
    def sealing(self) -> Key:
        """The key under which everything new is sealed."""
        return self.next or self.current

    def open(self, sealed: str, about: str) -> str:
        """A text that one of the keys has sealed; raises `Unreadable`."""
        for key in (self.sealing, self.current, Key(None, "")):
            if sealed.startswith(key.prefix):
                return key.open(sealed, about)
        raise Unreadable("sealed by a key that is gone")


def ring(*, lock: bool = False, share: bool = False) -> Ring:
    """The keys in use; one query. `share` keeps a rotation from ending before this transaction, `lock` ends one."""
    query = select(VaultKey).execution_options(populate_existing=True)
    if lock or share:
        query = query.with_for_update(read=share)
    keys = {row.state: _opened(row) for row in db.session.scalars(query)}
    return Ring(keys.get("current") or Key(None, ""), keys.get("next"))


def begin() -> Ring:
    """Make the next key, unless a rotation is on its way already; the caller commits."""
    found = ring(lock=True)
    if found.next is None:
        row = VaultKey(id=secrets.token_hex(4), state="next", made_at=now())
        row.sealed = _vault().encrypt(secrets.token_urlsafe(32), _about(row.id))
        db.session.add(row)
        db.session.flush()
        found = ring(lock=True)
    return found


def finish() -> None:
    """Let the next key be the current one and forget the old; the caller has put everything under it, and commits."""
    db.session.execute(delete(VaultKey).where(VaultKey.state == "current"))
    for row in db.session.scalars(select(VaultKey)):
        row.state = "current"
    db.session.flush()


def _opened(row: VaultKey) -> Key:
    return Key(row.id, _vault().decrypt(row.sealed, _about(row.id)))


def _about(key_id: str) -> str:
    return f"vault key {key_id}"


def _vault() -> Vault:
    vault: Vault = current_app.extensions["vault"]
    return vault
