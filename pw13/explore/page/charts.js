// Charts as SVG. Each comes with a sentence and a table that say the same.

const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]; // Okabe and Ito 2008
const colorOf = (index) => `var(--series-${index % COLORS.length})`;
const DASHES = ["", "6 3", "2 3", "9 3 2 3"];
const dashOf = (index) => DASHES[Math.floor(index / COLORS.length) % DASHES.length];

function chart(title, drawing, sentence, columns, rows) {
  return el("figure", { className: "chart" },
    el("h3", { text: title }), drawing,
    el("figcaption", { text: sentence }),
    el("details", {}, el("summary", { text: T.table }), el("div", { className: "scroll" }, table(columns, rows))));
}

function ticks(low, high, count = 5) {
  const rough = (high - low || Math.abs(high) || 1) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const result = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) result.push(Number(tick.toPrecision(12)));
  return result;
}

const extent = (values) => {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const range = high - low > 1e-9 * Math.abs(high) ? high - low : 0; // ticks of a smaller one would all be one number
  const margin = range * 0.06 || Math.abs(high) * 0.06 || 1;
  return [low - margin, high + margin];
};

// Axes with a grid; returns the SVG and functions from values to places.
function axes({ width, height, xs, ys, xLabel, yLabel, whole = false, left = 52, right = 16, label }) {
  const [x0, x1] = xs, [y0, y1] = ys, top = 12, bottom = height - 36;
  const x = (value) => left + ((value - x0) / (x1 - x0 || 1)) * (width - left - right);
  const y = (value) => bottom - ((value - y0) / (y1 - y0 || 1)) * (bottom - top);
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, class: "plot" });
  for (const tick of ticks(y0, y1)) {
    node.append(svg("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }),
      svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end", text: significant(tick) }));
  }
  for (const tick of ticks(x0, x1, width < 420 ? 4 : 7)) {
    if (whole && !Number.isInteger(tick)) continue;
    node.append(svg("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle", text: significant(tick) }));
  }
  node.append(svg("line", { x1: left, x2: width - right, y1: bottom, y2: bottom, class: "axis" }),
    svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "label", text: xLabel }));
  if (yLabel) node.append(svg("text", { x: left, y: top - 2, class: "label", text: yLabel }));
  return { node, x, y };
}

// Keeps labels from covering each other: places them in order, at least `gap` apart.
function spread(places, gap, high) {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  order.forEach((item, i) => { item.place = i ? Math.max(item.place, order[i - 1].place + gap) : item.place; });
  for (let i = order.length - 1, limit = high; i >= 0; i--, limit -= gap) order[i].place = Math.min(order[i].place, limit);
  const result = [];
  for (const item of order) result[item.index] = item.place;
  return result;
}

// Lines with their labels at their ends. series: [{label, xs, ys, color, faint}], gaps where y is null.
function lineChart(width, series, xLabel, yLabel, label) {
  const height = 320, roomy = width > 560;
  const short = (text) => shortened(text, 26);
  const right = roomy ? 24 + 6.6 * Math.max(...series.map((each) => short(each.label).length)) : 34;
  const { node, x, y } = axes({ width, height, xLabel, yLabel, label, right, whole: true,
    xs: extent(series.flatMap((each) => each.xs)).map((value, i) => (i ? value : Math.max(value, 0))),
    ys: extent(series.flatMap((each) => each.ys).filter((value) => value !== null)) });
  const labelled = series.filter((each) => !each.faint);
  const ends = spread(labelled.map((each) => y(each.ys.findLast((value) => value !== null) ?? 0)), 14, height - 40);
  series.forEach((each) => {
    const index = labelled.indexOf(each), points = each.xs.map((value, i) => (each.ys[i] === null ? null : [x(value), y(each.ys[i])])).filter(Boolean);
    const color = colorOf(each.color), last = points[points.length - 1];
    if (!last) return;
    const path = points.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
    node.append(svg("path", { d: path, style: `stroke:${color}`, class: each.faint ? "line faint" : "line", "stroke-dasharray": dashOf(each.color) }));
    if (points.length === 1) node.append(svg("circle", { cx: last[0], cy: last[1], r: 4, style: `fill:${color}` }));
    if (!each.faint && Math.abs(ends[index] - last[1]) > 3) node.append(svg("line", { x1: last[0], y1: last[1], x2: last[0] + 6, y2: ends[index], style: `stroke:${color}`, class: "leader" }));
    if (!each.faint) node.append(svg("text", { x: last[0] + 7, y: ends[index] + 4, style: `fill:${color}`, class: "direct", text: roomy ? short(each.label) : String(index + 1) }));
  });
  return node;
}

