// Runs: a table of all, curves over each other, and each sweep as a ranking.

const FIRST_ROWS = 100; // of a table that are drawn before it is shown

function runsView(root, contents, state, services) {
  let runs = contents.runs;
  const kinds = () => [...new Set(runs.map((run) => run.kind))].sort();
  const now = {
    find: state.get("find", ""), kind: kinds().find((kind) => kind === state.get("kind", "")) ?? "", points: state.get("points", "") === "1", sort: state.get("sort", ""), down: state.get("down", "") === "1",
    shown: new Set(state.get("show", "").split(",").filter(Boolean)), open: state.get("open", ""), sweep: state.get("sweep", ""), train: state.get("train", "") === "1",
  };
  if (!state.get("show", "")) runs.filter((run) => run.history.val_loss && !run.sweep).slice(0, 1).forEach((run) => now.shown.add(key(run)));
  const list = el("div", { className: "scroll" }), legend = el("p", { className: "hint" }), count = el("p", { className: "hint", role: "status" });
  const curves = el("section"), detail = el("section", { className: "detail", hidden: true });
  const sweepMenu = select(T.runs.sweep, [], "", (value) => { now.sweep = value; drawSweeps(); write(); });
  const sweepName = el("p", { className: "hint" }), sweepSize = el("p", { className: "hint" }), sweepHead = el("div"), sweepBody = el("div");
  const sweeps = el("section", { hidden: true }, el("h2", { text: T.runs.sweep }), sweepHead, sweepSize, sweepBody);
  let lost = false, drawnCurves = "", drawnSweeps = ""; // what was drawn, since a training under way changes little at a time

  function visible() {
    const words = now.find.toLowerCase().split(/\s+/).filter(Boolean);
    return runs.filter((run) => (now.points || now.kind || !run.sweep) && (!now.kind || run.kind === now.kind) && words.every((word) => searchText(run).includes(word)));
  }
  function columnsFor(shown) {
    const settings = now.kind ? differing(shown) : [];
    const names = ["name", ...(now.kind ? [] : ["description", "result"]), "status", ...settings.map((name) => `settings.${name}`), "epochs"];
    const metrics = now.kind ? [...new Set(shown.flatMap((run) => Object.keys(run.metrics)))].filter((name) => name !== "epochs").slice(0, 6) : [];
    return [...names, ...metrics.map((name) => `metrics.${name}`), "seconds"];
  }
  function drawTable(everything = false) {
    const shown = visible(), columns = columnsFor(shown);
    if (now.sort) shown.sort(byColumn(now.sort, now.down));
    const head = el("tr", {}, el("th", { text: T.runs.columns.show, scope: "col" }), columns.map((column) => {
      const text = T.runs.columns[column] ?? column.replace(/^\w+\./, "");
      const arrow = now.sort === column ? (now.down ? " ▼" : " ▲") : "";
      return el("th", { scope: "col", ariaSort: now.sort === column ? (now.down ? "descending" : "ascending") : null },
        button(text + arrow, () => {
          now.down = now.sort === column && !now.down;
          now.sort = column;
          keepPlace(list, update);
        }, { ariaLabel: T.runs.sort(text) }));
    }));
    const rowOf = (run) => {
      const box = el("input", { type: "checkbox", checked: now.shown.has(key(run)), ariaLabel: `${T.runs.columns.show} ${run.name}` });
      box.addEventListener("change", () => { box.checked ? now.shown.add(key(run)) : now.shown.delete(key(run)); drawCurves(); write(); });
      const row = el("tr", { className: run.status === "running" ? "running" : "" }, el("td", {}, run.history.val_loss ? box : ""), columns.map((column) => cellOf(run, column)));
      row.dataset.key = key(run);
      return row;
    };
    legend.textContent = meanings(now.kind ? columns.map((column) => column.replace("metrics.", "")) : shown.map((run) => run.result.split(" ")[0]), contents.better);
    drawCount();
    const drawn = list.querySelector("table");
    if (everything && drawn?.tHead.firstChild.isEqualNode(head)) return keepPlace(list, () => refreshRows(drawn.tBodies[0], shown.map(rowOf)));
    // What fits on a screen at once, the rest after it is shown.
    const first = everything ? shown.length : FIRST_ROWS;
    const body = el("tbody", {}, shown.slice(0, first).map(rowOf));
    if (shown.length > first) requestAnimationFrame(() => setTimeout(() => body.isConnected && body.rows.length === first && body.append(...shown.slice(first).map(rowOf))));
    keepPlace(list, () => list.replaceChildren(el("table", { className: "run-list" }, el("thead", {}, head), body)));
  }
  function drawCount() {
    const live = services.live && runs.some((run) => run.status === "running") ? ` ${T.runs.live}` : "";
    const text = lost ? T.runs.lost : T.runs.count(visible().length, runs.length) + live;
    if (count.textContent !== text) count.textContent = text;
  }
  function cellOf(run, column) {
    if (column === "name") return el("td", { className: run.sweep ? "point" : "" }, button(run.name, () => { now.open = key(run); drawDetail(true); write(); }, { className: "link", dir: "auto" }));
    const value = valueOf(run, column);
    if (column === "status") return el("td", { className: `status ${value.split(" ")[0]}`, text: value, title: run.problem ?? "" });
    return typeof value === "number" ? el("td", { className: "number", text: significant(value) }) : el("td", { text: String(value ?? T.none), dir: "auto", className: ["description", "result"].includes(column) ? "wide" : "" });
  }

  // One chart per kind of loss: nats and squared errors have no common axis.
  function drawCurves() {
    const chosen = runs.filter((run) => now.shown.has(key(run)) && run.history.val_loss), units = [...new Set(chosen.map(lossOf))];
    const what = JSON.stringify([roomIn(root), now.train, chosen.map((run) => [key(run), lossOf(run), run.history, run.best, run.epochs])]);
    if (what === drawnCurves) return;
    drawnCurves = what;
    if (!chosen.length) return curves.replaceChildren(el("h2", { text: T.runs.curves }), el("p", { className: "hint", text: T.runs.needTwo }));
    const box = el("input", { type: "checkbox", checked: now.train });
    box.addEventListener("change", () => { now.train = box.checked; drawCurves(); write(); });
    const charts = units.map((unit) => curveChart(unit, chosen.filter((run) => lossOf(run) === unit)));
    keepPlace(curves, () => curves.replaceChildren(...charts, el("label", { className: "check" }, box, T.runs.trainLoss)));
  }
  function curveChart(unit, chosen) {
    const labels = chosen.map((run, i) => `${i + 1} ${shortName(run)}`); // by number where there is no room for names
    const series = chosen.flatMap((run, index) => {
      const xs = run.history.epoch ?? run.history.val_loss.map((_, i) => i + 1);
      const main = { label: labels[index], xs, ys: run.history.val_loss, color: index };
      return now.train && run.history.loss ? [main, { ...main, label: "", ys: run.history.loss, faint: true }] : [main];
    });
    return chart(T.runs.curves, lineChart(roomIn(root), series, T.runs.epoch, T.runs.losses[unit] ?? unit, T.runs.curves),
      chosen.map((run, i) => run.best && T.runs.lowest(labels[i], run.best.epoch, run.best.val_loss)).filter(Boolean).join(" "),
      T.runs.curveColumns, chosen.map((run, i) => [`${i + 1} ${key(run)}`, run.epochs, significant(run.best?.val_loss), run.best?.epoch ?? T.none, significant(run.history.val_loss.at(-1))]));
  }

  function drawSweeps() {
    const all = runs.filter((run) => run.kind.startsWith("sweep-") && runs.some((point) => point.sweep === run.name && sweepValue(point) !== null));
    sweeps.hidden = !all.length;
    if (!all.length) return;
    const sweep = all.find((run) => run.name === now.sweep) ?? all[0], points = runs.filter((run) => run.sweep === sweep.name);
    const metric = sweepMetric(points), groups = sweepGroups(sweep, points, metric);
    const what = JSON.stringify([roomIn(root), sweep.name, sweep.grid, metric, groups]);
    sweepMenu.fill(all.map((run) => [run.name, run.name]), sweep.name);
    sweepName.textContent = sweep.name;
    const head = all.length > 1 ? sweepMenu.node : sweepName;
    if (head.parentNode !== sweepHead) sweepHead.replaceChildren(head);
    sweepSize.textContent = T.runs.sweepSize(sweep.settings.epochs, sweep.settings.limit);
    if (what === drawnSweeps) return;
    drawnSweeps = what;
    keepPlace(sweepBody, () => sweepBody.replaceChildren(...(groups.length ? sweepCharts(roomIn(root), sweep, groups, metric) : [])));
  }

  const openRun = () => runs.find((each) => key(each) === now.open);
  function drawDetail(scroll) {
    const run = openRun(), unfolded = detail.querySelector("details")?.open;
    detail.hidden = !run;
    if (!run) return;
    const close = button(T.runs.close, () => {
      now.open = "";
      drawDetail(false);
      write();
      (Array.from(list.querySelectorAll("tbody tr")).find((row) => row.dataset.key === key(run))?.querySelector(".link") ?? find).focus();
    });
    const pairs = (values) => el("div", { className: "scroll" }, el("table", {}, el("tbody", {}, Object.entries(values).map(([name, value]) =>
      el("tr", {}, el("th", { text: name, scope: "row", }), el("td", { text: typeof value === "number" ? significant(value, 5) : Array.isArray(value) ? value.join(", ") : String(value ?? T.none) }))))));
    const rest = el("div"), shown = el("div", { className: "figures" });
    detail.replaceChildren(el("div", { className: "row" }, el("h2", { text: run.name, dir: "auto" }), close), el("p", { className: "hint", text: `${run.kind} · ${run.status}${run.problem ? ` · ${run.problem}` : ""}` }), shown,
      el("div", { className: "split" }, el("div", {}, el("h3", { text: T.runs.settings }), pairs({ ...run.settings, ...run.grid })), rest));
    if (scroll) detail.scrollIntoView({ block: "start" });
    const fill = (more) => {
      shown.replaceChildren(...(more.figures ?? []).map((name) => el("figure", {}, el("img", { src: services.figure(key(run), name), alt: T.runs.figure(name, run.name) }), el("figcaption", { text: name.replaceAll("_", " ") }))));
      const all = Object.keys(more.metrics ?? {}).length > Object.keys(run.metrics).length;
      rest.replaceChildren(
        ...(Object.keys(run.metrics).length ? [el("h3", { text: T.runs.metrics }), pairs(run.metrics), el("p", { className: "hint", text: `${meanings(Object.keys(run.metrics), contents.better)} ${T.runs.timing}` })] : []), all ? el("details", { open: unfolded }, el("summary", { text: T.runs.allMetrics }), pairs(more.metrics)) : "",
        ...(more.samples ? [el("h3", { text: T.runs.samples }), el("pre", { text: more.samples, dir: "auto" })] : []),
        services.details ? "" : el("p", { className: "hint", text: T.runs.figuresServed }));
    };
    fill(contents.details.find((each) => each.name === key(run)) ?? {});
    services.details?.(key(run)).then((more) => now.open === key(run) && fill(more), () => {});
  }

  function write() {
    state.write({
      find: now.find || null, kind: now.kind || null, points: now.points ? "1" : null, sort: now.sort || null, down: now.down ? "1" : null,
      show: [...now.shown].slice(0, 20).join(",") || null, open: now.open || null, sweep: now.sweep || null, train: now.train ? "1" : null,
    });
  }
  function update() {
    drawTable();
    write();
  }

  const find = el("input", { type: "search", value: now.find });
  find.addEventListener("input", () => { now.find = find.value; update(); });
  const points = el("input", { type: "checkbox", checked: now.points });
  points.addEventListener("change", () => { now.points = points.checked; update(); });
  const kindOptions = () => [["", T.runs.allKinds], ...kinds().map((name) => [name, name])];
  const kindMenu = select(T.runs.kind, kindOptions(), now.kind, (value) => { now.kind = value; now.sort = ""; update(); });
  const pointsBox = el("label", { className: "check" }, points, T.runs.points);
  root.append(el("p", { className: "lead", text: T.runs.lead }),
    el("div", { className: "row controls" }, field(T.runs.find, find), kindMenu.node, pointsBox),
    count, el("section", {}, list, legend), detail, curves, sweeps);
  const redraw = (everything) => {
    kindMenu.fill(kindOptions(), now.kind);
    pointsBox.hidden = !runs.some((run) => run.sweep);
    drawTable(everything);
    drawCurves();
    drawSweeps();
  };
  redraw();
  drawDetail(false);
  if (services.live) services.live((latest, failed) => {
    lost = Boolean(failed);
    if (!lost && JSON.stringify(latest) !== JSON.stringify(runs)) {
      const status = openRun()?.status;
      runs = contents.runs = latest;
      redraw(true); // every row at once, so that the page stays where it was scrolled to
      if (openRun()?.status !== status) keepPlace(detail, () => drawDetail(false));
    }
    drawCount();
  });
  return { redraw: () => { drawCurves(); drawSweeps(); } };
}

