// A picture as a file: light and under its name, whatever the screen shows.
import { init } from "echarts/core";

/** Shows and serves the buttons of a picture's menu. */
export function offer(picture) {
  const menu = picture.tools.querySelector("details");
  const makers = { png, svg };
  for (const button of menu.querySelectorAll("[data-save]")) {
    button.closest("li").hidden = false;
    button.addEventListener("click", () => {
      const kind = button.dataset.save;
      save(makers[kind](picture.forFile()), `${picture.name}.${kind}`);
      close(menu);
    });
  }
  menu.addEventListener("keydown", ({ key }) => key === "Escape" && close(menu));
  document.addEventListener("click", ({ target }) => {
    if (!menu.contains(target)) menu.open = false;
  });
}

function close(menu) {
  menu.open = false;
  menu.querySelector("summary").focus();
}

function svg(drawn) {
  const chart = draw(drawn, { renderer: "svg" });
  const text = chart.renderToSVGString();
  chart.dispose();
  return URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
}

function png(drawn) {
  const chart = draw(drawn, { renderer: "canvas", devicePixelRatio: 2 });
  const address = chart.getDataURL({ type: "png", pixelRatio: 2 });
  chart.dispose();
  return address;
}

/** Everything moves down for the name. */
function draw({ option, width, height, heading }, how) {
  const chart = init(document.createElement("div"), null, { ...how, width, height: height + heading });
  for (const part of [option.grid, option.legend, ...(option.grid ? [] : option.series)]) {
    if (part) part.top = (part.top ?? 0) + heading;
  }
  chart.setOption(option);
  return chart;
}

function save(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
