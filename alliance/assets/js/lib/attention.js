// What a cashier hears and feels: one short tone, higher for yes, lower for no.

let audio;

// Browsers let a page sound only after the first touch or key.
for (const event of ["pointerdown", "keydown"]) {
  addEventListener(event, () => awake()?.resume(), { once: true, passive: true });
}

/** One beep and one buzz for a code that was read. */
export function heard() {
  navigator.vibrate?.(60);
  tone(1760, 0.12);
}

/** A lower, longer sign for a refusal. */
export function refused() {
  navigator.vibrate?.([120, 80, 120]);
  tone(330, 0.3);
}

function awake() {
  const Audio = globalThis.AudioContext ?? globalThis.webkitAudioContext;
  if (!audio && Audio) audio = new Audio();
  return audio;
}

function tone(hertz, seconds) {
  if (audio?.state !== "running") return;
  const oscillator = new OscillatorNode(audio, { frequency: hertz });
  const volume = new GainNode(audio, { gain: 0.2 });
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + seconds);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start();
  oscillator.stop(audio.currentTime + seconds);
}
