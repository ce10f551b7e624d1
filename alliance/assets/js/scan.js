// The page of one scan.
import { showPrice } from "./lib/priced.js";

const form = document.querySelector("[data-priced]");
const quantity = form.querySelector("[data-quantity]");
const chosen = () => form.querySelector('input[name="offer"]:checked');

/** Only a price per piece asks how many pieces. */
function showQuantity() {
  const perPiece = chosen()?.dataset.perPiece === "yes";
  quantity.hidden = !perPiece;
  if (!perPiece) form.elements.quantity.value = "1";
}

form.addEventListener("input", showQuantity);
showQuantity();
showPrice(form, () => {
  const offer = chosen()?.value;
  const amount = form.elements.amount.value.trim();
  return offer && amount ? { offer, amount, quantity: form.elements.quantity.value } : null;
});
