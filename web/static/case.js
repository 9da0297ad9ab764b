// Makes the case page smoother: copying, closing panels, and coming back with the new decision. Nothing depends on it.

for (const button of document.querySelectorAll("button[data-copy]")) {
  const words = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const lines = source.children.length ? [...source.children].map((line) => line.textContent) : [source.textContent];
    await navigator.clipboard.writeText(lines.join("\n"));
    const named = button.ariaLabel;
    button.ariaLabel = null;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; button.ariaLabel = named; }, 2000);
  });
}

const panels = [...document.querySelectorAll("details.act")];
const close = (panel) => {
  panel.open = false;
  panel.querySelector("summary").focus();
};
document.addEventListener("keydown", (event) => {
  const open = panels.find((panel) => panel.open);
  if (event.key !== "Escape") return;
  if (open) close(open);
  else document.querySelector(".others[open]")?.removeAttribute("open");
});
for (const panel of panels) {
  panel.addEventListener("toggle", () => {
    if (panel.open) panel.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
  });
}

// Where a link leads into something folded it opens: for browsers that do not do so by themselves.
const reveal = () => {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = place?.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
  if (place) place.scrollIntoView();
};
addEventListener("hashchange", reveal);
for (const link of document.querySelectorAll('a[href^="#"]')) link.addEventListener("click", () => setTimeout(reveal));

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll("form.fields")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  // Come back to by the browser's way back, it may be sent again: what was answered may have been "come again".
  addEventListener("pageshow", () => { delete form.dataset.sent; });
}

// While newer facts are being triaged, ask whether they still are, for two minutes at most.
const waiting = document.querySelector("[data-poll]");
const ask = async (left) => {
  const answer = await fetch(waiting.dataset.poll, { redirect: "manual" }).catch(() => null);
  if (answer?.ok && !(await answer.text()).includes("data-poll")) location.reload();
  else if (left > 0) setTimeout(ask, 2000, left - 1);
};
if (waiting) setTimeout(ask, 2000, 60);

// Say that this page is open, and hear who else has it open, while somebody looks.
const here = document.querySelector("form.presence"), others = document.querySelector(".presence-told");
const look = async () => {
  if (!document.hidden) {
    const answer = await fetch(here.action, { method: "POST", body: new URLSearchParams(new FormData(here)), redirect: "manual" }).catch(() => null);
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (others.textContent.trim() !== fresh.body.textContent.trim()) others.replaceChildren(...fresh.body.children);
    }
  }
  setTimeout(look, 20000);
};
if (here) look();
