// What the kinds of pictures have in common.

/** Long names end in an ellipsis; the tooltip says the whole. */
export const ellipsis = (width) => ({ width, overflow: "truncate", ellipsis: "…" });

/** What the tooltip says of a cell: its own text, which is exact. */
export const saidOf = (cell, words) => (cell.hidden ? words.wordHidden : cell.text);

/** The note about what is in the table and not in the picture. */
export const undrawn = (count, words) => (count > 0 ? [words.wordUndrawn.replace("{n}", count)] : []);

/** The tooltip: a title and lines [name, text]. Elements, because the page allows no inline styles. */
export function tip(title, lines) {
  const box = document.createElement("div");
  box.className = "picture-tip";
  box.append(element("strong", title));
  for (const [name, text] of lines) {
    const line = document.createElement("div");
    if (name) line.append(element("span", name));
    line.append(element("b", text));
    box.append(line);
  }
  return box;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

export const grid = (more = {}) => ({
  left: 4,
  right: 16,
  top: 12,
  bottom: 4,
  outerBoundsMode: "same",
  outerBoundsContain: "axisLabel",
  ...more,
});

/** An axis of names. */
export const names = (data, palette, more = {}) => ({
  type: "category",
  data,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: palette.line } },
  ...more,
  axisLabel: { color: palette.inkSoft, ...more.axisLabel },
});

/** An axis of numbers. */
export const numbers = (palette, formatter, more = {}) => ({
  type: "value",
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: palette.line } },
  splitNumber: 4,
  ...more,
  axisLabel: { color: palette.inkSoft, formatter, hideOverlap: true },
});

/** Something that is not known: hatched, calm. */
export const hatched = (palette) => ({
  color: palette.ground,
  decal: { symbol: "rect", color: palette.lineStrong, dashArrayX: [1, 0], dashArrayY: [1, 4], rotation: -Math.PI / 4 },
});
