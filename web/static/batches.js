// Makes the pages of batches smoother: progress that moves, files that are too large told before they travel.
// Without it everything works, with a reload now and then.

const PAUSE = 1000; // milliseconds between an answer and the next question
const PATIENCE = 5000; // after a question that failed

// Numbers and bars in place, so that whoever stands on a link of this part stays there.
function show(part, fresh) {
  for (const now of fresh.querySelectorAll("[data-live]")) {
    const old = part.querySelector(`[data-live="${now.dataset.live}"]`);
    if (!old) continue;
    if (old.matches("progress")) [old.max, old.value] = [now.max, now.value];
    else old.textContent = now.textContent;
  }
  const bar = part.querySelector("progress");
  if (bar) tell(part, Math.floor((4 * bar.value) / bar.max), part.querySelector("[data-live=text]").textContent);
}

// Screen readers hear of every quarter, not of every second.
function tell(part, quarter, words) {
  const place = document.getElementById(part.dataset.tell);
  if (!place || part.dataset.told === String(quarter)) return;
  part.dataset.told = String(quarter);
  place.textContent = words;
}

// The finished part as the server writes it, and what else came with it.
function finish(part, fragment) {
  for (const fresh of fragment.querySelectorAll("body > [id]")) document.getElementById(fresh.id)?.replaceWith(fresh);
  const heading = document.getElementById(part.id)?.querySelector("h2");
  if (heading) tell(part, "all", heading.textContent);
}

async function follow(part) {
  for (;;) {
    let pause = PAUSE;
    try {
      if (!document.hidden) {
        const answer = await fetch(part.dataset.poll, { redirect: "manual" }); // to the sign-in page, if anywhere
        if (answer.type === "opaqueredirect" || answer.status === 404) return;
        if (!answer.ok) throw new Error(String(answer.status));
        const fragment = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = fragment.getElementById(part.id);
        if (!fresh.dataset.poll) return finish(part, fragment);
        show(part, fresh);
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
