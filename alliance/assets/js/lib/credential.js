// The credential: a CWT (RFC 8392) that the alliance signs, as `alliance/passes/credential.py` has it.
import { Refused, canonical, coseKey, decode, fromText, isBytes, isCount, isSignedBy, malformed, pointOf, same, unseal } from "./cose.js";

const ISSUER = "alliance";
/** The protected header up to the key id: {1: -7, 4: eight bytes}. */
const HEADER = new Uint8Array([0xa2, 0x01, 0x26, 0x04, 0x48]);
const KID = 8;
const CLOCK_LEEWAY = 15;
/** Ahead by no more than this (s), the clocks disagree; further ahead, it is for another day. */
const MOST_SKEW = 300;

const CNF = 8;
const CLASS = -65537;
const STATUS_INDEX = -65538;
const DEVICE = 1;
const PRINTED = 2;
const CLASSES = [1, 2, 3];

/**
 * {issuedAt, expiresAt, cti, point or null, class, statusIndex} of a COSE_Sign1, whatever the time. `keys` are
 * the alliance's: [{kid, key}]. Throws Refused: malformed, unknown_key.
 */
export async function readCredential(message, keys) {
  const sealed = unseal(message);
  const { header, payload } = sealed;
  if (header.length !== HEADER.length + KID || !same(header.subarray(0, HEADER.length), HEADER)) throw malformed();
  const credential = readClaims(payload);
  const named = keys.filter(({ kid }) => same(kid, header.subarray(HEADER.length)));
  if (named.length === 0) throw new Refused("unknown_key");
  // The key id is a hint: two keys may share one.
  for (const { key } of named) if (await isSignedBy(sealed, key)) return credential;
  throw malformed();
}

/** Whether `text` has the form of a printed card's code. Nothing is verified. */
export function looksPrinted(text) {
  try {
    return readClaims(unseal(fromText(text)).payload).class === PRINTED;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return false;
  }
}

/** Throws Refused: clock_skew, not_yet_valid, expired; `seconds` is POSIX time now. */
export function checkTimes({ issuedAt, expiresAt }, seconds) {
  checkNotAhead(issuedAt, seconds, CLOCK_LEEWAY);
  if (seconds >= expiresAt) throw new Refused("expired");
}

/** Throws Refused: clock_skew, not_yet_valid when `claimed` is more than `leeway` s in the future. */
export function checkNotAhead(claimed, seconds, leeway) {
  const ahead = claimed - seconds;
  if (ahead > leeway) throw new Refused(ahead <= MOST_SKEW ? "clock_skew" : "not_yet_valid");
}

function readClaims(payload) {
  const claims = decode(payload);
  if (!(claims instanceof Map)) throw malformed();
  const cnf = claims.get(CNF);
  const credential = {
    expiresAt: claims.get(4),
    issuedAt: claims.get(6),
    cti: claims.get(7),
    point: cnf === undefined ? null : pointOf(cnf instanceof Map && cnf.get(1)),
    class: claims.get(CLASS),
    statusIndex: claims.get(STATUS_INDEX),
  };
  const { expiresAt, issuedAt, cti, statusIndex, point } = credential;
  const isSound =
    [expiresAt, issuedAt, statusIndex].every(isCount) &&
    isBytes(cti) &&
    cti.length === 8 &&
    CLASSES.includes(credential.class) &&
    (point !== null) === (credential.class === DEVICE);
  if (!isSound || !same(encodeClaims(credential), payload)) throw malformed();
  return credential;
}

function encodeClaims({ expiresAt, issuedAt, cti, point, class: class_, statusIndex }) {
  const claims = new Map([[1, ISSUER], [4, expiresAt], [6, issuedAt], [7, cti]]);
  if (point) claims.set(CNF, new Map([[1, coseKey(point)]]));
  return canonical(claims.set(CLASS, class_).set(STATUS_INDEX, statusIndex));
}
