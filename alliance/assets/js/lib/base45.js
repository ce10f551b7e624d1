// Base45 (RFC 9285): two bytes are three characters of a QR code's alphanumeric mode.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));

/** The text for `bytes` (a Uint8Array). */
export function encodeBase45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    const number = isPair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    text += ALPHABET[number % 45] + ALPHABET[Math.floor(number / 45) % 45];
    if (isPair) text += ALPHABET[Math.floor(number / 2025)];
  }
  return text;
}

/** The bytes of `text`, or null when it is no Base45. No two texts mean the same bytes. */
export function decodeBase45(text) {
  if (text.length % 3 === 1) return null;
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const values = [...text.slice(at, at + 3)].map((character) => VALUES.get(character));
    if (values.includes(undefined)) return null;
    const [low, middle, high = 0] = values;
    const number = low + middle * 45 + high * 2025;
    if (number > (values.length === 3 ? 0xffff : 0xff)) return null;
    if (values.length === 3) bytes.push(number >> 8);
    bytes.push(number & 0xff);
  }
  return new Uint8Array(bytes);
}
