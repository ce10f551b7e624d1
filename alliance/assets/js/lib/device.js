// This phone as one that shows passes: a key that never leaves the browser, the credential for it, and a
// counter that only goes up. All of it lies in IndexedDB, one record per holder.
import { openDB } from "idb";

import { encodeBase45 } from "./base45.js";
import { ES256_HEADER, canonical, coseKey, fromText, newKeyPair, seal } from "./cose.js";
import { Unreachable, post } from "./post.js";
import { present } from "./presentation.js";
import { aheadOf } from "./server-time.js";

const RECORDS = "devices";
/** Where the key id lies in a credential. */
const KID_AT = [8, 16];
/** The disk has it before the code is on the screen, so that no crash shows a number twice. */
const DURABLE = { durability: "strict" };

/** The server has said no; `reason` and `detail` are its own. */
export class NotEnrolled extends Error {
  constructor({ reason, detail }) {
    super(reason);
    Object.assign(this, { reason, detail });
  }
}

/** The device of a holder in this browser, or null where there is neither WebCrypto nor IndexedDB. */
export async function openDevice(holder) {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return null;
  try {
    const store = await openDB("alliance-pass", 1, { upgrade: (database) => database.createObjectStore(RECORDS) });
    const device = new Device(store, holder);
    await device.load();
    return device;
  } catch {
    // A private window may have all of it and keep nothing.
    return null;
  }
}

class Device {
  constructor(store, holder) {
    this.store = store;
    this.holder = holder;
  }

  /** Read the record; make the key at the first time. */
  async load() {
    const made = await newKeyPair();
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
    const fresh = { key: made.privateKey, point, counter: 0, ahead: 0, credential: null, expiresAt: 0, renewAt: 0 };
    const records = this.#write();
    // Another tab may have been quicker; a record is written once.
    if (!(await records.store.get(this.holder))) await records.store.put(fresh, this.holder);
    this.record = await records.store.get(this.holder);
    await records.done;
  }

  /** Milliseconds by the server's clock, as far as it is known. */
  now() {
    return Date.now() + this.record.ahead;
  }

  get isAlive() {
    return Boolean(this.record.credential) && this.now() < this.record.expiresAt;
  }

  /** `kids` are the ids of the keys in force: a credential under a key that was dropped is worth nothing. */
  wantsRenewal(kids) {
    if (!this.isAlive || this.now() >= this.record.renewAt) return true;
    // What this page was given itself is newer than the ids that it came with.
    if (this.isRenewed) return false;
    const kid = fromText(this.record.credential).subarray(...KID_AT);
    return !kids.includes(Array.from(kid, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }

  /** The text of the next code. No two have the same number, whatever other tabs do. */
  async show() {
    const records = this.#write();
    this.record = await records.store.get(this.holder);
    this.record.counter += 1;
    await records.store.put(this.record, this.holder);
    await records.done;
    const { credential, key, counter } = this.record;
    return present(credential, key, Math.floor(this.now() / 1000), counter);
  }

  /** Enrol this phone, or renew its credential. Throws Unreachable, NotEnrolled. */
  async renew(url, challenge) {
    const asked = Date.now();
    const answer = await post(url, await this.#asking(challenge));
    if (answer.ok) return this.#keep(answer.body, asked);
    const { reason } = answer.body;
    if (reason === "in_flight") throw new Unreachable();
    if (reason === "device_removed") return this.#beginAnew(url, challenge);
    // Whoever is no longer entitled has nothing to show without a network either.
    if (reason === "revoked" || reason === "not_entitled") await this.change({ credential: null });
    throw new NotEnrolled(answer.body);
  }

  /** Change fields of the record. */
  async change(fields) {
    const records = this.#write();
    this.record = Object.assign(await records.store.get(this.holder), fields);
    await records.store.put(this.record, this.holder);
    await records.done;
  }

  /** The key is dead, so its counter may go too. */
  async #beginAnew(url, challenge) {
    await this.store.delete(RECORDS, this.holder);
    await this.load();
    const asked = Date.now();
    const answer = await post(url, await this.#asking(challenge));
    if (!answer.ok) throw new NotEnrolled(answer.body);
    return this.#keep(answer.body, asked);
  }

  #keep({ credential, expires_at, renew_at, now }, asked) {
    const times = { expiresAt: Date.parse(expires_at), renewAt: Date.parse(renew_at) };
    this.isRenewed = true;
    return this.change({ credential, ...times, ahead: aheadOf(now, asked) });
  }

  /** Whose card it is, and its key. */
  async #asking(challenge) {
    return { holder: this.holder, enrolment: await this.#enrolment(challenge) };
  }

  /** The key, signed by itself together with what only this session was told. */
  async #enrolment(challenge) {
    const bytes = new Uint8Array(challenge.match(/../g).map((pair) => parseInt(pair, 16)));
    return encodeBase45(await seal(ES256_HEADER, canonical(coseKey(this.record.point)), this.record.key, bytes));
  }

  #write() {
    const transaction = this.store.transaction(RECORDS, "readwrite", DURABLE);
    return { store: transaction.store, done: transaction.done };
  }
}
