// Passwords: a button shows what is typed, and what a new one is worth is told meanwhile, by the server that will take or
// refuse it. Without this, browsers hide what is typed and the form tells when it is sent.

const PAUSE = 400; // milliseconds without a key before the server is asked

for (const button of document.querySelectorAll("[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  const show = shown => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false)); // or browsers keep it with what is typed into other fields
  addEventListener("pagehide", () => show(false));
}

for (const told of document.querySelectorAll("[data-measures]")) {
  const field = document.getElementById(told.dataset.measures);
  let asking = null;
  let waiting = 0;
  const tell = async () => {
    asking = new AbortController();
    const body = new URLSearchParams({ csrf: field.form.elements.csrf.value, [field.name]: field.value });
    try {
      const answer = await fetch(told.dataset.at, { method: "POST", body, redirect: "manual", signal: asking.signal });
      const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
      told.replaceChildren(...page.body.childNodes);
    } catch (error) {
      if (error.name !== "AbortError") told.replaceChildren();
    }
  };
  field.addEventListener("input", () => {
    asking?.abort();
    clearTimeout(waiting);
    if (field.value) waiting = setTimeout(tell, PAUSE);
    else told.replaceChildren();
  });
}
