// Passkeys: asks the device for what the page asks, and sends its answer with the form. Without, codes do what they did.

const knows = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;
const ASK = {
  make: options => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  use: options => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

const fill = (field, answer) => {
  for (const label of field.labels ?? []) label.hidden = true;
  field.type = "hidden";
  field.value = JSON.stringify(answer.toJSON());
};

for (const part of knows ? document.querySelectorAll("[data-passkey]") : []) {
  const [needs, button, failed, done] = part.children;
  needs.hidden = true;
  button.hidden = false;
  button.addEventListener("click", async () => {
    failed.hidden = true;
    button.disabled = true;
    try {
      fill(part.closest("form").elements[part.dataset.field], await ASK[part.dataset.ask](JSON.parse(part.dataset.passkey)));
      done.hidden = false;
      part.closest("form").requestSubmit(); // shows what is still to be filled in
    } catch { // cancelled, or a device that has none: browsers do not tell which
      failed.hidden = button.disabled = false;
    }
  });
}
