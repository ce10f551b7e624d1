// What a scanner keeps in order to verify passes without a network: the alliance's keys, what is revoked, and
// the server's time. Fetched while there is a network, kept in IndexedDB, and good for so long and no longer.
import { openDB } from "idb";

import { Refused, decode, pointOf, publicKey } from "./cose.js";
import { OFFLINE, verifyShown } from "./presentation.js";
import { serverAhead } from "./server-time.js";
import { readStatusList } from "./status-list.js";

const RECORDS = "trust";
const NAME = "now";
/** Keys are published a day before they sign. */
const KEYS_LAST = 24 * 3_600_000;
const PRINTED = 2;
const SHORT_LIVED = 3;

/** A fresh copy, kept; null without a network, or where a browser can do none of this. */
export async function fetchTrust() {
  try {
    const ahead = await serverAhead();
    if (ahead === null) return null;
    const [keys, list] = await Promise.all(["/.well-known/alliance-keys", "/api/v1/status-list"].map(bytesAt));
    const kept = { keys, list, ahead, fetchedAt: Date.now() + ahead };
    const trust = await open(kept);
    await store().then((database) => database.put(RECORDS, kept, NAME)).catch(() => {});
    return trust;
  } catch {
    return null;
  }
}

/** What was kept before; null when there is nothing. */
export async function keptTrust() {
  try {
    const kept = await (await store()).get(RECORDS, NAME);
    return kept ? await open(kept) : null;
  } catch {
    return null;
  }
}

/**
 * Throws Refused for what is shown, as the server would without its store, and for what is revoked;
 * `cannot_verify` when what is kept is too old, `online_only` for a printed card, which anybody can copy: only the
 * server knows whom to compare it with, and what may still be paid with it. Returns what `verifyShown` does.
 */
export async function verifyOffline(trust, text) {
  const seconds = trust ? (Date.now() + trust.ahead) / 1000 : 0;
  const isFresh = trust && seconds < trust.list.expiresAt && seconds * 1000 < trust.fetchedAt + KEYS_LAST;
  if (!isFresh) throw new Refused("cannot_verify");
  const shown = await verifyShown(text, trust.keys, seconds, OFFLINE);
  // A server's code lives a minute; the list speaks of phones and cards.
  const { class: class_, statusIndex } = shown.credential;
  if (class_ !== SHORT_LIVED && trust.list.isRevoked(statusIndex)) throw new Refused("revoked");
  if (class_ === PRINTED) throw new Refused("online_only");
  return shown;
}

async function open({ keys: keySet, list, ahead, fetchedAt }) {
  const keys = await readKeys(keySet);
  return { keys, list: await readStatusList(list, keys), ahead, fetchedAt };
}

/** [{kid, key}] of a COSE_KeySet. */
function readKeys(bytes) {
  return Promise.all(decode(bytes).map(async (key) => ({ kid: key.get(2), key: await publicKey(pointOf(key)) })));
}

async function bytesAt(url) {
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

const store = () => openDB("alliance-scanner", 1, { upgrade: (database) => database.createObjectStore(RECORDS) });
