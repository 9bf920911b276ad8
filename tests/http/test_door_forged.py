"""Ten thousand altered tickets: none is genuine."""

from __future__ import annotations

import random

import pytest
from flask import Flask

from blueprints.door import tickets
from blueprints.events.models import Event
from core.crypto import TicketSigner, decoded, encoded
from core.database import db, new_id
from tests.door import Door
from tests.people import People

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def flipped(dice: random.Random, ticket: str) -> str:
    """One bit of one part of the ticket is another."""
    parts = ticket.split(".")
    place = dice.choice([1, 2, 3])
    data = bytearray(decoded(parts[place]))
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    parts[place] = encoded(bytes(data))
    return ".".join(parts)


def rewritten(dice: random.Random, ticket: str) -> str:
    """One letter is another, too many or missing."""
    place, letter = dice.randrange(len(ticket)), dice.choice(LETTERS)
    kept = dice.choice([ticket[place + 1 :], ticket[place:]])
    altered = ticket[:place] + dice.choice([letter, ""]) + kept
    return altered if altered != ticket else ticket + letter


def high(ticket: str) -> str:
    """The other valid s, which is not ours."""
    head, _, signature = ticket.rpartition(".")
    data = decoded(signature)
    return f"{head}.{encoded(data[:32] + (ORDER - int.from_bytes(data[32:])).to_bytes(32))}"


def altered(number: int, ticket: str, event: Event, seed: int) -> list[str]:
    """So many tickets that nobody signed for this event."""
    dice, stranger = random.Random(seed), TicketSigner.generate()
    made = []
    for turn in range(number):
        if turn % 50 == 0:
            made.append(stranger.sign(new_id(), event.id))
        elif turn % 997 == 1:
            made.append(high(ticket))
        else:
            made.append(dice.choice([flipped, rewritten])(dice, ticket))
    return made


def check(app: Flask, people: People, number: int) -> None:
    door, other = Door(app, people), Door(app, people)
    ticket, others = door.ticket(door.signed_up("王建国")), other.ticket(other.signed_up("李四"))
    with app.app_context():
        event = db.session.get_one(Event, door.event_id)
        assert tickets.read(ticket, event).ticket == "genuine"
        assert tickets.read(others, event).ticket == "other_event"
        wrong = [text for text in altered(number, ticket, event, 1118) if tickets.read(text, event).ticket != "forged"]
        assert wrong == []
        assert {tickets.read(text, event).ticket for text in altered(200, others, event, 7)} == {"forged"}


def test_a_thousand_altered_tickets_are_forged(app: Flask, people: People) -> None:
    check(app, people, 1000)


@pytest.mark.thorough
def test_ten_thousand_altered_tickets_are_forged(app: Flask, people: People) -> None:
    check(app, people, 10_000)
