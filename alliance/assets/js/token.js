// The pages of API tokens: a press makes one token, and what is shown once can be copied.

const field = document.querySelector("[data-token]");
const button = document.querySelector("[data-copy]");

for (const form of document.querySelectorAll("form[data-once]")) {
  const press = form.querySelector("button");
  form.addEventListener("submit", () => {
    press.disabled = true;
  });
  addEventListener("pageshow", () => {
    press.disabled = false;
  });
}

field?.addEventListener("focus", () => field.select());
// Browsers give the clipboard to secure pages only; elsewhere the field is selected by a press.
if (field && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    document.querySelector("[data-copied]").hidden = false;
  });
}
