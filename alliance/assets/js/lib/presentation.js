// The presentation: a credential and the phone's own signature of the moment, as
// `alliance/passes/presentation.py` has it. The phone makes it, a scanner without network verifies it.
import { encodeBase45 } from "./base45.js";
import { checkNotAhead, checkTimes, readCredential } from "./credential.js";
import {
  ES256_HEADER,
  Refused,
  canonical,
  decode,
  fromText,
  isBytes,
  isCount,
  isSignedBy,
  malformed,
  publicKey,
  same,
  seal,
  sha256,
  thumbprint,
  unseal,
} from "./cose.js";

/** Seconds that a presentation may lie behind and ahead of the verifier's clock. */
export const ONLINE = { behind: 45, ahead: 15 };
export const OFFLINE = { behind: 120, ahead: 120 };

/** An array of two, and the head of a byte string of 24 to 255 bytes: no credential begins so. */
const PAIR = new Uint8Array([0x82, 0x58]);
const PREFIX = encodeBase45(PAIR);
const TIME = 6;
const COUNTER = -65539;
const DEVICE = 1;

/** What the phone with the private CryptoKey `key` shows for its credential (Base45 text): the text of a QR code. */
export async function present(credential, key, time, counter) {
  const message = fromText(credential);
  const proof = await seal(ES256_HEADER, encodePayload(time, counter), key, await sha256(message));
  return encodeBase45(canonical([message, proof]));
}

/**
 * Verify what is shown: a presentation, or a short-lived credential or a printed card, which are good by
 * themselves. Returns {credential, keyId, time, counter}; (keyId, counter) is good once, but for a card. Throws Refused as the server would: malformed, unknown_key,
 * clock_skew, not_yet_valid, expired.
 */
export async function verifyShown(text, keys, seconds, window) {
  if (text.startsWith(PREFIX)) return verifyPresentation(text, keys, seconds, window);
  const credential = await readCredential(fromText(text), keys);
  checkTimes(credential, seconds);
  if (credential.class === DEVICE) throw malformed();
  return { credential, keyId: credential.cti, time: credential.issuedAt, counter: 0 };
}

async function verifyPresentation(text, keys, seconds, window) {
  const shown = await read(text, keys);
  checkTimes(shown.credential, seconds);
  checkNotAhead(shown.time, seconds, window.ahead);
  if (seconds - shown.time > window.behind) throw new Refused("expired");
  return shown;
}

async function read(text, keys) {
  const [message, proofMessage] = open(fromText(text));
  const proof = unseal(proofMessage);
  const { time, counter } = readPayload(proof.payload);
  const credential = await readCredential(message, keys);
  if (!same(proof.header, ES256_HEADER) || !credential.point) throw malformed();
  const key = await publicKey(credential.point);
  if (!(await isSignedBy(proof, key, await sha256(message)))) throw malformed();
  return { credential, keyId: await thumbprint(credential.point), time, counter };
}

function open(bytes) {
  const pair = bytes[0] === PAIR[0] && bytes[1] === PAIR[1] ? decode(bytes) : null;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isBytes)) throw malformed();
  if (!same(canonical(pair), bytes)) throw malformed();
  return pair;
}

function readPayload(payload) {
  const claims = decode(payload);
  if (!(claims instanceof Map)) throw malformed();
  const [time, counter] = [claims.get(TIME), claims.get(COUNTER)];
  if (![time, counter].every(isCount) || !same(encodePayload(time, counter), payload)) throw malformed();
  return { time, counter };
}

const encodePayload = (time, counter) => canonical(new Map([[TIME, time], [COUNTER, counter]]));
