// The colours of a picture: the tokens of css/parts/tokens.css.

const NAMES = [
  "jade",
  "jade-wash",
  "amber-wash",
  "amber",
  "ground",
  "surface",
  "ink",
  "ink-soft",
  "line",
  "line-strong",
  "heat-low",
  "heat-high",
];
const HUES = 8;

/** As the screen shows them now, light or dark. */
export const onScreen = () => palette(getComputedStyle(document.documentElement));

/** As paper and files have them: light, whatever the screen is. The first :root stands before the dark one. */
export const onPaper = () => palette(lightTokens());

function lightTokens() {
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) if (rule.selectorText === ":root") return rule.style;
  }
  return getComputedStyle(document.documentElement);
}

function palette(style) {
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(NAMES.map((name) => [camel(name), token(name)]));
  colours.hues = Array.from({ length: HUES }, (_, at) => token(`hue-${at + 1}`));
  // ECharts writes them between double quotes into an SVG file, as they are.
  colours.letters = getComputedStyle(document.body).fontFamily.replaceAll('"', "'");
  return colours;
}

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
