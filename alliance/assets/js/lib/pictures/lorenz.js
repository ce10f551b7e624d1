// A Lorenz curve with the diagonal. The table has a row per point: two columns, the share of the units (x) and the
// share of the total (y) up to there, both 0…1, ascending. The point (0, 0) needs no row.
import { brief } from "./numbers.js";
import { grid, numbers, saidOf, tip, undrawn } from "./parts.js";

export function lorenz({ columns, rows }, { palette, words, narrow, width }) {
  const points = rows.filter(({ cells: [x, y] }) => x.value !== null && y.value !== null);
  const axis = (name, more) =>
    numbers(palette, (value) => brief(value, "ratio"), {
      min: 0,
      max: 1,
      interval: 0.25,
      name,
      nameLocation: "middle",
      nameTextStyle: { color: palette.inkSoft },
      ...more,
    });
  const option = {
    grid: grid({ bottom: 4, outerBoundsContain: "all" }),
    xAxis: axis(columns[0].name, { nameGap: 28 }),
    yAxis: axis(columns[1].name, { nameGap: 44 }),
    tooltip: {
      trigger: "item",
      formatter: ({ data }) => data.point && tip(points[data.point - 1].name, shares(columns, points[data.point - 1], words)),
    },
    series: [
      {
        type: "line",
        silent: true,
        symbol: "none",
        lineStyle: { color: palette.lineStrong, type: "dashed", width: 1 },
        data: [[0, 0], [1, 1]],
      },
      {
        type: "line",
        symbol: "circle",
        symbolSize: points.length > 40 ? 4 : 8,
        itemStyle: { color: palette.hues[0] },
        lineStyle: { color: palette.hues[0], width: 2 },
        data: [
          { value: [0, 0], symbol: "none" },
          ...points.map((row, at) => ({
            value: row.cells.slice(0, 2).map((cell) => cell.value),
            point: at + 1,
            href: row.href,
          })),
        ],
      },
    ],
  };
  return { option, height: narrow ? 320 : 420, width: Math.min(560, width), notes: undrawn(rows.length - points.length, words) };
}

const shares = (columns, row, words) => columns.map(({ name }, at) => [name, saidOf(row.cells[at], words)]);
