// The queue by keyboard, and addresses without blanks. The page does everything without this.

const KEY = "queue.keys"; // remembered where this browser keeps such things
const help = document.getElementById("keys");
const on = document.getElementById("keys-on");
const rows = [...document.querySelectorAll(".queue tbody tr")];

const remembered = () => {
  try { return localStorage.getItem(KEY) !== "off"; } catch { return true; }
};
const remember = value => {
  try { localStorage.setItem(KEY, value ? "on" : "off"); } catch { /* for this page only, then */ }
};

const row = () => document.activeElement?.closest(".queue tbody tr");
const focusRow = step => {
  const at = rows.indexOf(row());
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next]?.querySelector(".in-case a").focus();
};

const DO = {
  "/": () => document.getElementById("ref")?.select(),
  j: () => focusRow(1),
  k: () => focusRow(-1),
  x: () => row()?.querySelector("input[type=checkbox]")?.click(),
  n: () => document.getElementById("take")?.click(),
  "?": () => {
    help.open = !help.open;
    if (help.open) help.querySelector("summary").focus();
  },
};

// A letter is a shortcut only where nothing takes text or chooses by letters (WCAG 2.1.4), and can be turned off.
const typing = element => element?.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");

document.addEventListener("keydown", event => {
  if (!on?.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const act = DO[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

if (help) {
  help.hidden = false;
  on.checked = remembered();
  on.addEventListener("change", () => remember(on.checked));
}

for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("formdata", event => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

// On a phone the filters would fill the first screen: they are folded unless one of them is on.
const choose = document.querySelector(".choose");
const phone = matchMedia("(max-width: 48rem)");
const fold = () => { choose.open = !phone.matches || document.querySelector(".on .chips") !== null; };
if (choose) {
  fold();
  phone.addEventListener("change", fold);
}

const choices = [...document.querySelectorAll(".in-choice input")];
const bulk = document.querySelector(".bulk button");
const ready = () => { bulk.disabled = !choices.some(choice => choice.checked); };
if (bulk) {
  ready();
  for (const choice of choices) choice.addEventListener("change", ready);
}
