// Horizontal bars, for a leaderboard: the first drawn column, in the order of the table.
import { brief } from "./numbers.js";
import { ellipsis, grid, names, numbers, saidOf, tip } from "./parts.js";

const SHOWN = 20;

export function bars({ columns, rows }, { palette, words, narrow }) {
  const shown = rows.slice(0, SHOWN);
  const { unit } = columns[0];
  const label = ({ cells: [cell] }) => (cell.hidden ? words.wordHidden : cell.value === null ? "" : brief(cell.value, unit));
  const option = {
    // Room for the last label, which stands beyond its bar.
    grid: grid({ right: 84 }),
    xAxis: numbers(palette, (value) => brief(value, unit), { splitNumber: narrow ? 2 : 5 }),
    yAxis: names(shown.map((row) => row.name), palette, {
      inverse: true,
      axisLabel: { ...ellipsis(narrow ? 96 : 220), color: palette.ink, interval: 0 },
    }),
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: ([{ dataIndex }]) =>
        tip(shown[dataIndex].name, columns.map(({ name }, at) => [name, saidOf(shown[dataIndex].cells[at], words)])),
    },
    series: [
      {
        type: "bar",
        name: columns[0].name,
        barMaxWidth: 22,
        itemStyle: { color: palette.hues[0], borderRadius: [0, 3, 3, 0] },
        data: shown.map((row) => ({
          // A bar of no length carries the word for what is not published.
          value: row.cells[0].hidden ? 0 : row.cells[0].value,
          href: row.cells[0].href ?? row.href,
          label: { formatter: label(row), color: row.cells[0].hidden ? palette.inkSoft : palette.ink },
        })),
        label: { show: true, position: "right" },
      },
    ],
  };
  const notes = rows.length > SHOWN ? [words.wordTop.replace("{n}", SHOWN)] : [];
  return { option, height: 48 + 30 * shown.length, notes };
}
