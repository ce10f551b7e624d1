// The family page: a press makes one invitation or card, the link can be copied, a young child needs no name.
import { onceAndCopied } from "./lib/once.js";

onceAndCopied();

const named = document.querySelector("[data-named]");
const choices = document.querySelectorAll('[name="who"]');

function fit() {
  named.hidden = document.querySelector('[name="who"]:checked')?.value === "young";
}

for (const choice of choices) choice.addEventListener("change", fit);
if (named) fit();
