"""The admins' pages."""

from blueprints.admin.routes import chamber, people, registrations
from blueprints.admin.routes.blueprint import blueprint

__all__ = ["blueprint", "chamber", "people", "registrations"]
