// Makes the pages of batches smoother: progress that moves, files that are too large told before they travel.
// Without it everything works, with a reload now and then.

const PAUSE = 1000; // milliseconds between an answer and the next question
const PATIENCE = 5000; // after a question that failed

const number = new Intl.NumberFormat("en-US");

function show(part, batch) {
  const { done, total } = batch.progress;
  const bar = part.querySelector("progress");
  const text = part.querySelector("[data-text]");
  if (!bar || !text) return;
  bar.max = Math.max(total, 1);
  bar.value = done;
  text.textContent = text.dataset.text.replace("{done}", number.format(done)).replace("{total}", number.format(total));
  for (const [urgency, cases] of Object.entries(batch.by_urgency)) {
    const count = part.querySelector(`[data-urgency="${urgency}"]`);
    if (count) count.textContent = number.format(cases);
  }
  tell(part, Math.floor((4 * done) / Math.max(total, 1)), text.textContent);
}

// Screen readers hear of every quarter, not of every second.
function tell(part, quarter, words) {
  const place = document.getElementById(part.dataset.tell);
  if (!place || part.dataset.told === String(quarter)) return;
  part.dataset.told = String(quarter);
  place.textContent = words;
}

// The finished part as the server writes it.
async function renew(part) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of [part.id, "downloads"]) {
    const fresh = page.getElementById(id);
    if (fresh) document.getElementById(id)?.replaceWith(fresh);
  }
  const heading = document.getElementById(part.id)?.querySelector("h2");
  if (heading) tell(part, "all", heading.textContent);
}

async function follow(part) {
  for (;;) {
    let pause = PAUSE;
    try {
      if (!document.hidden) {
        const answer = await fetch(part.dataset.poll, { headers: { Accept: "application/json" } });
        if (answer.status === 401 || answer.status === 404) return;
        if (!answer.ok) throw new Error(String(answer.status));
        const batch = await answer.json();
        if (batch.status === "complete") return await renew(part);
        show(part, batch);
      }
    } catch {
      pause = PATIENCE;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function checkSize(form) {
  const input = form.querySelector("input[type=file]");
  const most = Number(form.dataset.megabytes) * 1024 * 1024;
  input.addEventListener("change", () => {
    const large = input.files.length > 0 && input.files[0].size > most;
    input.setCustomValidity(large ? form.dataset.tooBig : "");
    if (large) input.reportValidity();
  });
}

// One press is enough; the button says that it was heard.
function sayBusy(button) {
  const words = button.textContent;
  button.form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = button.dataset.busy;
  });
  addEventListener("pageshow", () => {
    button.disabled = false;
    button.textContent = words;
  });
}

document.querySelectorAll("[data-poll]").forEach(follow);
document.querySelectorAll("form[data-megabytes]").forEach(checkSize);
document.querySelectorAll("button[data-busy]").forEach(sayBusy);
