// A matrix of any size as a heatmap: rows down, columns across, hatched where nothing is published.
import { color } from "echarts/core";
import { brief } from "./numbers.js";
import { ellipsis, grid, hatched, names, saidOf, tip } from "./parts.js";

const ROW = { low: 14, high: 34 };
const COLUMN = { low: 18, labelled: 62 };
/** With more columns than these the picture is for the pattern, not for each cell, and stays within the page. */
const MOST_PRESSED = 60;

export function heatmap({ columns, rows }, { palette, words, narrow, width: given, fixed }) {
  const before = (narrow ? 84 : 168) + 24;
  // A finger can press each cell: rather than narrower, the picture is wider than the page, and moves.
  const wanted = before + COLUMN.low * columns.length;
  const width = fixed || columns.length > MOST_PRESSED ? given : Math.max(given, wanted);
  const room = (width - before) / columns.length;
  const labelled = room >= COLUMN.labelled && rows.length <= 40;
  const cells = rows.flatMap((row, y) => row.cells.map((cell, x) => ({ row, cell, x, y, unit: columns[x].unit })));
  const most = cells.reduce((found, { cell }) => Math.max(found, cell.value), 0);
  const scale = scaleTo(most, columns[0].unit);
  const option = {
    grid: grid({ bottom: 52 }),
    xAxis: names(columns.map((column) => column.name), palette, {
      position: "top",
      axisLine: { show: false },
      axisLabel: { ...acrossLabel(room), interval: room < COLUMN.low ? "auto" : 0 },
    }),
    yAxis: names(rows.map((row) => row.name), palette, {
      inverse: true,
      axisLine: { show: false },
      axisLabel: { ...ellipsis(before - 24), color: palette.ink, hideOverlap: true, interval: rows.length > 60 ? "auto" : 0 },
    }),
    visualMap: {
      type: "continuous",
      show: most > 0,
      hoverLink: false,
      min: 0,
      max: 1,
      dimension: 2,
      orient: "horizontal",
      left: 4,
      bottom: 0,
      itemWidth: 12,
      itemHeight: 160,
      text: [brief(most, columns[0].unit), brief(0, columns[0].unit)],
      textStyle: { color: palette.inkSoft },
      inRange: { color: [palette.heatLow, palette.heatHigh] },
    },
    tooltip: {
      trigger: "item",
      formatter: ({ data: { at } }) =>
        tip(rows[at[1]].name, [[columns[at[0]].name, saidOf(rows[at[1]].cells[at[0]], words)]]),
    },
    series: [
      {
        type: "heatmap",
        progressive: 0,
        itemStyle: { borderColor: palette.surface, borderWidth: room < COLUMN.low ? 0 : 1 },
        emphasis: { itemStyle: { borderColor: palette.ink, borderWidth: 2 } },
        data: cells.map((each) => square(each, scale, palette, labelled)),
      },
    ],
  };
  const high = rows.length > 60 ? ROW.low : ROW.high;
  const notes = cells.some(({ cell }) => cell.hidden) ? [words.wordWithheld] : [];
  return { option, width, height: 140 + high * rows.length, notes };
}

/** How much of the darkest a value is. Shares stand for themselves. Of amounts the largest is often a hundred times
    the next: by the root the small ones can be told apart too. */
function scaleTo(most, unit) {
  const share = (value) => (most ? Math.max(0, value) / most : 0);
  return unit === "ratio" ? share : (value) => Math.sqrt(share(value));
}

function square({ row, cell, x, y, unit }, scale, palette, labelled) {
  const item = { value: [x, y, scale(cell.value)], at: [x, y], href: cell.href ?? row.href };
  if (cell.hidden) return { ...item, visualMap: false, itemStyle: hatched(palette) };
  if (cell.value === null) return { ...item, visualMap: false, itemStyle: { color: palette.ground } };
  if (cell.value < 0) Object.assign(item, { visualMap: false, itemStyle: { color: palette.amberWash } });
  if (labelled && cell.value !== 0) item.label = inside(cell.value, unit, item, palette);
  return item;
}

/** Dark letters on a light square, light ones on a dark one. */
function inside(value, unit, { value: [, , share], visualMap }, palette) {
  const ground = visualMap === false ? palette.amberWash : mixed(share, palette);
  const ink = [palette.ink, palette.surface].sort((a, b) => contrast(b, ground) - contrast(a, ground))[0];
  return { show: true, formatter: brief(value, unit), color: ink };
}

const mixed = (share, palette) => color.lerp(share, [palette.heatLow, palette.heatHigh]);

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour) {
  const [red, green, blue] = color.parse(colour).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Upright names get as much as their column is wide; in narrow columns they stand at an angle. */
const acrossLabel = (room) => (room >= 72 ? ellipsis(room - 8) : { ...ellipsis(96), rotate: room >= 28 ? 45 : 90 });
