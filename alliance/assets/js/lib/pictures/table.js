// What a picture draws: the table under it, and nothing else.

/**
 * A table's columns and rows. A column: {name, unit, draw, compare}. A row: {name, href, preliminary, cells}, cells
 * in the order of the columns. A cell: {value, text, hidden, href}; its value is null when it has none to draw. Left
 * out are the foot and the columns marked data-skip (totals, which are no part of what they add up).
 */
export function readTable(table, unit) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells].slice(1);
  const drawn = heads.map((head, at) => ({ head, at })).filter(({ head }) => !("skip" in head.dataset));
  const columns = drawn.map(({ head }) => ({
    name: said(head),
    unit: head.dataset.unit ?? unit,
    draw: head.dataset.draw,
    compare: "compare" in head.dataset,
  }));
  const rows = [...table.tBodies].flatMap((body) =>
    [...body.rows].map((row) => ({
      name: said(row.cells[0]),
      href: link(row.cells[0]),
      preliminary: "preliminary" in row.dataset,
      cells: drawn.map(({ at }) => readCell(row.cells[at + 1])),
    })),
  );
  return { columns, rows };
}

/** Of a list of flows, where the first two columns name from and to: [{from, to, cell}…]; else of a matrix. */
export function readFlows(figure, table) {
  if (figure.dataset.shape === "list") {
    return [...figure.querySelectorAll("tbody tr")].map(({ cells }) => ({
      from: said(cells[0]),
      to: said(cells[1]),
      cell: readCell(cells[2]),
    }));
  }
  return table.rows.flatMap((row) =>
    row.cells.map((cell, at) => ({ from: row.name, to: table.columns[at].name, cell })),
  );
}

const said = (element) => element.textContent.trim().replace(/\s+/g, " ");
const link = (element) => element.querySelector("a[href]")?.href;

function readCell(cell) {
  const hidden = "suppressed" in cell.dataset;
  const value = hidden || !("value" in cell.dataset) ? null : Number(cell.dataset.value);
  return { value, hidden, text: said(cell), href: link(cell) };
}
