// A sweep as a ranking of its settings: dots of seeds, quality against seconds, a heat map of two settings.

const MAX_GROUPS = 40; // rows of a ranking
// Losses, so lower is better.
const SWEEP_METRICS = { "dense-ae": "val_mse", charrnn: "val_nats" }; // of validation data, as pw13 sweep: settings are not chosen on test data

function sweepMetric(points) {
  const metric = SWEEP_METRICS[points[0].kind];
  return points.some((point) => point.metrics[metric] !== undefined) ? metric : "best_val_loss";
}

function sweepValue(point, metric = sweepMetric([point])) {
  return point.metrics[metric] ?? (metric === "best_val_loss" ? point.best?.val_loss ?? null : null);
}

// The points of a sweep that differ in their seed only, best first.
function sweepGroups(sweep, points, metric) {
  const axes = Object.keys(sweep.grid).filter((name) => name !== "seed"), groups = new Map();
  for (const point of points) {
    const value = sweepValue(point, metric);
    if (value === null) continue;
    const label = axes.map((name) => `${name}=${point.settings[name]}`).join(", ") || T.runs.allSeeds;
    const short = axes.map((name) => point.settings[name]).join(" · ") || T.runs.allSeeds;
    const group = groups.get(label) ?? { label, short, values: [], seconds: [], settings: point.settings };
    group.values.push(value);
    if (point.seconds !== null && point.status !== "running") group.seconds.push(point.seconds);
    groups.set(label, group);
  }
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  return [...groups.values()].map((group) => ({ ...group, mean: mean(group.values), time: group.seconds.length ? mean(group.seconds) : null }))
    .sort((a, b) => a.mean - b.mean);
}

function sweepCharts(width, sweep, groups, metricKey) {
  const metric = T.runs.metricNames[metricKey] ?? metricKey;
  const axes = Object.keys(sweep.grid).filter((name) => name !== "seed"), alone = !axes.length;
  const best = sweep.ranked && groups.length > 1 ? groups[0] : null, title = alone ? T.runs.seedsTitle(metric) : T.runs.sweepTitle(metric, sweep.ranked);
  const sentence = alone ? T.runs.overSeeds(significant(groups[0].mean), groups[0].values.length) : best ? T.runs.ranked(best.label, significant(best.mean)) : T.runs.unranked;
  const timed = groups.filter((group) => group.time !== null);
  const shown = groups.slice(0, MAX_GROUPS).map((group) => ({ ...group, label: width < 560 ? group.short : group.label }));
  const charts = [chart(title, dotChart(width, shown, metric, title), sentence, T.runs.sweepColumns,
    groups.map((group) => [group.label, significant(group.mean), significant(Math.min(...group.values)), significant(Math.max(...group.values)), group.values.length]))];
  if (timed.length > 1) {
    const fastest = timed.reduce((a, b) => (b.time < a.time ? b : a));
    charts.push(chart(T.runs.cost(metric), scatterChart(width, timed.map((group) => ({ label: width < 560 ? group.short : group.label, x: group.time, y: group.mean, best: group === best })), T.runs.seconds, metric, T.runs.cost(metric)),
      T.runs.costSentence(fastest.label, best?.label), T.runs.costColumns, timed.map((group) => [group.label, significant(group.time), significant(group.mean)])));
  }
  if (axes.length === 2) {
    const [rows, columns] = axes.map((name) => sweep.grid[name]);
    const at = (row, column) => groups.find((group) => String(group.settings[axes[0]]) === String(row) && String(group.settings[axes[1]]) === String(column))?.mean ?? null;
    charts.push(el("figure", { className: "chart" }, el("h3", { text: T.runs.heat(metric, axes[0], axes[1]) }),
      heatTable(`${axes[0]} \\ ${axes[1]}`, rows.map(String), columns.map(String), rows.map((row) => columns.map((column) => at(row, column)))),
      el("figcaption", { text: T.runs.heatSentence(best?.label) })));
  }
  return charts;
}