const lossOf = (run) => (run.kind === "charrnn" ? "nats" : run.settings.loss ?? "mse");
const key = (run) => (run.sweep ? `${run.sweep}/${run.name}` : run.name);
// The width of a chart in pixels of normal type: where the type is larger, so is the chart.
const roomIn = (root) => Math.max(280, (root.clientWidth - (root.clientWidth > 560 ? 42 : 26)) / (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16));
const shortName = (run) => run.name.replace(/^\d{4}-\d\d-\d\d_(\d\d)-(\d\d)-(\d\d)_/, "$1:$2:$3 ");
const searchText = (run) => `${run.name} ${run.kind} ${run.description} ${run.status} ${run.result} ${Object.entries(run.settings).map(([name, value]) => `${name}=${value}`).join(" ")}`.toLowerCase();

function valueOf(run, column) {
  if (column === "epochs") return run.metrics.epochs ?? (run.epochs || null);
  const [group, ...rest] = column.split(".");
  return rest.length ? run[group]?.[rest.join(".")] ?? null : run[column];
}

function byColumn(column, down) {
  return (a, b) => {
    const [x, y] = [valueOf(a, column), valueOf(b, column)], missing = (value) => value === null || value === undefined;
    if (missing(x) || missing(y)) return missing(x) - missing(y);
    if (column === "result") return byResult(x, y, down);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
    return down ? -order : order;
  };
}

// Results of one metric together, by their numbers: nats, dB and errors have no common order.
function byResult(one, other, down) {
  const [[metric, value], [otherMetric, otherValue]] = [one, other].map((text) => text.split(" "));
  return metric.localeCompare(otherMetric, "en") || (down ? -1 : 1) * ((Number.parseFloat(value) || 0) - (Number.parseFloat(otherValue) || 0));
}

// What metrics mean, and which way is better of those that have one.
function meanings(names, better) {
  const known = [...new Set(names)].filter((name) => name in T.runs.metricNames);
  return known.map((name) => `${name}: ${T.runs.metricNames[name]}${better[name] ? `, ${T.runs.better(better[name])}` : ""}.`).join(" ");
}

function differing(shown) {
  const names = [...new Set(shown.flatMap((run) => Object.keys(run.settings)))];
  return names.filter((name) => name !== "epochs" && new Set(shown.map((run) => JSON.stringify(run.settings[name]))).size > 1).slice(0, 8);
}
