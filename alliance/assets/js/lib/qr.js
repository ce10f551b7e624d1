// A QR code as SVG, drawn here so that no picture of it travels or is kept.
import { encode } from "uqr";

const SVG = "http://www.w3.org/2000/svg";
/** Modules of white around the code; ISO/IEC 18004 asks for four. */
const QUIET = 4;

/**
 * An <svg> of the code for `text`. Base45 text becomes alphanumeric mode: a third fewer modules. A screen has no
 * stains to correct, and larger modules scan sooner: level L, and more only where it costs no module. Paper has: M.
 */
export function qr(text, ecc = "L") {
  const { data, size } = encode(text, { ecc, boostEcc: true, border: QUIET });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.append(shape("rect", { width: size, height: size, fill: "#fff" }));
  svg.append(shape("path", { d: data.map(runs).join(""), fill: "#000" }));
  return svg;
}

/** The dark runs of one row as path commands. */
function runs(row, y) {
  let path = "";
  for (let x = 0; x < row.length; x += 1) {
    const start = x;
    while (row[x]) x += 1;
    if (x > start) path += `M${start} ${y}h${x - start}v1H${start}z`;
  }
  return path;
}

function shape(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
