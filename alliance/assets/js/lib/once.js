// What is made once: one press makes one, and what is shown once can be copied.

/** Forms marked data-once; and the field data-token with its button data-copy. */
export function onceAndCopied() {
  for (const form of document.querySelectorAll("form[data-once]")) pressOnce(form);
  const part = (name) => document.querySelector(`[data-${name}]`);
  if (part("token")) copyable(part("token"), part("copy"), part("copied"));
}

function pressOnce(form) {
  const press = form.querySelector("button");
  form.addEventListener("submit", () => {
    press.disabled = true;
  });
  addEventListener("pageshow", () => {
    press.disabled = false;
  });
}

/** Browsers give the clipboard to secure pages only; elsewhere the field is selected by a press. */
function copyable(field, button, copied) {
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    copied.hidden = false;
  });
}
