// Pages with pictures: each <figure data-picture> is drawn from the table in it, which stays in the document.
import { BarChart, ChordChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";
import { Picture } from "./lib/pictures/picture.js";

use([BarChart, ChordChart, HeatmapChart, LineChart, SankeyChart]);
use([GridComponent, LegendComponent, TitleComponent, TooltipComponent, VisualMapContinuousComponent]);
use([CanvasRenderer, SVGRenderer, LabelLayout]);

for (const figure of document.querySelectorAll("figure[data-picture]")) new Picture(figure).start();
