// The employee's pass page: shows the code, renews it before it ends, and says so when it cannot.
import { Unreachable, post } from "./lib/post.js";
import { qr } from "./lib/qr.js";

/** A code that is being scanned just now must not die in the cashier's hands: renew this early (ms). */
const AHEAD = 20_000;
const RETRY = [1_000, 2_000, 4_000, 8_000];

const page = document.querySelector("[data-pass]");
const part = (name) => page.querySelector(`[data-${name}]`);
const still = matchMedia("(prefers-reduced-motion: reduce)");

let endsAt = 0;
let failures = 0;
let asking = false;
let timer;
let ring;
let lock;

async function renew() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  // Measured from before the question, so that a slow network shortens the code's life and never stretches it.
  const asked = Date.now();
  try {
    const { ok, body } = await post(page.dataset.renew, {});
    if (ok) show(body, asked);
    else if (body.reason === "in_flight") miss();
    else refuse(body.detail);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    miss();
  } finally {
    asking = false;
  }
}

function show({ text, code, expires_at, now }, asked) {
  failures = 0;
  endsAt = asked + (Date.parse(expires_at) - Date.parse(now));
  part("code").replaceChildren(qr(text));
  part("typed").textContent = code.replace(/(\d{4})(?=\d)/g, "$1 ");
  say("");
  veil("");
  const wait = Math.max(1_000, endsAt - Date.now() - AHEAD);
  runDown(wait);
  timer = setTimeout(renew, wait);
}

/** The system answered, and the answer is no: asking again by itself would not help. */
function refuse(words) {
  endsAt = 0;
  say("");
  veil(words);
}

function miss() {
  const left = endsAt - Date.now();
  if (left > 0) say(page.dataset.wordRetrying);
  else veil(page.dataset.wordOffline);
  timer = setTimeout(renew, RETRY[Math.min(failures, RETRY.length - 1)]);
  failures += 1;
}

/** Words over the code, which nobody can scan then; the empty text shows the code again. */
function veil(words) {
  part("veil").hidden = !words;
  part("veil-words").textContent = words;
  page.classList.toggle("is-veiled", Boolean(words));
  if (!words) return;
  part("code").replaceChildren();
  part("typed").textContent = "";
  ring?.cancel();
}

function say(words) {
  part("status").textContent = words;
}

function runDown(duration) {
  ring?.cancel();
  ring = part("ring").animate([{ strokeDashoffset: 0 }, { strokeDashoffset: 100 }], {
    duration,
    fill: "forwards",
    easing: still.matches ? "steps(4)" : "linear",
  });
}

/** A screen that goes dark at the counter costs the queue a minute. */
async function keepAwake() {
  if (!navigator.wakeLock || document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock.request("screen").catch(() => undefined);
}

function back() {
  if (document.hidden) return;
  renew();
  keepAwake();
}

document.addEventListener("visibilitychange", back);
addEventListener("pageshow", (event) => event.persisted && back());
addEventListener("online", renew);
part("again").addEventListener("click", renew);
back();
