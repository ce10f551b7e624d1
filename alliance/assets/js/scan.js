// The page of one scan: the price while the cashier types, and one press of the button only.
import { Unreachable, post } from "./lib/post.js";

/** Long enough to type the next digit (ms). */
const PAUSE = 200;

const form = document.querySelector("[data-scan]");
const part = (name) => form.querySelector(`[data-${name}]`);
const preview = part("preview");
const button = part("confirm");

let timer;
let asked = 0;

function changed() {
  showQuantity();
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

/** Only a price per piece asks how many pieces. */
function showQuantity() {
  const chosen = form.querySelector('input[name="offer"]:checked');
  const perPiece = chosen?.dataset.perPiece === "yes";
  part("quantity").hidden = !perPiece;
  if (!perPiece) form.elements.quantity.value = "1";
}

async function ask() {
  const offer = form.querySelector('input[name="offer"]:checked')?.value ?? "";
  const amount = form.elements.amount.value.trim();
  const mine = (asked += 1);
  if (!offer || !amount) {
    show({});
    return;
  }
  let price;
  try {
    price = await post(form.dataset.price, { offer, amount, quantity: form.elements.quantity.value });
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    price = { body: { problem: form.dataset.wordOffline } };
  }
  // A slow answer to an older question must not overwrite a newer one.
  if (mine === asked) show(price.body);
}

function show({ paid, discount, problem, detail }) {
  const why = problem ?? detail ?? "";
  part("paid").textContent = paid ?? "";
  part("discount").textContent = discount ?? "";
  part("problem").textContent = why;
  preview.classList.toggle("is-priced", Boolean(paid));
  preview.classList.toggle("is-refused", Boolean(why));
}

form.addEventListener("input", changed);
form.addEventListener("submit", () => {
  button.disabled = true;
  button.textContent = button.dataset.wordSending;
});
// Back from the answer, with the page as it was: the same redemption may be sent again, and is answered again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  button.disabled = false;
  button.textContent = button.dataset.word;
});

showQuantity();
ask();
