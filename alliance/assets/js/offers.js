// The list of offers: says once that it was looked at, so that the next visit knows what is new.

const { visit } = document.querySelector("[data-visit]")?.dataset ?? {};
if (visit) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  // Without an answer nothing is lost: the next look at the list says it again. The page that the answer leads to is this one.
  fetch(visit, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual", keepalive: true }).catch(() => {});
}
