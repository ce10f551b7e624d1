// One picture over its table: drawn once the page is there, again in another width or light, put away for the table.
import { init } from "echarts/core";
import { bars } from "./bars.js";
import { offer } from "./download.js";
import { chord, sankey } from "./flows.js";
import { heatmap } from "./heatmap.js";
import { lorenz } from "./lorenz.js";
import { onPaper, onScreen } from "./palette.js";
import { series } from "./series.js";
import { readFlows, readTable } from "./table.js";

const KINDS = { series, bars, lorenz, heatmap, sankey, chord };
const FLOWS = new Set(["sankey", "chord"]);
/** The width of a narrow screen, of a sheet of A4 within its margins, and of a file: CSS pixels. */
const NARROW = 560;
const PAPER = 680;
const FILE = 1200;
/** Beyond these many cells a picture is pixels: an element for each of them would be slow. */
const MOST_ELEMENTS = 2000;

export class Picture {
  constructor(figure) {
    this.figure = figure;
    const part = (name) => figure.querySelector(`[data-part=${name}]`);
    this.place = part("drawing");
    this.scroll = part("scroll");
    this.note = part("note");
    this.tools = part("tools");
    this.table = readTable(figure.querySelector("table"), figure.dataset.unit);
    this.flows = FLOWS.has(this.kind) ? readFlows(figure, this.table) : [];
  }

  get kind() {
    return this.figure.dataset.picture;
  }

  get name() {
    return this.figure.querySelector("figcaption [data-part=caption]").textContent.trim();
  }

  /** Draws, unless there is nothing to draw: then the table stays as it is. */
  start() {
    if (!this.#cells().some((cell) => cell.value)) return;
    for (const part of [this.tools, this.tools.querySelector("[role=group]")]) part.hidden = false;
    this.#switches();
    offer(this);
    this.#show("picture");
    const shown = () => !this.scroll.hidden;
    const again = () => shown() && this.#draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    // Paper is white, and what is on it was drawn before.
    addEventListener("beforeprint", () => shown() && this.#draw(onPaper(), PAPER));
    addEventListener("afterprint", again);
    new ResizeObserver(() => this.figure.clientWidth !== this.drawnAt && again()).observe(this.figure);
  }

  /** {option, width, height, heading, notes} for a file: light, wide, under its name. */
  forFile() {
    const palette = onPaper();
    const drawn = this.#drawing(palette, FILE);
    drawn.width ??= FILE;
    drawn.option.backgroundColor = palette.surface;
    drawn.option.title = {
      text: this.name,
      subtext: drawn.notes.join("  "),
      left: 16,
      top: 12,
      textStyle: { color: palette.ink, fontSize: 20 },
      subtextStyle: { color: palette.inkSoft },
    };
    return { ...drawn, heading: 76 };
  }

  #cells() {
    return this.flows.length ? this.flows.map(({ cell }) => cell) : this.table.rows.flatMap(({ cells }) => cells);
  }

  #drawing(palette, width, fixed) {
    const context = {
      palette,
      width,
      fixed,
      words: this.figure.dataset,
      narrow: width < NARROW,
      unit: this.figure.dataset.unit,
    };
    const drawn = KINDS[this.kind](FLOWS.has(this.kind) ? this.flows : this.table, context);
    Object.assign(drawn.option, {
      animation: false,
      stateAnimation: { duration: 0 },
      textStyle: { fontFamily: palette.letters, fontSize: 13, color: palette.ink },
    });
    Object.assign(drawn.option.tooltip, {
      confine: true,
      transitionDuration: 0,
      backgroundColor: palette.surface,
      borderColor: palette.line,
      textStyle: { color: palette.ink, fontSize: 14 },
    });
    return drawn;
  }

  /** For paper with its width, which a picture must not exceed; on the screen it may, and is moved there. */
  #draw(palette = onScreen(), paper = 0) {
    const width = paper || this.scroll.clientWidth;
    this.drawnAt = this.figure.clientWidth;
    const drawn = this.#drawing(palette, width, paper > 0);
    const size = { width: drawn.width ?? width, height: drawn.height };
    if (size.width > width) this.scroll.tabIndex = 0;
    else this.scroll.removeAttribute("tabindex");
    this.place.style.width = `${size.width}px`;
    this.place.style.height = `${size.height}px`;
    this.chart ??= this.#chart();
    this.chart.resize(size);
    this.chart.setOption(drawn.option, { notMerge: true });
    this.note.textContent = drawn.notes.join(" ");
    this.note.hidden = !drawn.notes.length;
  }

  #chart() {
    const renderer = this.#cells().length > MOST_ELEMENTS ? "canvas" : "svg";
    const chart = init(this.place, null, { renderer });
    chart.on("click", ({ data }) => data?.href && location.assign(data.href));
    chart.on("mousemove", ({ data }) => chart.getZr().setCursorStyle(data?.href ? "pointer" : "default"));
    return chart;
  }

  #switches() {
    for (const button of this.tools.querySelectorAll("[data-show]")) {
      button.addEventListener("click", () => this.#show(button.dataset.show));
    }
  }

  #show(what) {
    for (const button of this.tools.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", button.dataset.show === what);
    }
    this.figure.querySelector("[data-part=table]").hidden = what !== "table";
    this.scroll.hidden = what !== "picture";
    if (what === "picture") this.#draw();
    else this.note.hidden = true;
  }
}
