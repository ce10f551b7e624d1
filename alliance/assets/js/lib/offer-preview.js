// The phone beside an offer's form: after each pause in the typing the server is asked for the card.

const PAUSE_MS = 400;

/** Keeps the preview of `form` up to date; `onProblems` gets the list of what is still missing, as nodes. */
export function preview(form, onProblems) {
  const place = document.querySelector("[data-preview-place]");
  const [card, failed] = ["[data-preview-card]", "[data-preview-failed]"].map((part) => place.querySelector(part));
  let timer;
  let asking = new AbortController();

  async function ask() {
    // An older answer must not come after a newer one.
    asking.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new FormData(form),
        signal: asking.signal,
        redirect: "error",
      });
      if (!answer.ok) throw new Error(answer.statusText);
      card.innerHTML = await answer.text();
      onProblems(card.querySelector("[data-preview-problems]").content);
      failed.hidden = true;
    } catch (error) {
      if (error.name !== "AbortError") failed.hidden = false;
    }
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  place.hidden = false;
  form.addEventListener("input", soon);
  // Pictures come and go without an event of the form.
  for (const list of form.querySelectorAll(".thumbs")) new MutationObserver(soon).observe(list, { childList: true });
  ask();
}
