// The page of one scan.
import { showPrice } from "./lib/priced.js";

const form = document.querySelector("[data-priced]");
const amount = form.querySelector("[data-amount]");
const quantity = form.querySelector("[data-quantity]");
const chosen = () => form.querySelector('input[name="offer"]:checked');

/** What the chosen offer wants to be told: amount, amount_and_quantity, quantity or nothing. */
const takes = () => chosen()?.dataset.takes ?? "amount";
const takesAmount = () => takes().startsWith("amount");
const takesQuantity = () => takes().endsWith("quantity");

/** Only what the price depends on is asked. */
function showFields() {
  amount.hidden = !takesAmount();
  form.elements.amount.disabled = !takesAmount();
  quantity.hidden = !takesQuantity();
  if (!takesQuantity()) form.elements.quantity.value = "1";
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

form.addEventListener("input", showFields);
showFields();
showPrice(form, () => {
  const offer = chosen()?.value;
  const typed = takesAmount() ? form.elements.amount.value.trim() : "";
  return offer && (typed || !takesAmount())
    ? { offer, amount: typed, quantity: form.elements.quantity.value }
    : null;
});
