// The signed list of revoked credentials, as `alliance/passes/status_list.py` makes it.
import { Refused, canonical, decode, isBytes, isCount, isSignedBy, malformed, same, unseal } from "./cose.js";

const TYPE = "application/statuslist+cwt";
const STATUS_LIST = 65533;

/**
 * {issuedAt, expiresAt, isRevoked(index)} of the list in `message`; times are POSIX seconds. Throws Refused:
 * malformed, unknown_key.
 */
export async function readStatusList(message, keys) {
  const sealed = unseal(message);
  const header = decode(sealed.header);
  const kid = header instanceof Map ? header.get(4) : null;
  const isOurs = isBytes(kid) && same(sealed.header, canonical(new Map([[1, -7], [4, kid], [16, TYPE]])));
  if (!isOurs) throw malformed();
  await checkSignature(sealed, keys.filter((key) => same(key.kid, kid)));
  const claims = decode(sealed.payload);
  const list = claims instanceof Map && claims.get(STATUS_LIST);
  const [issuedAt, expiresAt] = [6, 4].map((name) => claims.get(name));
  const isSound = list instanceof Map && list.get("bits") === 1 && isBytes(list.get("lst"));
  if (!isSound || !isCount(issuedAt) || !isCount(expiresAt)) throw malformed();
  const bits = await inflate(list.get("lst"));
  // What the list does not reach is not known to be good.
  const isRevoked = (index) => index >= bits.length * 8 || ((bits[Math.floor(index / 8)] >> (index % 8)) & 1) === 1;
  return { issuedAt, expiresAt, isRevoked };
}

async function checkSignature(sealed, keys) {
  if (keys.length === 0) throw new Refused("unknown_key");
  for (const { key } of keys) if (await isSignedBy(sealed, key)) return;
  throw malformed();
}

/** zlib, undone by the browser itself. */
async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
