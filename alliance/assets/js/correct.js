// The page of one redemption: what changing its amount would come to.
import { showPrice } from "./lib/priced.js";

const form = document.querySelector("[data-priced]");

showPrice(form, () => {
  // Of tickets, only the number is asked.
  const field = form.elements.amount;
  const amount = field?.value.trim() ?? "";
  return amount || !field ? { amount, quantity: form.elements.quantity.value } : null;
});
