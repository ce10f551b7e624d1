// The monthly report: printing it, copying its text, and a press of a button that keeps it once.
import { onceAndCopied } from "./lib/once.js";

onceAndCopied();

document.querySelector("[data-print]").addEventListener("click", () => print());

// Browsers give the clipboard to secure pages only; elsewhere the text can be marked as any other.
const button = document.querySelector("[data-copy-text]");
if (navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copyText).textContent);
    document.querySelector("[data-copied]").hidden = false;
  });
}
