"""The use cases of accounts; importing this puts their operations on the registry."""

from blueprints.accounts.service import corrections, rule_changes, rule_comments
from blueprints.accounts.service.community_rules import rule, rules_in_force
from blueprints.accounts.service.credentials import link_url, make_one_time_link
from blueprints.accounts.service.decisions import (
    approve,
    ask,
    duplicates_of,
    identity_number_of,
    queue,
    refuse,
    see_identity,
    waiting_count,
)
from blueprints.accounts.service.devices import sessions_of
from blueprints.accounts.service.directory import members, profile_for, roles_of
from blueprints.accounts.service.membership import reinstate, set_roles, suspend
from blueprints.accounts.service.profile import company_values, profile_of, profile_values
from blueprints.accounts.service.registration import application_of, everyone_with

__all__ = [
    "application_of",
    "approve",
    "ask",
    "company_values",
    "corrections",
    "duplicates_of",
    "everyone_with",
    "identity_number_of",
    "link_url",
    "make_one_time_link",
    "members",
    "profile_for",
    "profile_of",
    "profile_values",
    "queue",
    "refuse",
    "reinstate",
    "roles_of",
    "rule",
    "rule_changes",
    "rule_comments",
    "rules_in_force",
    "see_identity",
    "sessions_of",
    "set_roles",
    "suspend",
    "waiting_count",
]
