// A list to tick: one box ticks them all, and the button is pressed once.
import { onceAndCopied } from "./lib/once.js";

const form = document.querySelector("[data-ticks]");

if (form) {
  const label = form.querySelector("[data-tick-all]");
  const all = label.querySelector("input");
  const boxes = [...form.querySelectorAll("[data-tick]")];
  label.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  form.addEventListener("change", () => {
    all.checked = boxes.every((box) => box.checked);
  });
  onceAndCopied();
}
