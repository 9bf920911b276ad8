"""Forms as they stand on a page: what a browser would send of them, untouched."""

from __future__ import annotations

from collections.abc import Iterator

from tests.markup import Element

CONTROLS = ("input", "select", "textarea")


def forms_to(document: Element, action: str, method: str = "post") -> list[Element]:
    """The forms of a page that go to this URL."""
    return [f for f in document.all("form") if (f.attrs.get("method"), f.attrs.get("action")) == (method, action)]


def controls(form: Element, name: str | None = None) -> Iterator[Element]:
    """The controls of a form, or those of one name."""
    for control in form.all(*CONTROLS):
        if name in (None, control.attrs.get("name")):
            yield control


def names(form: Element) -> set[str]:
    """The names under which a form sends something, its buttons' too."""
    return {c.attrs["name"] for c in form.all(*CONTROLS, "button") if c.attrs.get("name")}


def value(control: Element) -> str | None:
    """What a browser sends of a control as it stands; `None` for a box that is not ticked."""
    if control.tag == "textarea":
        return "".join(str(child) for child in control.children).removeprefix("\r").removeprefix("\n")
    if control.tag == "select":
        options = list(control.all("option"))
        chosen = [o for o in options if "selected" in o.attrs] or ([] if "multiple" in control.attrs else options[:1])
        return ",".join(o.attrs.get("value", o.text) for o in chosen) if chosen else None
    if control.attrs.get("type") in ("checkbox", "radio") and "checked" not in control.attrs:
        return None
    return control.attrs.get("value", "")


def filled(form: Element) -> dict[str, str]:
    """What a browser sends of a form as it stands."""
    sent = {c.attrs["name"]: value(c) for c in reversed(list(controls(form))) if c.attrs.get("name")}
    ticked = {c.attrs["name"]: value(c) for c in controls(form) if value(c) is not None}
    return {name: text for name, text in {**sent, **ticked}.items() if text is not None}
