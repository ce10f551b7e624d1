// The page of one redemption: what changing its amount would come to.
import { showPrice } from "./lib/priced.js";

const form = document.querySelector("[data-priced]");

showPrice(form, () => {
  const amount = form.elements.amount.value.trim();
  return amount ? { amount, quantity: form.elements.quantity.value } : null;
});
