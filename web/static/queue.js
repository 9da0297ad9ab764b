// The queue by keyboard, choosing many rows at once, and addresses without blanks. The page does everything without this.

const rows = [...document.querySelectorAll(".queue tbody tr")];
const row = () => document.activeElement?.closest(".queue tbody tr");
const focusRow = step => {
  const at = rows.indexOf(row());
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next]?.querySelector(".in-case a").focus();
};
const choices = [...document.querySelectorAll("tbody .in-choice input")];

const DO = {
  "/": () => document.getElementById("ref")?.select(),
  j: () => focusRow(1),
  k: () => focusRow(-1),
  x: () => row()?.querySelector("input[type=checkbox]")?.click(),
  X: () => all?.click(),
};
document.addEventListener("shortcut", event => {
  if (!DO[event.detail]) return;
  event.preventDefault();
  DO[event.detail]();
});

for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("formdata", event => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

// On a phone the filters would fill the first screen: they are folded unless one of them is on.
const choose = document.querySelector(".choose");
const phone = matchMedia("(max-width: 48rem)");
const narrowed = () => [...choose.querySelectorAll("select, input:not([type=hidden])")].some(each => each.type === "checkbox" ? each.checked : each.value);
const fold = () => { choose.open = !phone.matches || narrowed(); };
if (choose) {
  fold();
  phone.addEventListener("change", fold);
}

// The bar of what is done with the ticked ones is there once one is ticked, and says how many they are.
const bulk = document.querySelector(".bulk");
const all = document.getElementById("choose-all");
const count = bulk?.querySelector("[data-count]");
const ready = () => {
  const ticked = choices.filter(choice => choice.checked).length;
  bulk.hidden = ticked === 0;
  count.textContent = count.dataset.count.replace("{n}", ticked);
  all.checked = ticked === choices.length;
  all.indeterminate = ticked > 0 && ticked < choices.length;
};
if (bulk && all) {
  let last = null; // with shift: all from the one that was ticked last
  all.closest("label").hidden = false;
  all.addEventListener("click", () => {
    for (const choice of choices) choice.checked = all.checked;
    ready();
  });
  choices.forEach((choice, at) => {
    choice.addEventListener("click", event => {
      if (event.shiftKey && last !== null) {
        for (const each of choices.slice(Math.min(at, last), Math.max(at, last) + 1)) each.checked = choice.checked;
      }
      last = at;
      ready();
    });
  });
  addEventListener("pageshow", ready);
  ready();
}

// What came since the page was opened, and how much is unread: asked for now and then, while somebody looks.
const live = document.querySelector("[data-live]");
let tag = "";
const askLive = async () => {
  if (!document.hidden) {
    const answer = await fetch(live.dataset.live, { redirect: "manual", headers: { "If-None-Match": tag } }).catch(() => null);
    if (answer?.ok) {
      tag = answer.headers.get("ETag") ?? "";
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const bell = document.querySelector(".bell"), told = fresh.querySelector("[data-unread]");
      const came = fresh.querySelector(".banner");
      if (live.textContent !== (came?.textContent ?? "")) live.replaceChildren(...(came ? [came] : []));
      if (bell && told) {
        bell.setAttribute("aria-label", told.dataset.label);
        bell.querySelector(".count")?.remove();
        if (told.dataset.unread !== "0") {
          const count = document.createElement("span");
          count.className = "count";
          count.setAttribute("aria-hidden", "true");
          count.textContent = told.dataset.unread;
          bell.append(count);
        }
      }
    }
  }
  setTimeout(askLive, 20000);
};
if (live) setTimeout(askLive, 20000);
