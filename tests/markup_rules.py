"""What must hold for the markup of every page, each rule a function that tells what is wrong."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from core.operations import registry
from tests.markup import Element, read

OP_FIELDS = {"op_id", "owner", "form_version"}
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")
INTERACTIVE = ("a", "button", "label", "summary")
LEADS = ("href", "src", "action", "formaction", "data-then")
Fault = str


def faults_of(html: str) -> list[Fault]:
    """What is wrong with the markup of a whole page, each fault once."""
    document, faults = read(html)
    for rule in RULES:
        faults += [f"{rule.__name__}: {fault}" for fault in rule(document)]
    return list(dict.fromkeys(faults))


def unique_ids(document: Element) -> Iterator[Fault]:
    """No id stands twice, and none is empty or has a space in it."""
    ids = Counter(e.attrs["id"] for e in document.all() if "id" in e.attrs)
    yield from (f"{key!r} stands {times} times" for key, times in ids.items() if times > 1)
    yield from (f"{key!r} is no id" for key in ids if not key or len(key.split()) != 1)


def known_pointers(document: Element) -> Iterator[Fault]:
    """What points at an id, and each link into its own page, finds it."""
    ids = {e.attrs.get("id") for e in document.all()}
    for element in document.all():
        for name in POINTERS:
            yield from (f"{element}: no #{key}" for key in element.attrs.get(name, "").split() if key not in ids)
        href = element.attrs.get("href", "")
        if element.tag == "a" and href.startswith("#") and href[1:] not in ids:
            yield f"{element} leads nowhere"


def labels(document: Element) -> Iterator[Fault]:
    """Each control says what it is for, in words that a screen reader reads."""
    named_by_label = {e.attrs["for"] for e in document.all("label") if "for" in e.attrs and e.text}
    for control in document.all("input", "select", "textarea", "button", "summary"):
        if control.attrs.get("type") == "hidden" or "hidden" in control.attrs:
            continue
        around = control.inside("label")
        named = (
            control.attrs.get("aria-label")
            or control.attrs.get("aria-labelledby")
            or control.attrs.get("id") in named_by_label
            or (around and around.text)
            or (control.tag in ("button", "summary") and control.text)
        )
        if not named:
            yield f"{control} has no name"
    for link in document.all("a"):
        if not (link.text or link.attrs.get("aria-label")):
            yield f"{link} has no words"


def forms(document: Element) -> Iterator[Fault]:
    """Each form says where it goes and can be sent without a script."""
    for form in document.all("form"):
        if form.inside("form", "p", "a", "button"):
            yield f"{form} stands inside another"
        method = form.attrs.get("method")
        if method not in ("get", "post"):
            yield f"{form} has no method"
        if not form.attrs.get("action", "").startswith("/"):
            yield f"{form} has no action"
        submits = [e for e in form.all("button", "input") if e.attrs.get("type") == "submit"]
        if not submits:
            yield f"{form} has no type=submit"
        hx = form.attrs.get(f"hx-{method}")
        if hx is not None and hx != form.attrs.get("action"):
            yield f"{form} goes elsewhere with a script"
        for control in form.all("input", "select", "textarea"):
            if not control.attrs.get("name"):
                yield f"{control} is never sent"


def controls(document: Element) -> Iterator[Fault]:
    """Each button says what it does, and nothing to fill in stands outside a form."""
    for button in document.all("button"):
        if button.attrs.get("type") not in ("submit", "button"):
            yield f"{button} has no type"
    for control in document.all("input", "select", "textarea"):
        if not control.inside("form") and "readonly" not in control.attrs:
            yield f"{control} stands outside a form"


def operations(document: Element) -> Iterator[Fault]:
    """A form that is an operation names one that there is, and carries what the ledger needs."""
    for form in document.all("form"):
        names = {e.attrs.get("name") for e in form.all("input")}
        if "data-op" not in form.attrs:
            continue
        if form.attrs["data-op"] not in registry:
            yield f"{form}: no such operation"
        if OP_FIELDS - names:
            yield f"{form} lacks {sorted(OP_FIELDS - names)}"
        if form.attrs.get("method") != "post":
            yield f"{form} is no post"


def policy(document: Element) -> Iterator[Fault]:
    """Nothing that the policy headers forbid: no style or script in the page itself."""
    for element in document.all():
        if "style" in element.attrs or any(name.startswith("on") for name in element.attrs):
            yield f"{element} has a style or a handler"
        if element.tag == "style" or (element.tag == "script" and not element.attrs.get("src")):
            yield f"{element} stands in the page"
        if any(element.attrs.get(name, "").lstrip().lower().startswith("javascript:") for name in LEADS):
            yield f"{element} is a script"


def nesting(document: Element) -> Iterator[Fault]:
    """Nothing that is pressed stands in something else that is."""
    for element in document.all(*INTERACTIVE):
        around = element.inside("a", "button")
        if around:
            yield f"{element} in {around}"


def headings(document: Element) -> Iterator[Fault]:
    """One <main> with one <h1>, and no level left out."""
    mains = list(document.all("main"))
    if len(mains) != 1 or len(list(mains[0].all("h1"))) != 1:
        yield "not one main with one h1"
    levels = [int(e.tag[1]) for main in mains for e in main.all("h1", "h2", "h3", "h4", "h5", "h6")]
    yield from (f"h{after} follows h{before}" for before, after in itertools.pairwise(levels) if after > before + 1)


def tables(document: Element) -> Iterator[Fault]:
    """Each cell of a table's head says what it heads."""
    for head in document.all("th"):
        if head.attrs.get("scope") not in ("col", "row"):
            yield f"{head} has no scope"


def lists(document: Element) -> Iterator[Fault]:
    """A list holds entries and nothing else."""
    for parent in document.all("ul", "ol"):
        for child in parent.children:
            if (isinstance(child, str) and child.strip()) or (isinstance(child, Element) and child.tag != "li"):
                yield f"{parent} holds {child}"
    for entry in document.all("li"):
        if entry.parent and entry.parent.tag not in ("ul", "ol"):
            yield f"{entry} in {entry.parent}"


RULES = (unique_ids, known_pointers, labels, forms, controls, operations, policy, nesting, headings, tables, lists)
