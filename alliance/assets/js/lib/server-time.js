// The server's clock: a phone that is a day wrong still shows codes of this very minute.

/** How far the server's clock is ahead of this machine's (ms), or null without a network. */
export async function serverAhead() {
  const asked = Date.now();
  try {
    const answer = await fetch("/time", { cache: "no-store" });
    if (!answer.ok) return null;
    return aheadOf((await answer.json()).now, asked);
  } catch {
    return null;
  }
}

/** The same from an answer of the server that says `now` and was asked for at `asked` (ms, by this machine). */
export const aheadOf = (now, asked) => Date.parse(now) - (asked + Date.now()) / 2;
