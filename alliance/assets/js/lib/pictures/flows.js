// Who pays where, as a Sankey diagram (payers left, where it went right) or as a circle.
import { color } from "echarts/core";
import { exact } from "./numbers.js";
import { ellipsis, tip, undrawn } from "./parts.js";

const MOST = { sankey: 8, chord: 16 };

export function sankey(flows, context) {
  const { palette, narrow } = context;
  const merged = merge(flows, MOST.sankey, MOST.sankey, context);
  const colours = hues([...merged.from, ...merged.to], palette);
  const side = (names, which) =>
    names.map((name) => ({
      name: `${which} ${name}`,
      said: name,
      itemStyle: { color: colours.get(name) },
      label: { position: which === "from" ? "right" : "left" },
    }));
  const label = { color: palette.ink, formatter: ({ data }) => data.said, ...ellipsis(narrow ? 84 : 200) };
  const option = {
    tooltip: { trigger: "item", formatter: (params) => flowTip(params, context) },
    series: [
      {
        type: "sankey",
        left: 4,
        right: 4,
        top: 8,
        bottom: 8,
        nodeWidth: 14,
        nodeGap: 20,
        draggable: false,
        layoutIterations: 0,
        label,
        lineStyle: { color: "source", opacity: 0.3 },
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.55 } },
        data: [...side(merged.from, "from"), ...side(merged.to, "to")],
        links: merged.links.map((link) => ({ ...link, source: `from ${link.from}`, target: `to ${link.to}` })),
      },
    ],
  };
  const groups = Math.max(merged.from.length, merged.to.length);
  return { option, height: Math.max(260, 52 * groups), notes: undrawn(merged.undrawn, context.words) };
}

export function chord(flows, context) {
  const { palette, narrow } = context;
  const merged = merge(flows, MOST.chord, 0, context);
  const all = merged.from;
  const colours = hues(all, palette);
  const option = {
    tooltip: { trigger: "item", formatter: (params) => flowTip(params, context) },
    series: [
      {
        type: "chord",
        radius: narrow ? ["56%", "62%"] : ["74%", "79%"],
        padAngle: 2,
        label: { color: palette.ink, ...ellipsis(narrow ? 64 : 150) },
        // Of small groups beside each other the tooltip says the name.
        labelLayout: { hideOverlap: true },
        lineStyle: { color: "source", opacity: 0.35 },
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.65 } },
        data: all.map((name) => ({ name, said: name, itemStyle: { color: colours.get(name) } })),
        links: merged.links.map((link) => ({ ...link, source: link.from, target: link.to })),
      },
    ],
  };
  return { option, height: narrow ? 380 : 520, notes: undrawn(merged.undrawn, context.words) };
}

/**
 * The flows that can be drawn (above nothing, published), with the smallest groups beyond `most` as one group of others.
 * With `mostTo` 0 payers and payees are the same groups. {from, to: names; links: [{from, to, value, text, href}];
 * undrawn: how many cells are in the table only}.
 */
function merge(flows, most, mostTo, { words, unit }) {
  const positive = flows.filter(({ cell }) => cell.value > 0);
  const from = mostTo ? largest(positive, most, (flow) => [flow.from]) : largest(positive, most, (flow) => [flow.from, flow.to]);
  const to = mostTo ? largest(positive, mostTo, (flow) => [flow.to]) : from;
  const group = (kept, name) => (kept.includes(name) ? name : words.wordOthers);
  const links = new Map();
  for (const { from: payer, to: payee, cell } of positive) {
    const [source, target] = [group(from, payer), group(to, payee)];
    const key = JSON.stringify([source, target]);
    const found = links.get(key);
    if (!found) links.set(key, { from: source, to: target, value: cell.value, text: cell.text, href: cell.href });
    else links.set(key, { from: source, to: target, value: found.value + cell.value, text: exact(found.value + cell.value, unit) });
  }
  const linked = [...links.values()];
  const present = (kept, ends) => {
    const used = new Set(linked.flatMap(ends));
    return [...kept, words.wordOthers].filter((name) => used.has(name));
  };
  return {
    from: present(from, mostTo ? (link) => [link.from] : (link) => [link.from, link.to]),
    to: present(to, (link) => [link.to]),
    links: linked,
    undrawn: flows.filter(({ cell }) => cell.hidden || cell.value < 0).length,
  };
}

/** The names of the `most` largest groups, in the order of the table; with one more, the others have the last place. */
function largest(flows, most, ends) {
  const sums = new Map();
  for (const flow of flows) for (const name of new Set(ends(flow))) sums.set(name, (sums.get(name) ?? 0) + flow.cell.value);
  const bySize = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
  const kept = new Set(bySize.length > most ? bySize.slice(0, most - 1) : bySize);
  return [...sums.keys()].filter((name) => kept.has(name));
}

/** A colour per name, the same on both sides; after eight, lighter ones. */
function hues(all, palette) {
  const { hues: own } = palette;
  const many = [...own, ...own.map((hue) => color.lift(hue, 0.4))];
  return new Map([...new Set(all)].map((name, at) => [name, many[at % many.length]]));
}

function flowTip({ dataType, data, value }, { unit }) {
  if (dataType === "edge") return tip(`${data.from} → ${data.to}`, [["", data.text]]);
  return tip(data.said, [["", exact(value, unit)]]);
}
