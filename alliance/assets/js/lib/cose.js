// COSE_Sign1 (RFC 9052) with ES256 in one encoding only, as `alliance/passes/cose.py` has it: deterministic
// CBOR, an empty unprotected header, the low s. Whatever differs by a byte is malformed.
import { decode as decodeCbor, encode, rfc8949EncodeOptions } from "cborg";

import { decodeBase45 } from "./base45.js";

/** Longer input is not decoded at all. */
const MAX_TEXT = 1000;
export const ES256_HEADER = new Uint8Array([0xa1, 0x01, 0x26]);

const ECDSA = { name: "ECDSA", hash: "SHA-256" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** Tag 18 and an array of four, in their shortest form. */
const TAG = 0xd2;
const FOUR = 0x84;

/** `reason` is one of the names in docs/pass-format.md, the same that the server gives. */
export class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export const malformed = () => new Refused("malformed");

/** The COSE_Sign1 of `payload` by a private CryptoKey. `external` is signed and not sent. */
export async function seal(header, payload, key, external = new Uint8Array()) {
  const signature = await crypto.subtle.sign(ECDSA, key, toBeSigned(header, external, payload));
  return message(header, payload, withLowS(new Uint8Array(signature)));
}

/** {header, payload, signature} of a COSE_Sign1; throws Refused unless this is its one encoding. */
export function unseal(bytes) {
  const parts = bytes[0] === TAG && bytes[1] === FOUR ? decode(bytes.subarray(1)) : null;
  if (!Array.isArray(parts) || parts.length !== 4) throw malformed();
  const [header, unprotected, payload, signature] = parts;
  const typed = [header, payload, signature].every(isBytes) && unprotected instanceof Map;
  if (!typed || !isLow(signature) || !same(message(header, payload, signature), bytes)) throw malformed();
  return { header, payload, signature };
}

/** Whether the public CryptoKey `key` signed this, together with `external`. */
export function isSignedBy({ header, payload, signature }, key, external = new Uint8Array()) {
  return crypto.subtle.verify(ECDSA, key, signature, toBeSigned(header, external, payload));
}

/** The CryptoKey of an uncompressed point (65 bytes); throws Refused off the curve. */
export async function publicKey(point) {
  try {
    return await crypto.subtle.importKey("raw", point, P256, true, ["verify"]);
  } catch {
    throw malformed();
  }
}

/** A new key pair whose private half never leaves this browser. */
export function newKeyPair() {
  return crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
}

/** The COSE_Key of an uncompressed point, with what identifies it and nothing else. */
export function coseKey(point) {
  return new Map([[1, 2], [-1, 1], [-2, point.subarray(1, 33)], [-3, point.subarray(33)]]);
}

/** The uncompressed point of a COSE_Key. Its encoding is for the caller to compare. */
export function pointOf(key) {
  const x = key instanceof Map && key.get(-2);
  const y = key instanceof Map && key.get(-3);
  if (!isBytes(x) || !isBytes(y) || x.length !== 32 || y.length !== 32) throw malformed();
  return concat([new Uint8Array([4]), x, y]);
}

/** The COSE Key Thumbprint (RFC 9679) with SHA-256. */
export const thumbprint = (point) => sha256(canonical(coseKey(point)));

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The bytes of a Base45 text; throws Refused. */
export function fromText(text) {
  const bytes = text.length <= MAX_TEXT ? decodeBase45(text) : null;
  if (!bytes?.length) throw malformed();
  return bytes;
}

/** The one encoding of `item`; maps are Maps. */
export const canonical = (item) => encode(item, rfc8949EncodeOptions);

/** One CBOR item, not yet known to be canonical; throws Refused for what is none, and for every tag. */
export function decode(bytes) {
  try {
    return decodeCbor(bytes, { useMaps: true, strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
  } catch {
    throw malformed();
  }
}

export const isBytes = (value) => value instanceof Uint8Array;
export const isCount = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 40;
export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

export function concat(parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const message = (header, payload, signature) =>
  concat([new Uint8Array([TAG]), canonical([header, new Map(), payload, signature])]);

const toBeSigned = (header, external, payload) => canonical(["Signature1", header, external, payload]);

function isLow(signature) {
  if (signature.length !== 64) return false;
  const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
  return 0n < r && r < ORDER && 0n < s && s <= ORDER / 2n;
}

function withLowS(signature) {
  const s = number(signature.subarray(32));
  if (s <= ORDER / 2n) return signature;
  const low = (ORDER - s).toString(16).padStart(64, "0");
  const bytes = low.match(/../g).map((pair) => parseInt(pair, 16));
  return concat([signature.subarray(0, 32), new Uint8Array(bytes)]);
}

const number = (bytes) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
