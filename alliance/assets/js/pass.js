// The employee's pass page. A phone with a key of its own draws a new code every fifteen seconds and needs no
// network for a week; one that can keep no key asks the server for a code every forty.
import { NotEnrolled, openDevice } from "./lib/device.js";
import { Unreachable, post } from "./lib/post.js";
import { qr } from "./lib/qr.js";
import { serverAhead } from "./lib/server-time.js";

const REDRAW = 15_000;
/** A server's code that is being scanned just now must not die in the cashier's hands: renew this early (ms). */
const AHEAD = 20_000;
const RETRY = [1_000, 2_000, 4_000, 8_000];
/** When a phone that cannot renew says so, beforehand (ms). */
const WARN = 2 * 86_400_000;

const page = document.querySelector("[data-pass]");
const part = (name) => page.querySelector(`[data-${name}]`);
const words = page.dataset;
const still = matchMedia("(prefers-reduced-motion: reduce)");

let device;
let timer;
let ring;
let lock;
let busy = false;
let failures = 0;
let endsAt = 0;

// --- a phone with a key --------------------------------------------------------------------------------

/** Learn the time and renew when there is a network, then draw; drawing alone needs none. */
async function wake() {
  if (busy || document.hidden) return;
  busy = true;
  clearTimeout(timer);
  try {
    if (device.isAlive) await draw();
    await keepFresh();
  } finally {
    busy = false;
  }
}

async function keepFresh() {
  const ahead = await serverAhead();
  if (ahead === null) return without();
  const moved = Math.abs(ahead - device.record.ahead) > 5_000;
  if (moved) await device.change({ ahead });
  try {
    if (!device.wantsRenewal(words.kids.split(" "))) {
      say("");
      if (moved) await draw();
      return undefined;
    }
    const hadOne = device.isAlive;
    await device.renew(words.enrol, words.challenge);
    say("");
    if (!hadOne || moved) await draw();
  } catch (error) {
    if (error instanceof Unreachable) return without();
    if (!(error instanceof NotEnrolled)) throw error;
    if (!device.isAlive) refuse(error);
  }
  return undefined;
}

/** No network: what there is goes on, and the page says for how long. */
function without() {
  if (!device.isAlive) veil(words.wordRenew);
  else if (device.record.expiresAt - device.now() < WARN) say(words.wordRenewSoon);
  else say(words.wordWithout);
}

async function draw() {
  clearTimeout(timer);
  if (!device.isAlive) {
    veil(words.wordRenew);
    return;
  }
  veil("");
  part("code").replaceChildren(qr(await device.show()));
  runDown(REDRAW);
  timer = setTimeout(redraw, REDRAW);
}

/** A page that nobody sees counts nothing up; it draws when it comes back. */
function redraw() {
  if (document.hidden) return;
  if (device.isAlive) draw();
  else wake();
}

/** Digits for a counter without a camera. They are the server's, so they need the network. */
async function showTyped() {
  say("");
  try {
    const asked = Date.now();
    const { ok, body } = await post(words.renew, {});
    if (!ok) say(body.detail);
    else keepTyped(body, asked + Date.parse(body.expires_at) - Date.parse(body.now));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    say(words.wordTypedOffline);
  }
}

function keepTyped({ code }, until) {
  typed(code);
  setTimeout(() => part("typed").textContent === spaced(code) && typed(""), until - Date.now());
}

// --- a phone without ------------------------------------------------------------------------------------

async function ask() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  // Measured from before the question, so that a slow network shortens the code's life and never stretches it.
  const asked = Date.now();
  try {
    const { ok, body } = await post(words.renew, {});
    if (ok) show(body, asked);
    else if (body.reason === "in_flight") miss();
    else refuse(body);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    miss();
  } finally {
    busy = false;
  }
}

function show({ text, code, expires_at, now }, asked) {
  failures = 0;
  endsAt = asked + (Date.parse(expires_at) - Date.parse(now));
  part("code").replaceChildren(qr(text));
  typed(code);
  say("");
  veil("");
  const wait = Math.max(1_000, endsAt - Date.now() - AHEAD);
  runDown(wait);
  timer = setTimeout(ask, wait);
}

function miss() {
  const left = endsAt - Date.now();
  if (left > 0) say(words.wordRetrying);
  else veil(words.wordOffline);
  timer = setTimeout(ask, RETRY[Math.min(failures, RETRY.length - 1)]);
  failures += 1;
}

// --- what both show -------------------------------------------------------------------------------------

/** The system answered, and the answer is no: asking again by itself would not help. */
function refuse({ reason, detail }) {
  endsAt = 0;
  say("");
  veil(detail);
  part("devices").hidden = reason !== "too_many_devices";
}

/** Words over the code, which nobody can scan then; the empty text shows the code again. */
function veil(text) {
  part("veil").hidden = !text;
  part("veil-words").textContent = text;
  page.classList.toggle("is-veiled", Boolean(text));
  if (!text) return;
  clearTimeout(timer);
  part("devices").hidden = true;
  part("code").replaceChildren();
  typed("");
  ring?.cancel();
}

function say(text) {
  part("status").textContent = text;
}

const spaced = (code) => code.replace(/(\d{4})(?=\d)/g, "$1 ");

function typed(code) {
  part("typed").textContent = spaced(code);
  part("show-typed").hidden = Boolean(code) || !device;
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

/** Nothing is shown before it is known which kind of phone this is. */
function refresh() {
  if (device === undefined) return;
  if (device) wake();
  else ask();
}

function back() {
  if (document.hidden) return;
  refresh();
  keepAwake();
}

document.addEventListener("visibilitychange", back);
addEventListener("pageshow", (event) => event.persisted && back());
addEventListener("online", refresh);
part("again").addEventListener("click", refresh);
part("show-typed").addEventListener("click", showTyped);
openDevice(words.holder).then((opened) => {
  device = opened;
  typed("");
  back();
});
