// A page of printed cards: their codes, and the button that prints them.
import { qr } from "./lib/qr.js";

for (const place of document.querySelectorAll("[data-card-code]")) {
  place.append(qr(place.dataset.cardCode, "M"));
}

document.querySelector("[data-print]").addEventListener("click", () => print());
