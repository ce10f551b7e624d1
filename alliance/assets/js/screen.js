// The screen in the hall: its clock runs, and every minute the page is fetched again and takes the place of what
// stands there. When that fails, what stands there stays, and says of when it is.
const MINUTE = 60_000;
const wall = new Intl.DateTimeFormat(document.documentElement.lang, {
  timeZone: "Asia/Shanghai",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

const part = (name, within = document) => within.querySelector(`[data-part="${name}"]`);

function tick() {
  part("clock").textContent = wall.format(new Date());
}

async function refresh() {
  try {
    // A redirect leads to the sign-in page, which is nothing to show here.
    const answer = await fetch(location.href, { cache: "no-store", redirect: "error", headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = part("screen", page);
    if (!answer.ok || !fresh) throw new Error(`answered ${answer.status}`);
    part("screen").replaceWith(document.adoptNode(fresh));
  } catch {
    const stale = part("stale");
    stale.textContent = part("screen").dataset.wordStale.replace("{time}", part("clock").dataset.read);
    stale.hidden = false;
  }
  tick();
}

tick();
setInterval(tick, 1000);
setInterval(refresh, MINUTE);
