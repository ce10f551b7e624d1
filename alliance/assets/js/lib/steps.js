// A long form in steps: one section at a time. Without it the sections follow each other.

/** `form` has sections [data-step]; links [data-step-link] lead to them. Returns what opens a step by name. */
export function steps(form) {
  const sections = [...form.querySelectorAll("[data-step]")];
  const names = sections.map((section) => section.dataset.step);
  const [back, next] = ["[data-back]", "[data-next]"].map((part) => form.querySelector(part));
  let at = 0;

  function show(index, isAsked) {
    at = index;
    sections.forEach((section, each) => { section.hidden = each !== at; });
    back.hidden = at === 0;
    next.hidden = at === sections.length - 1;
    for (const link of document.querySelectorAll(".steps [data-step-link]")) {
      if (link.dataset.stepLink === names[at]) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    if (!isAsked) return;
    // A saved draft comes back to the step where it was left.
    history.replaceState(null, "", `#step-${names[at]}`);
    sections[at].querySelector("h2").focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }

  const open = (name, isAsked = true) => show(Math.max(0, names.indexOf(name)), isAsked);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-step-link]");
    if (!link) return;
    event.preventDefault();
    open(link.dataset.stepLink);
  });
  back.addEventListener("click", () => show(at - 1, true));
  next.addEventListener("click", () => show(at + 1, true));
  // The enter key in a field would submit what is not finished.
  form.addEventListener("keydown", (event) => {
    const isText = event.target.matches("input:not([type=file])");
    if (event.key !== "Enter" || !isText || at === sections.length - 1) return;
    event.preventDefault();
    show(at + 1, true);
  });
  open(form.dataset.open || location.hash.replace("#step-", ""), false);
}
