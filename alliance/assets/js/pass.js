// The employee's pass page: one's own card and, a swipe away, those of the children and elders of the family.
import { Card } from "./lib/card.js";

const frame = document.querySelector("[data-cards]");
const chips = [...document.querySelectorAll("[data-chip]")];
const still = matchMedia("(prefers-reduced-motion: reduce)");

let bound;
const before = new Promise((done) => (bound = done));
const cards = [...document.querySelectorAll("[data-pass]")].map(
  (section, place) => new Card(section, place ? before : undefined),
);

let shown = cards[0];
let lock;

/** The card that fills the frame is the one that is shown to the cashier. */
function turnTo(card) {
  shown = card;
  for (const each of cards) each.turn(each === card);
  chips.forEach((chip, place) => chip.setAttribute("aria-pressed", String(cards[place] === card)));
}

const looks = new IntersectionObserver(
  (seen) => {
    const full = seen.find((entry) => entry.isIntersecting);
    if (full) turnTo(cards.find((card) => card.section === full.target));
  },
  { root: frame, threshold: 0.6 },
);

chips.forEach((chip, place) =>
  chip.addEventListener("click", () => {
    const { section } = cards[place];
    frame.scrollTo({ left: section.offsetLeft - frame.offsetLeft, behavior: still.matches ? "auto" : "smooth" });
  }),
);

/** A screen that goes dark at the counter costs the queue a minute. */
async function keepAwake() {
  if (!navigator.wakeLock || document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock.request("screen").catch(() => undefined);
}

async function keepOthersFresh() {
  for (const card of cards) if (card !== shown) await card.keepFresh();
}

async function refresh() {
  await shown.refresh();
  await keepOthersFresh();
}

function back() {
  if (document.hidden) return;
  refresh();
  keepAwake();
}

async function begin() {
  await Promise.all(cards.map((card) => card.open()));
  turnTo(cards[0]);
  if (cards.length > 1) for (const card of cards) looks.observe(card.section);
  keepAwake();
  await cards[0].keepFresh();
  bound();
  await keepOthersFresh();
}

document.addEventListener("visibilitychange", back);
addEventListener("pageshow", (event) => event.persisted && back());
addEventListener("online", refresh);
begin();
