"""The admins' pages."""

from blueprints.admin.routes import chamber, people, registrations, rules
from blueprints.admin.routes.blueprint import blueprint

__all__ = ["blueprint", "chamber", "people", "registrations", "rules"]
