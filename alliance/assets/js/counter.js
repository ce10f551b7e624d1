// The cashier's page: camera, scanner gun, typed digits or a photo in; one scan out.
import { heard, refused } from "./lib/attention.js";
import { NoCamera, closeCamera, decode, openCamera, prepareDecoder, watch } from "./lib/camera.js";
import { looksPrinted } from "./lib/credential.js";
import { newId } from "./lib/uuid.js";
import { Unreachable, post } from "./lib/post.js";
import { fetchTrust, keptTrust, verifyOffline } from "./lib/trust.js";

const RETRY = 1_500;
/** So often the keys and the list of what is revoked are fetched anew while the page is open. */
const FETCH_TRUST = 300_000;
/** Codes this tab has read already; a customer's phone often stays in view for a while. */
const SEEN = "alliance-seen";
const SEEN_AT_MOST = 20;
/** A printed card is shown again and again: so long (ms) it has to be out of the picture before it is read anew. */
const CARD_AWAY = 4_000;

const page = document.querySelector("[data-counter]");
const part = (name) => page.querySelector(`[data-${name}]`);
const words = page.dataset;
const video = part("video");
const form = part("form");
const field = form.elements.text;

let sending = false;
let tired = false;
let opening = false;
let trust = null;
/** When each printed card was last in the picture. */
const cardSeenAt = new Map();
let watchedSince = 0;
/** Codes that this page has found valid without a network: each only once. */
const judged = new Set();

// --- one scan ----------------------------------------------------------------------------------------

/** Send what was read. The id is minted once, so that however often it is sent it is one scan. */
async function scan(text) {
  if (sending || !text) return;
  sending = true;
  page.classList.add("is-sending");
  say(words.wordSending);
  const answer = await send({ id: newId(), text });
  if (!answer) next();
  else if (answer.ok) location.assign(answer.body.location);
  else refuse(answer.body.detail);
}

/** The answer, however long the network takes; null when the cashier no longer wants it. */
async function send(fields) {
  tired = false;
  let isJudged = false;
  while (!tired) {
    try {
      const answer = await post(words.scans, fields);
      if (answer.ok || answer.body.reason !== "in_flight") return answer;
      say(words.wordBusy);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      say(words.wordRetrying);
      if (!isJudged) await judge(fields.text);
      isJudged = true;
    }
    part("cancel").hidden = false;
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
  return null;
}

/** Without a network: whether the code is genuine and good at this moment. Nothing is recorded. */
async function judge(text) {
  await remembered;
  const reason = await verifyOffline(trust, text).then(onlyOnce, (error) => error.reason ?? "cannot_verify");
  part("offline").hidden = false;
  part("offline").classList.toggle("notice-warning", reason !== null);
  for (const verdict of part("offline").querySelectorAll("[data-verdict]")) {
    verdict.hidden = !verdict.dataset.verdict.split(" ").includes(reason ?? "valid");
  }
}

/** null for a code that is shown here for the first time. */
function onlyOnce({ keyId, counter }) {
  const key = `${[...keyId]} ${counter}`;
  if (judged.has(key)) return "already_presented";
  judged.add(key);
  return null;
}

/** What an earlier page has kept does until something newer is here. */
const remembered = keptTrust().then((kept) => {
  trust ??= kept;
});

async function refreshTrust() {
  trust = (await fetchTrust()) ?? trust;
}

function refuse(why) {
  refused();
  part("cancel").hidden = true;
  part("offline").hidden = true;
  part("why").textContent = why;
  part("refusal").hidden = false;
  part("next").focus();
}

function next() {
  part("refusal").hidden = true;
  part("cancel").hidden = true;
  part("offline").hidden = true;
  page.classList.remove("is-sending");
  sending = false;
  field.value = "";
  say(video.srcObject ? words.wordAim : "");
  focusField();
}

function say(text) {
  part("status").textContent = text;
}

// --- the camera --------------------------------------------------------------------------------------

async function start() {
  // Asking for permission may hide and show the page, which would ask again.
  if (opening) return;
  opening = true;
  try {
    await openCamera(video);
  } catch (error) {
    withoutCamera(error instanceof NoCamera ? error.problem : "absent");
    return;
  } finally {
    opening = false;
  }
  if (document.hidden) {
    closeCamera(video);
    return;
  }
  page.classList.add("has-camera");
  watchedSince = performance.now();
  part("trouble").hidden = true;
  say(words.wordAim);
  watch(video, seen).catch(() => withoutCamera("decoder"));
}

/** The camera cannot help: say why, and leave the field for digits, gun and photo. */
function withoutCamera(problem) {
  closeCamera(video);
  page.classList.remove("has-camera");
  part("trouble").hidden = false;
  for (const text of part("trouble").querySelectorAll("[data-problem]")) {
    text.hidden = text.dataset.problem !== problem;
  }
  say("");
}

function seen(text) {
  if (!text || sending) return;
  const before = JSON.parse(sessionStorage.getItem(SEEN) ?? "[]");
  if (before.includes(text) && !isCardAgain(text)) {
    say(looksPrinted(text) ? words.wordCardLies : words.wordSeen);
    return;
  }
  const others = before.filter((other) => other !== text);
  sessionStorage.setItem(SEEN, JSON.stringify([...others, text].slice(-SEEN_AT_MOST)));
  heard();
  cardSeenAt.set(text, performance.now());
  scan(text);
}

/** Whether a printed card that was read before is shown anew, and does not just lie where it lay. */
function isCardAgain(text) {
  if (!looksPrinted(text)) return false;
  const now = performance.now();
  // What lies there from the first look on has been read by the page before.
  const away = now - (cardSeenAt.get(text) ?? watchedSince);
  cardSeenAt.set(text, now);
  return away >= CARD_AWAY;
}

// --- the field ---------------------------------------------------------------------------------------

/** A keyboard, and so a scanner gun, is likely: let it type at once. On a phone this would open the pad. */
function focusField() {
  if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

// A scanner gun types wherever the focus is: the first letter of it brings the focus into the field.
addEventListener("keydown", (event) => {
  const typing = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (typing && !sending && !event.target.closest("input, button, a")) field.focus({ preventScroll: true });
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  scan(field.value.trim());
});

part("photo").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const text = await decode(file).catch(() => null);
  target.value = "";
  if (text) scan(text);
  else say(words.wordNoCode);
});

part("next").addEventListener("click", next);
part("cancel").addEventListener("click", () => {
  tired = true;
});
part("again").addEventListener("click", () => {
  prepareDecoder(words.wasm);
  start();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) closeCamera(video);
  else if (!video.srcObject) start();
});
// The browser keeps the page when the cashier goes back to it from a scan: begin anew.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  next();
  if (!video.srcObject?.active) start();
});

prepareDecoder(words.wasm);
refreshTrust();
setInterval(refreshTrust, FETCH_TRUST);
addEventListener("online", refreshTrust);
focusField();
start();
