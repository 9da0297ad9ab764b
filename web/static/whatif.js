// A slider over a figure that redraws what would become of the cases. Without this there is a field and a button.

const PAUSE = 120; // milliseconds that the slider rests before it asks
const AGAIN = 2000; // before it asks once more where somebody else was answered

const form = document.getElementById("move");
const slide = document.getElementById("slide");
const value = document.getElementById("value");
let asking = null;
let waiting = 0;

async function redraw() {
  asking?.abort();
  asking = new AbortController();
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  const result = document.getElementById("result");
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { redirect: "manual", signal: asking.signal });
    if (answer.status === 503) return void (waiting = setTimeout(redraw, AGAIN));
    if (!answer.ok) return form.requestSubmit(); // to the sign-in page, or to a sentence that says what is wrong
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    show(result, page.getElementById("result"));
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") form.requestSubmit();
  }
}

// The sentence that is read aloud stays the same element, so that a screen reader hears that it changed.
function show(old, fresh) {
  const said = old.querySelector(".said");
  said.textContent = fresh.querySelector(".said").textContent;
  fresh.querySelector(".said").remove();
  while (said.nextSibling) said.nextSibling.remove();
  old.append(...fresh.childNodes);
  old.removeAttribute("aria-busy");
}

if (form && slide) {
  slide.hidden = false;
  slide.addEventListener("input", () => {
    value.value = slide.value;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, PAUSE);
  });
  value.addEventListener("change", () => { slide.value = value.value; });
}
