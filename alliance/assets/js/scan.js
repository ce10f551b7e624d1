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

/** A printed card: nothing is charged before the cashier has looked at the name on it. */
const compared = form.querySelector("[data-compared]");
const confirm = form.querySelector("[data-confirm]");
function showCompared() {
  confirm.disabled = !compared.checked;
}
if (compared) {
  compared.addEventListener("change", showCompared);
  // The browser keeps what was ticked when somebody comes back; the price's own handler runs before.
  addEventListener("pageshow", showCompared);
  showCompared();
}

form.addEventListener("input", showQuantity);
showQuantity();
showPrice(form, () => {
  const offer = chosen()?.value;
  const amount = form.elements.amount.value.trim();
  return offer && amount ? { offer, amount, quantity: form.elements.quantity.value } : null;
});
