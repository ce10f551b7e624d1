// A time series: bars or lines per column, what is preliminary shaded, a comparison as a dashed line.
import { color } from "echarts/core";
import { brief } from "./numbers.js";
import { grid, names, numbers, saidOf, tip } from "./parts.js";

export function series({ columns, rows }, { palette, words, narrow }) {
  // What can still change is amber like everything that waits; what is not published is grey.
  const shade = (row) => {
    if (row.cells.some((cell) => cell.hidden)) return color.modifyAlpha(palette.lineStrong, 0.18);
    return row.preliminary ? palette.amberWash : "transparent";
  };
  const notes = [];
  if (rows.some((row) => row.preliminary)) notes.push(words.wordPreliminary);
  if (rows.some((row) => row.cells.some((cell) => cell.hidden))) notes.push(words.wordWithheld);
  const units = [...new Set(columns.map((column) => column.unit))];
  const option = {
    grid: grid({ top: columns.length > 1 ? 44 : 12 }),
    legend: { show: columns.length > 1, top: 0, left: 0, textStyle: { color: palette.ink }, itemWidth: 18 },
    xAxis: names(rows.map((row) => row.name), palette, {
      splitArea: { show: rows.some((row) => shade(row) !== "transparent"), interval: 0, areaStyle: { color: rows.map(shade) } },
      axisLabel: { hideOverlap: true },
    }),
    yAxis: units.map((unit, at) =>
      numbers(palette, (value) => brief(value, unit), { splitLine: { show: at === 0, lineStyle: { color: palette.line } } }),
    ),
    tooltip: {
      trigger: "axis",
      formatter: ([{ dataIndex }]) => {
        const row = rows[dataIndex];
        return tip(row.name, [
          ...columns.map(({ name }, at) => [name, saidOf(row.cells[at], words)]),
          ...(row.preliminary ? [["", words.wordPreliminaryRow]] : []),
        ]);
      },
    },
    series: columns.map((column, at) => ({
      ...look(column, at, palette, rows.length),
      name: column.name,
      yAxisIndex: units.indexOf(column.unit),
      data: rows.map((row) => ({ value: row.cells[at].value, href: row.cells[at].href ?? row.href })),
    })),
  };
  return { option, height: narrow ? 260 : 320, notes };
}

function look(column, at, palette, rows) {
  const colour = column.compare ? palette.lineStrong : palette.hues[at % palette.hues.length];
  if (!column.compare && (column.draw ?? "bar") === "bar") {
    return { type: "bar", barMaxWidth: 36, itemStyle: { color: colour, borderRadius: [3, 3, 0, 0] } };
  }
  return {
    type: "line",
    symbol: "circle",
    // Small, but there: between two months that are not published a line has no length.
    showAllSymbol: true,
    symbolSize: rows <= 60 ? 6 : 3,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 2, type: column.compare ? "dashed" : "solid" },
  };
}
