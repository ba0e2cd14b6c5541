// Charts are drawn from the table beside them; a click opens the link of that row.

const TONES = { primary: "--mc-brand", success: "--mc-success", warning: "--mc-warning", danger: "--mc-danger", info: "--mc-info", secondary: "--mc-muted" };
const ORDER = ["info", "success", "warning", "danger", "secondary", "primary"];
const drawn = new Map();

const colour = (tone) => getComputedStyle(document.documentElement).getPropertyValue(TONES[tone] || TONES.info).trim();

function readTable(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => ({
    name: row.cells[0].textContent.trim(),
    url: row.cells[0].querySelector("a")?.href,
    values: [...row.cells].slice(1).map((cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value))),
  }));
  return { heads, rows };
}

const number = (value) => (value ?? 0).toLocaleString(document.documentElement.lang);

function axes(horizontal, rows) {
  const text = { color: colour("secondary"), fontFamily: getComputedStyle(document.body).fontFamily };
  const names = { type: "category", data: rows.map((row) => row.name), inverse: horizontal, axisLabel: { ...text, hideOverlap: true, width: 160, overflow: "truncate" }, axisTick: { show: false } };
  const values = { type: "value", minInterval: 1, axisLabel: { ...text, formatter: number }, splitLine: { lineStyle: { color: getComputedStyle(document.documentElement).getPropertyValue("--mc-line").trim() } } };
  return horizontal ? { xAxis: values, yAxis: names } : { xAxis: names, yAxis: values };
}

function option(box, { heads, rows }) {
  const kind = box.dataset.chart;
  const tones = (box.dataset.chartTones || "").split(" ").filter(Boolean);
  const tone = (index) => colour(tones[index] || ORDER[index % ORDER.length]);
  const ink = getComputedStyle(document.body).color;
  const shared = {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    tooltip: { trigger: kind === "donut" ? "item" : "axis", renderMode: "richText", valueFormatter: number },
    legend: { show: heads.length > 1 || kind === "donut", bottom: 0, textStyle: { color: ink }, icon: "roundRect" },
  };
  if (kind === "donut") {
    const data = rows.map((row, index) => ({ name: row.name, value: row.values[0], itemStyle: { color: tone(index) } }));
    return { ...shared, series: [{ type: "pie", radius: ["50%", "75%"], center: ["50%", "45%"], data, label: { color: ink, formatter: ({ value }) => number(value) } }] };
  }
  const series = heads.map((name, index) => ({
    name, type: kind === "line" ? "line" : "bar", data: rows.map((row) => row.values[index]), itemStyle: { color: tone(index) },
    stack: "chartStacked" in box.dataset ? "all" : undefined, barMaxWidth: 28, symbolSize: 6, lineStyle: { width: 2 },
  }));
  return { ...shared, ...axes(kind === "hbar", rows), series, grid: { left: 8, right: 16, top: 16, bottom: heads.length < 2 ? 8 : box.clientWidth < 420 && heads.length > 2 ? 64 : 36, containLabel: true } };
}

export async function enhance(root) {
  const boxes = [...root.querySelectorAll("[data-chart]")].filter((box) => !drawn.has(box));
  const { init } = await import("../vendor/echarts/echarts.min.js");
  for (const box of boxes) {
    const data = readTable(document.getElementById(box.dataset.chartTable));
    const chart = init(box);
    chart.setOption(option(box, data));
    chart.on("click", ({ dataIndex }) => data.rows[dataIndex]?.url && location.assign(data.rows[dataIndex].url));
    new ResizeObserver(() => chart.resize()).observe(box);
    drawn.set(box, () => chart.setOption(option(box, data)));
  }
}

document.addEventListener("themechange", () => drawn.forEach((redraw) => redraw()));
