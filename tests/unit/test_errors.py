"""A violated constraint is translated once into what it means to a person."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy.exc import IntegrityError

import blueprints.accounts.models
import blueprints.door.models  # noqa: F401
from core.errors import Refusal, constraint_means, refusal_for


class Named(Refusal):
    """A refusal of this test."""


def on_sqlite(words: str) -> IntegrityError:
    return IntegrityError("", {}, Exception(words))


def on_postgresql(name: str | None) -> IntegrityError:
    fault = Exception("duplicate key value")
    fault.diag = SimpleNamespace(constraint_name=name)  # type: ignore[attr-defined]
    return IntegrityError("", {}, fault)


def test_sqlite_names_the_columns_of_a_unique_constraint_an_index_or_a_key() -> None:
    for name, columns in (
        ("uq_rule_acceptances_member_id_slug_version", "member_id, rule_acceptances.slug, rule_acceptances.version"),
        ("uq_checkins_event_id_guest_id_inside", "event_id, checkins.guest_id"),
        ("pk_role_grants", "member_id, role_grants.role"),
    ):
        constraint_means(name, Named)
        table = name.split("_", 1)[1]
        table = next(t for t in ("rule_acceptances", "checkins", "role_grants") if table.startswith(t))
        assert isinstance(refusal_for(on_sqlite(f"UNIQUE constraint failed: {table}.{columns}")), Named)


def test_both_databases_name_a_check() -> None:
    constraint_means("ck_members_status_known", Named)
    assert isinstance(refusal_for(on_sqlite("CHECK constraint failed: ck_members_status_known")), Named)
    assert isinstance(refusal_for(on_postgresql("ck_members_status_known")), Named)


def test_a_constraint_that_nobody_named_means_nothing_to_a_person() -> None:
    assert refusal_for(on_sqlite("UNIQUE constraint failed: stamps.topic")) is None
    assert refusal_for(on_postgresql("pk_stamps")) is None
