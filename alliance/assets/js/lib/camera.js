// The camera and the QR decoder.
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

/** Pause between two looks at the picture: a phone stays cool and a cashier notices nothing. */
const PAUSE = 80;
const FORMATS = { formats: ["QRCode"], maxNumberOfSymbols: 1 };

/** `problem` is one of insecure, denied, absent, busy. */
export class NoCamera extends Error {
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/** Tell the decoder where its WebAssembly lies, and load it while the camera opens. */
export function prepareDecoder(wasm) {
  prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }).catch(() => {});
}

/** Show the rear camera in `video`. Returns the stream; throws NoCamera. */
export async function openCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera(isSecureContext ? "absent" : "insecure");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    const problems = { NotAllowedError: "denied", SecurityError: "denied", NotReadableError: "busy", AbortError: "busy" };
    throw new NoCamera(problems[error.name] ?? "absent");
  }
  video.srcObject = stream;
  // WeChat on iOS fires no loadeddata before play(), so nothing here waits for it.
  await video.play();
  return stream;
}

export function closeCamera(video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** Call `found(text or null)` for each look at the picture until the stream ends. */
export async function watch(video, found) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const stream = video.srcObject;
  while (video.srcObject === stream && stream.active) {
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      found(await decode(context.getImageData(0, 0, canvas.width, canvas.height)));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** The text of the first QR code in an ImageData or an image file, or null. */
export async function decode(image) {
  const [first] = await readBarcodes(image, FORMATS);
  return first?.isValid ? first.text : null;
}
