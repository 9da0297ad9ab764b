// Days and files in the language of the page: a browser writes both in its own. Without this they work as the browser has them.

const words = document.body.dataset;
const two = number => String(number).padStart(2, "0");

// The day as ISO has it, however it was typed (2026/1/5, 2026.1.5, 20260105, 2026年1月5日); none where there is no such day.
function day(text) {
  const parts = text.match(/^(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?$/);
  if (!parts) return null;
  const [year, month, number] = parts.slice(1).map(Number);
  const found = new Date(Date.UTC(year, month - 1, number));
  return year > 999 && found.getUTCMonth() === month - 1 && found.getUTCDate() === number
    ? `${year}-${two(month)}-${two(number)}` : null;
}

// The day and the time of it, by a blank between them.
function moment(text) {
  const parts = text.match(/^(\S+)[ T]+(\d{1,2})[:：](\d{2})$/);
  const date = parts && day(parts[1]);
  return date && Number(parts[2]) < 24 && Number(parts[3]) < 60 ? `${date} ${two(parts[2])}:${parts[3]}` : null;
}

// A field to type a day into, and a button that opens the browser's calendar.
function ownDay(input) {
  const timed = input.type === "datetime-local", read = timed ? moment : day;
  const { min, max, value } = input;
  input.type = "text";
  input.value = value.replace("T", " ");
  input.placeholder = timed ? words.moment : words.day;
  input.maxLength = timed ? 20 : 12;
  input.autocomplete = "off";
  input.classList.add("day");
  const place = document.createElement("span"), button = document.createElement("button");
  place.className = "with-calendar";
  button.type = "button";
  button.className = "calendar";
  button.setAttribute("aria-label", `${words.calendar} ${(input.ariaLabel ?? input.labels[0]?.firstChild?.textContent ?? "").trim()}`.trim());
  input.replaceWith(place);
  place.append(input, button);

  const check = () => {
    const known = read(input.value.trim());
    const early = known && min && known.slice(0, 10) < min, late = known && max && known.slice(0, 10) > max;
    input.setCustomValidity(input.value.trim() && (!known || early || late) ? words.noDay : "");
  };
  input.addEventListener("input", check);
  input.addEventListener("change", () => {
    input.value = read(input.value.trim()) ?? input.value;
    check();
  });
  button.addEventListener("click", () => {
    const calendar = document.createElement("input");
    calendar.type = timed ? "datetime-local" : "date";
    [calendar.min, calendar.max, calendar.value] = [min, max, (read(input.value.trim()) ?? "").replace(" ", "T")];
    calendar.tabIndex = -1;
    calendar.ariaHidden = "true";
    place.append(calendar);
    calendar.addEventListener("change", () => {
      input.value = calendar.value.replace("T", " ");
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    calendar.addEventListener("blur", () => calendar.remove());
    calendar.focus();
    calendar.showPicker?.();
  });
}

// A button of our own for the file, and a place to drop it on.
function ownFile(input) {
  const place = document.createElement("span"), button = document.createElement("span"), name = document.createElement("span");
  place.className = "drop";
  button.className = "choose-file";
  button.textContent = words.choose;
  const told = () => { name.textContent = input.files.length ? input.files[0].name : words.drop; };
  place.append(button, name);
  place.setAttribute("aria-hidden", "true"); // the control itself is there for whoever does not see it
  input.classList.add("covered");
  input.after(place);
  input.addEventListener("change", told);
  place.addEventListener("click", event => {
    event.preventDefault();
    input.click();
  });
  place.addEventListener("dragover", event => event.preventDefault());
  place.addEventListener("drop", event => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
  told();
}

document.querySelectorAll("input[type=date], input[type=datetime-local]").forEach(ownDay);
document.querySelectorAll("input[type=file]").forEach(ownFile);
