// The offer form: shows the terms of the chosen kind only. Without it all are shown, and it still works.

const form = document.querySelector("[data-offer]");
const buttons = [...form.querySelectorAll("[data-once]")];

function showKind() {
  const kind = form.querySelector('input[name="kind"]:checked')?.value;
  for (const terms of form.querySelectorAll("[data-kind]")) terms.hidden = terms.dataset.kind !== kind;
}

function lock(is) {
  for (const button of buttons) button.disabled = is;
}

form.addEventListener("change", showKind);
// A second press would be a second revision, or a second draft.
form.addEventListener("submit", () => {
  // Not at once: a button that is disabled does not say that it was the one pressed.
  setTimeout(() => lock(true));
});
addEventListener("pageshow", () => lock(false));
showKind();
