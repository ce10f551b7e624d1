// The browser's codec in Node, for the tests. One JSON value per line in, one per line out.
//   verdicts.mjs verify    {keys: [[kid, point]…]}, then {text, seconds, behind, ahead}… → the verdict
//   verdicts.mjs present   {credential, jwk, time, counter}… → the text
//   verdicts.mjs bench     {keys}, {text, seconds} → microseconds per verification
import { createInterface } from "node:readline";

import { publicKey } from "../../alliance/assets/js/lib/cose.js";
import { ONLINE, present, verifyShown } from "../../alliance/assets/js/lib/presentation.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

async function keyring(pairs) {
  return Promise.all(pairs.map(async ([kid, point]) => ({ kid: bytes(kid), key: await publicKey(bytes(point)) })));
}

async function verdict({ text, seconds, behind, ahead }) {
  try {
    const { credential, keyId, time, counter } = await verifyShown(text, keys, seconds, { behind, ahead });
    return ["ok", credential.class, credential.statusIndex, hex(credential.cti), hex(keyId), time, counter];
  } catch (error) {
    if (!error.reason) throw error;
    return [error.reason];
  }
}

async function shown({ credential, jwk, time, counter }) {
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  return present(credential, key, time, counter);
}

async function cost({ text, seconds }) {
  const times = 2000;
  for (let n = 0; n < 200; n += 1) await verifyShown(text, keys, seconds, ONLINE);
  const start = performance.now();
  for (let n = 0; n < times; n += 1) await verifyShown(text, keys, seconds, ONLINE);
  return Math.round(((performance.now() - start) / times) * 1000);
}

const work = { verify: verdict, present: shown, bench: cost }[process.argv[2]];
let keys;
for await (const line of createInterface({ input: process.stdin })) {
  const item = JSON.parse(line);
  if (item.keys) keys = await keyring(item.keys);
  else console.log(JSON.stringify(await work(item)));
}
