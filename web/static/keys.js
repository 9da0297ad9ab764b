// Single keys: whatever carries data-key is reached by it, and "?" shows them all. Every page does everything without.

const STORED = "queue.keys"; // remembered where this browser keeps such things
const panel = document.getElementById("keys");
const on = document.getElementById("keys-on");

const remembered = () => {
  try { return localStorage.getItem(STORED) !== "off"; } catch { return true; }
};
const remember = value => {
  try { localStorage.setItem(STORED, value ? "on" : "off"); } catch { /* for this page only, then */ }
};

// A page's own script may serve a key: it hears of each, and cancels what it served.
const served = key => !document.dispatchEvent(new CustomEvent("shortcut", { detail: key, cancelable: true }));

const reached = key => document.querySelector(`[data-key="${CSS.escape(key)}"]`);
const press = element => {
  element.click();
  if (element.matches("summary") && !element.checkVisibility()) element.closest(".others").open = true; // a phone's menu
};

const list = () => {
  const rows = panel.querySelector("dl");
  rows.querySelectorAll("[data-found]").forEach(row => row.remove());
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (seen.has(element.dataset.key) || panel.contains(element)) continue;
    seen.add(element.dataset.key);
    const row = document.createElement("div"), keys = document.createElement("dt"), does = document.createElement("dd");
    row.dataset.found = "";
    for (const part of element.dataset.key.split(" ")) {
      const key = document.createElement("kbd");
      key.textContent = part;
      keys.append(key, " ");
    }
    does.textContent = (element.getAttribute("aria-label") || element.textContent).trim();
    row.append(keys, does);
    rows.append(row);
  }
};

// Sends what somebody is writing, from wherever in it, by the button that it has.
const send = element => (element?.closest("form, .sheet"))?.querySelector("button:not([type=button])")?.click();

// A letter is a shortcut only where nothing takes text or chooses by letters (WCAG 2.1.4), and can be turned off.
const typing = element => element?.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
let first = ""; // of two keys, pressed one after the other

document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("input, select, textarea")) {
    event.preventDefault();
    return send(event.target);
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "?" && panel) {
    event.preventDefault();
    if (panel.open) return panel.close();
    list();
    return panel.showModal();
  }
  if (!on?.checked || panel?.open) return;
  const key = first + event.key;
  first = "";
  if (served(key)) return event.preventDefault();
  const element = reached(key);
  if (element) {
    event.preventDefault();
    return press(element);
  }
  if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) first = `${event.key} `;
});

if (panel) {
  on.checked = remembered();
  on.addEventListener("change", () => remember(on.checked));
}
