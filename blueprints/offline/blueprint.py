"""The blueprint that this feature's routes stand on."""

from flask import Blueprint

blueprint = Blueprint("offline", __name__)
