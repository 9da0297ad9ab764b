"""A page as a screen reader tells it: names and roles as Chromium computes them, and what they leave in the dark."""

from collections import defaultdict
from typing import Any, Final

from playwright.sync_api import Page

# What is told by its name alone, in a list of a page's links, buttons, fields, headings, regions or tables.
NAMED: Final = frozenset(
    {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton", "listbox"}
    | {"heading", "navigation", "dialog", "table", "rowheader", "DisclosureTriangle"}
)
_ALONE: Final = ("main", "banner", "contentinfo")
# Where links and buttons lead, in the order of the page: two that are called the same must do the same.
_LEADS: Final = """() => {
  const SAME = ['csrf', 'once', 'revision', 'terms'];
  const own = e => [...e.childNodes].map(n => n.nodeType === 3 ? n.data : n.nodeType !== 1 || n.ariaHidden === 'true' ||
    n.hidden ? '' : n.tagName === 'IMG' ? n.alt : own(n)).join('');
  const said = e => (e.ariaLabel || own(e)).replace(/\\s+/g, ' ').trim();
  return [...document.querySelectorAll('a[href], button')].filter(e => e.checkVisibility()).map(e => [said(e),
    e.href || [e.getAttribute('formaction') || e.form?.getAttribute('action') || e.id, e.name, e.value, e.dataset.copy,
      e.form && [...new FormData(e.form)].filter(([name]) => !SAME.includes(name)).join()
    ].join(' ')]);
}"""


def unheard(page: Page) -> list[str]:
    """What somebody who hears the page could not tell: what has no name, doubled landmarks, one name for two ends."""
    found = []
    alone: dict[str, int] = defaultdict(int)
    regions: dict[tuple[str, str], int] = defaultdict(int)
    for node in _tree(page):
        role, name = node["role"]["value"], node.get("name", {}).get("value", "").strip()
        if role in NAMED and not name:
            found.append(f"a {role} without a name")
        if role in _ALONE:
            alone[role] += 1
        if role in ("region", "navigation", "dialog") and name:
            regions[role, name] += 1
    found += [f"{count} of {role}" for role, count in alone.items() if count > 1]
    found += [f"{count} {role}s called {name!r}" for (role, name), count in regions.items() if count > 1]
    leads: dict[str, set[str]] = defaultdict(set)
    for name, end in page.evaluate(_LEADS):
        leads[name].add(end)
    found += [f"{name!r} leads to {sorted(ends)}" for name, ends in leads.items() if len(ends) > 1]
    return found


def _tree(page: Page) -> list[dict[str, Any]]:
    asked = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = asked.send("Accessibility.getFullAXTree")["nodes"]
    asked.detach()
    return [node for node in nodes if not node.get("ignored") and "role" in node]
