// Pictures in a form: each is uploaded as soon as it is chosen, with its progress, and the form carries its id.
// So a form that has to be corrected loses no picture, and the form itself stays small.

const MAX_BYTES = 10_000_000;

/** Returns the JSON of the answer; throws an Error with the words to show. `onProgress` gets 0 to 1. */
function send(box, file, onProgress) {
  const { upload, merchant, wordsFailed } = box.dataset;
  const fields = new FormData();
  fields.append("merchant", merchant);
  fields.append("picture", file, "picture");
  return new Promise((resolve, reject) => {
    // fetch tells nothing of how far an upload is.
    const request = new XMLHttpRequest();
    request.open("POST", upload);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Error(wordsFailed));
    request.onload = () => {
      const body = request.response;
      if (request.status === 200 && body?.id) resolve(body);
      else reject(new Error(body?.errors?.[0]?.message ?? body?.detail ?? wordsFailed));
    };
    request.send(fields);
  });
}

function shown(box, picture) {
  const item = document.createElement("li");
  const image = Object.assign(document.createElement("img"), { src: picture.url, alt: "" });
  const id = Object.assign(document.createElement("input"), {
    type: "hidden", name: box.dataset.name, value: picture.id,
  });
  const remove = Object.assign(document.createElement("button"), {
    type: "button", className: "button-plain", textContent: box.dataset.wordsRemove,
  });
  remove.dataset.remove = "";
  item.append(image, id, remove);
  return item;
}

function watch(box) {
  const [list, input, progress, wrong] = ["ul", 'input[type="file"]', "progress", ".wrong"].map((part) =>
    box.querySelector(part),
  );
  const button = box.closest("form")?.querySelector("[data-once]");
  const fit = () => {
    input.parentElement.hidden = list.children.length >= Number(box.dataset.most);
  };
  const say = (words) => {
    wrong.textContent = words;
    wrong.hidden = !words;
  };

  list.addEventListener("click", (event) => {
    if (!event.target.matches("[data-remove]")) return;
    event.target.closest("li").remove();
    fit();
    input.focus();
  });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    say("");
    if (file.size > MAX_BYTES) {
      say(box.dataset.wordsLarge);
      input.value = "";
      return;
    }
    progress.value = 0;
    progress.hidden = false;
    input.disabled = true;
    // A form that is sent meanwhile would go without this picture.
    if (button) button.disabled = true;
    try {
      list.append(shown(box, await send(box, file, (part) => { progress.value = part; })));
    } catch (error) {
      say(error.message);
    } finally {
      progress.hidden = true;
      input.disabled = false;
      input.value = "";
      if (button) button.disabled = false;
      fit();
    }
  });
  fit();
}

for (const box of document.querySelectorAll("[data-pictures]")) watch(box);
for (const form of document.querySelectorAll("[data-once-form]")) {
  const button = form.querySelector("[data-once]");
  form.addEventListener("submit", () => { button.disabled = true; });
  addEventListener("pageshow", () => { button.disabled = false; });
}
