// A form at the counter: the price while the cashier types, and one press of the button only.
import { Unreachable, post } from "./post.js";

/** Long enough to type the next digit (ms). */
const PAUSE = 200;

/** `form` asks its `data-price`; `fields()` is what to ask about, null as long as there is nothing to ask. */
export function showPrice(form, fields) {
  const preview = form.querySelector("[data-preview]");
  let timer;
  let asked = 0;

  async function ask() {
    const mine = (asked += 1);
    const wanted = fields();
    const price = wanted ? await priceOf(form, wanted) : {};
    // A slow answer to an older question must not overwrite a newer one.
    if (mine === asked) show(price);
  }

  function show(price) {
    const shown = { ...price, problem: price.problem ?? price.detail };
    for (const part of preview.querySelectorAll("[data-part]")) {
      part.textContent = shown[part.dataset.part] ?? "";
    }
    preview.classList.toggle("is-priced", Boolean(shown.paid));
    preview.classList.toggle("is-refused", Boolean(shown.problem));
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  pressOnce(form);
  ask();
}

async function priceOf(form, fields) {
  try {
    return (await post(form.dataset.price, fields)).body;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return { problem: form.dataset.wordOffline };
  }
}

function pressOnce(form) {
  const button = form.querySelector("[data-confirm]");
  form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = button.dataset.wordSending;
  });
  // Back from the answer, with the page as it was: the same may be sent again, and is answered again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    button.disabled = false;
    button.textContent = button.dataset.word;
  });
}
