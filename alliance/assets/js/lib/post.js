// A POST to our own server: form fields in, JSON out, with the page's CSRF token.

/** The answer did not arrive, or the server could not work: the same request may be sent again. */
export class Unreachable extends Error {}

/** Returns {ok, body}; `body` is the JSON of the answer, of a refusal too. Throws Unreachable. */
export async function post(url, fields, patience = 10_000) {
  const impatient = new AbortController();
  const timer = setTimeout(() => impatient.abort(), patience);
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": token(), Accept: "application/json" },
      body: new URLSearchParams(fields),
      signal: impatient.signal,
    });
    return { ok: answer.ok, body: await read(answer) };
  } catch (error) {
    if (error instanceof Unreachable || error instanceof TypeError || error.name === "AbortError") {
      throw new Unreachable();
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer) {
  if (answer.status >= 500) throw new Unreachable();
  // Signed out meanwhile: the page itself, loaded again, leads to the sign-in and back.
  if (answer.status === 401 || answer.redirected) location.reload();
  const json = (answer.headers.get("Content-Type") ?? "").includes("json");
  if (!json) throw new Unreachable();
  return answer.json();
}

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
