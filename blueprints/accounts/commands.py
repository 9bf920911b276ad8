"""`flask --app app create-admin`: the first admin of an installation, or one more."""

from __future__ import annotations

import sys

import click
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Company, Member, RoleGrant
from blueprints.accounts.service.registration import names_of
from core import audit, chamber, crypto
from core.clock import now
from core.commands import on_its_tables
from core.database import db, in_transaction, new_id
from core.fields import Form, PasswordField, PhoneField, TextField


class AdminForm(Form):
    """What the command is given."""

    name = TextField("name", max_length=40, required=True)
    phone = PhoneField("phone", required=True)
    password = PasswordField("password", required=True)


@click.command("create-admin")
@click.option("--name", required=True, help="Real name, surname first.")
@click.option("--phone", required=True, help="Mobile phone, used to log in.")
@on_its_tables
def create_admin(name: str, phone: str) -> None:
    """Make an admin; asks for the password, or reads it from standard input. A known phone becomes admin."""
    if sys.stdin.isatty():
        password = click.prompt("密码 Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    form = AdminForm.of({"name": name, "phone": phone, "password": password})
    if not form.validate():
        raise click.ClickException("; ".join(f"{field.name}: {message}" for field, message in form.problems()))
    values = form.data
    hashed = crypto.passwords.hash(values["password"])
    in_transaction(lambda: make_admin(values["name"], values["phone"], hashed))
    click.echo(f"管理员 {values['name']} 已就绪 · admin ready: {values['phone']}")


def make_admin(name: str, phone: str, password_hash: str) -> None:
    """Make the member who has `phone` an admin with this password, or make a member; the caller commits."""
    person = db.session.scalars(select(Member).where(Member.phone == phone)).one_or_none()
    if person is None:
        house = chamber.current().name
        company = Company(id=new_id(), name=house, trade="services")
        person = Member(
            id=new_id(), company_id=company.id, phone=phone, position="秘书处", trade="services", real_name=name
        )
        for key, value in names_of(name, house).items():
            setattr(person, key, value)
        db.session.add_all([company, person])
    person.status = "member"
    person.joined_at = person.joined_at or now()
    person.password_hash = password_hash
    db.session.flush()
    if db.session.get(RoleGrant, (person.id, "admin")) is None:
        db.session.add(RoleGrant(member_id=person.id, role="admin"))
    audit.record(None, "member.create_admin", "member", person.id, after={"roles": ["admin"]})


def init_app(app: Flask) -> None:
    """Put the command on `flask --app app`."""
    app.cli.add_command(create_admin)
