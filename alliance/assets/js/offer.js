// The offer form: shows the terms of the chosen kind only. Without it all are shown, and it still works.

const form = document.querySelector("[data-offer]");
const button = form.querySelector("[data-once]");

function showKind() {
  const kind = form.querySelector('input[name="kind"]:checked')?.value;
  for (const terms of form.querySelectorAll("[data-kind]")) terms.hidden = terms.dataset.kind !== kind;
}

form.addEventListener("change", showKind);
// A second press would be a second revision.
form.addEventListener("submit", () => {
  button.disabled = true;
});
addEventListener("pageshow", () => {
  button.disabled = false;
});
showKind();
