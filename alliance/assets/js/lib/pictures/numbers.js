// How an axis and a label say a number, in the page's language: short. What is exact stands in the table's cells.

const language = document.documentElement.lang;
const short = { notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1, useGrouping: true };
const yuan = { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol" };
const formats = {
  fen: new Intl.NumberFormat(language, { ...yuan, ...short }),
  count: new Intl.NumberFormat(language, short),
  ratio: new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }),
};
const exactFormats = {
  fen: new Intl.NumberFormat(language, yuan),
  count: new Intl.NumberFormat(language),
  ratio: formats.ratio,
};

/** ¥12.3K, 1,234, 12.3%: `unit` is fen (1/100 yuan), count or ratio (0…1). */
export const brief = (value, unit) => formats[unit].format(unit === "fen" ? value / 100 : value);

/** ¥123,456.78: for a sum of several cells, which stands in none of them. */
export const exact = (value, unit) => exactFormats[unit].format(unit === "fen" ? value / 100 : value);
