// The offer form: step by step, with the terms of the chosen kind only, and a phone that shows what comes of
// it. Without it everything is on one long page, and it still works.
import { preview } from "./lib/offer-preview.js";
import { steps } from "./lib/steps.js";

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
steps(form);
preview(form, (problems) => form.querySelector("[data-problems]").replaceChildren(problems));
