"""The use cases of admins; importing this puts their operations on the registry."""

from blueprints.admin.service import audit_trail, figures, members, reasons, registrations, settings

__all__ = ["audit_trail", "figures", "members", "reasons", "registrations", "settings"]