// One row per group: its values as dots, their mean as a bar. groups: [{label, values, mean}]
function dotChart(width, groups, xLabel, label) {
  const left = Math.min(width * 0.42, 14 + 6.8 * Math.max(...groups.map((group) => group.label.length)));
  const height = 52 + 22 * groups.length;
  const { node, x } = axes({ width, height, xLabel, label, left, xs: extent(groups.flatMap((group) => group.values)), ys: [0, 0] });
  node.querySelectorAll(".grid, text:not(.label)").forEach((item) => item.getAttribute("text-anchor") === "end" && item.remove());
  groups.forEach((group, row) => {
    const y = 24 + 22 * row, most = Math.floor((left - 12) / 6.6);
    node.append(svg("line", { x1: left, x2: width - 16, y1: y, y2: y, class: "grid" }),
      svg("text", { x: left - 8, y: y + 4, "text-anchor": "end", text: shortened(group.label, most) }),
      svg("line", { x1: x(group.mean), x2: x(group.mean), y1: y - 8, y2: y + 8, class: "mean" }));
    for (const value of group.values) node.append(svg("circle", { cx: x(value), cy: y, r: 4.5, class: "dot" }));
  });
  return node;
}

// Points with labels. points: [{label, x, y}]
function scatterChart(width, points, xLabel, yLabel, label) {
  const height = 320, xs = extent(points.map((point) => point.x));
  const { node, x, y } = axes({ width, height, xLabel, yLabel, label, xs: [Math.max(0, xs[0]), xs[1]], ys: extent(points.map((point) => point.y)) });
  const crowded = points.length > 14;
  for (const point of points) {
    const mark = svg("circle", { cx: x(point.x), cy: y(point.y), r: 5, class: "dot" }, svg("title", { text: `${point.label}: ${significant(point.y)}` }));
    node.append(mark);
    const late = x(point.x) > 0.6 * width, place = { x: x(point.x) + (late ? -8 : 8), y: y(point.y) + 4, "text-anchor": late ? "end" : "start" };
    if (!crowded || point.best) node.append(svg("text", { ...place, class: "direct", text: point.label }));
  }
  return node;
}

// A table whose cells are shaded by value, darker where lower. values: rows of numbers or null.
function heatTable(corner, rowNames, columnNames, values) {
  const all = values.flat().filter((value) => value !== null), [low, high] = [Math.min(...all), Math.max(...all)];
  const share = (value) => (high === low ? 1 : (high - value) / (high - low));
  const cells = values.map((row, i) => el("tr", {}, el("th", { text: rowNames[i], scope: "row" }), row.map((value) => {
    const cell = el("td", { text: value === null ? T.none : significant(value) });
    if (value !== null) shade(cell, share(value));
    return cell;
  })));
  const head = el("tr", {}, el("th", { text: corner }), columnNames.map((text) => el("th", { text, scope: "col" })));
  return el("div", { className: "scroll" }, el("table", { className: "heat" }, el("thead", {}, head), el("tbody", {}, cells)));
}

function shade(cell, share) {
  cell.style.setProperty("--share", share.toFixed(3));
  cell.classList.toggle("dark", share > 0.55);
}
