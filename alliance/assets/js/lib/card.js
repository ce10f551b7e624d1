// One card of the pass page. A phone with a key of its own draws a new code every fifteen seconds and needs no
// network for a week; one that can keep no key asks the server for a code every forty.
import { NotEnrolled, openDevice } from "./device.js";
import { Unreachable, post } from "./post.js";
import { qr } from "./qr.js";
import { serverAhead } from "./server-time.js";

const REDRAW = 15_000;
/** A server's code that is being scanned just now must not die in the cashier's hands: renew this early (ms). */
const AHEAD = 20_000;
const RETRY = [1_000, 2_000, 4_000, 8_000];
/** When a phone that cannot renew says so, beforehand (ms). */
const WARN = 2 * 86_400_000;

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Card {
  #timer;
  #ring;
  /** What is under way; whoever wants the same meanwhile waits for it. */
  #work = null;
  #failures = 0;
  #endsAt = 0;
  /** Of several cards one is turned to the cashier; the others show and count nothing. */
  #turned = false;

  /** `before` settles when the phone itself is bound: only then can it carry other cards. */
  constructor(section, before) {
    this.section = section;
    this.before = before;
    this.words = section.dataset;
    this.#part("again").addEventListener("click", () => this.refresh());
    this.#part("show-typed").addEventListener("click", () => this.#showTyped());
  }

  /** Nothing is shown before it is known which kind of phone this is. */
  async open() {
    this.device = await openDevice(this.words.holder);
    this.#typed("");
  }

  async refresh() {
    if (this.device === undefined || this.#isIdle) return;
    await this.#alone(() => (this.device ? this.#wake() : this.#ask()));
  }

  /** Turn this card to the cashier, or away. */
  turn(turned) {
    if (this.#turned === turned) return;
    this.#turned = turned;
    if (turned) this.refresh();
    else clearTimeout(this.#timer);
  }

  /** A card that nobody looks at is made fresh too, so that it can be shown when the network is gone. */
  async keepFresh() {
    if (this.device) await this.#alone(() => this.#renew());
  }

  #alone(work) {
    this.#work ??= work().finally(() => (this.#work = null));
    return this.#work;
  }

  get #isIdle() {
    return document.hidden || !this.#turned;
  }

  #part(name) {
    return this.section.querySelector(`[data-${name}]`);
  }

  // --- a phone with a key -------------------------------------------------------------------------------

  /** Learn the time and renew when there is a network, then draw; drawing alone needs none. */
  async #wake() {
    clearTimeout(this.#timer);
    if (this.device.isAlive) await this.#draw();
    await this.#renew();
  }

  async #renew() {
    await this.before;
    const { device, words } = this;
    const ahead = await serverAhead();
    if (ahead === null) return this.#without();
    const moved = Math.abs(ahead - device.record.ahead) > 5_000;
    if (moved) await device.change({ ahead });
    try {
      if (!device.wantsRenewal(words.kids.split(" "))) {
        this.#say("");
        if (moved) await this.#draw();
        return undefined;
      }
      const hadOne = device.isAlive;
      await device.renew(words.enrol, words.challenge);
      this.#say("");
      if (!hadOne || moved) await this.#draw();
    } catch (error) {
      if (error instanceof Unreachable) return this.#without();
      if (!(error instanceof NotEnrolled)) throw error;
      if (!device.isAlive) this.#refuse(error);
    }
    return undefined;
  }

  /** No network: what there is goes on, and the page says for how long. */
  #without() {
    const { device, words } = this;
    if (!device.isAlive) this.#veil(words.wordRenew);
    else if (device.record.expiresAt - device.now() < WARN) this.#say(words.wordRenewSoon);
    else this.#say(words.wordWithout);
  }

  async #draw() {
    clearTimeout(this.#timer);
    if (!this.device.isAlive) {
      this.#veil(this.words.wordRenew);
      return;
    }
    this.#veil("");
    if (this.#isIdle) return;
    this.#part("code").replaceChildren(qr(await this.device.show()));
    this.#runDown(REDRAW);
    this.#timer = setTimeout(() => this.#redraw(), REDRAW);
  }

  /** A page that nobody sees counts nothing up; it draws when it comes back. */
  #redraw() {
    if (this.#isIdle) return;
    if (this.device.isAlive) this.#draw();
    else this.refresh();
  }

  /** Digits for a counter without a camera. They are the server's, so they need the network. */
  async #showTyped() {
    this.#say("");
    try {
      const asked = Date.now();
      const { ok, body } = await this.#askForCode();
      if (!ok) this.#say(body.detail);
      else this.#keepTyped(body, asked + Date.parse(body.expires_at) - Date.parse(body.now));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#say(this.words.wordTypedOffline);
    }
  }

  #keepTyped({ code }, until) {
    this.#typed(code);
    const end = () => this.#part("typed").textContent === spaced(code) && this.#typed("");
    setTimeout(end, until - Date.now());
  }

  // --- a phone without ----------------------------------------------------------------------------------

  #askForCode() {
    return post(this.words.renew, { holder: this.words.holder });
  }

  async #ask() {
    clearTimeout(this.#timer);
    // Measured from before the question, so that a slow network shortens the code's life and never stretches it.
    const asked = Date.now();
    try {
      const { ok, body } = await this.#askForCode();
      if (ok) this.#show(body, asked);
      else if (body.reason === "in_flight") this.#miss();
      else this.#refuse(body);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#miss();
    }
  }

  #show({ text, code, expires_at, now }, asked) {
    this.#failures = 0;
    this.#endsAt = asked + (Date.parse(expires_at) - Date.parse(now));
    this.#part("code").replaceChildren(qr(text));
    this.#typed(code);
    this.#say("");
    this.#veil("");
    const wait = Math.max(1_000, this.#endsAt - Date.now() - AHEAD);
    this.#runDown(wait);
    this.#timer = setTimeout(() => this.refresh(), wait);
  }

  #miss() {
    const left = this.#endsAt - Date.now();
    if (left > 0) this.#say(this.words.wordRetrying);
    else this.#veil(this.words.wordOffline);
    this.#timer = setTimeout(() => this.refresh(), RETRY[Math.min(this.#failures, RETRY.length - 1)]);
    this.#failures += 1;
  }

  // --- what both show -----------------------------------------------------------------------------------

  /** The system answered, and the answer is no: asking again by itself would not help. */
  #refuse({ reason, detail }) {
    this.#endsAt = 0;
    this.#say("");
    this.#veil(detail);
    this.#part("devices").hidden = reason !== "too_many_devices";
  }

  /** Words over the code, which nobody can scan then; the empty text shows the code again. */
  #veil(text) {
    this.#part("veil").hidden = !text;
    this.#part("veil-words").textContent = text;
    this.section.classList.toggle("is-veiled", Boolean(text));
    if (!text) return;
    clearTimeout(this.#timer);
    this.#part("devices").hidden = true;
    this.#part("code").replaceChildren();
    this.#typed("");
    this.#ring?.cancel();
  }

  #say(text) {
    this.#part("status").textContent = text;
  }

  #typed(code) {
    this.#part("typed").textContent = spaced(code);
    this.#part("show-typed").hidden = Boolean(code) || !this.device;
  }

  #runDown(duration) {
    this.#ring?.cancel();
    this.#ring = this.#part("ring").animate([{ strokeDashoffset: 0 }, { strokeDashoffset: 100 }], {
      duration,
      fill: "forwards",
      easing: still.matches ? "steps(4)" : "linear",
    });
  }
}

const spaced = (code) => code.replace(/(\d{4})(?=\d)/g, "$1 ");
