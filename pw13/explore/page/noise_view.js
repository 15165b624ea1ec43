// Noise: one picture, its noisy copy, and what each method makes of it.

const SAME = 0.05; // dB: a smaller difference is none, since tenths are shown

function noiseView(root, run, state) {
  const net = new Denoiser(run), { width, height, pictures } = run, pixels = width * height, count = pictures.rows.length;
  const letters = Array.from({ length: count }, (_, i) => pixelsOf(pictures, i, pixels));
  const now = readNoiseState(state, run, typicalLetter(run, letters), count, pixels);
  const filters = ["median", "gaussian"].filter((name) => run.filters.some((row) => row[name]));
  const methods = ["clean", "noisy", "network", ...filters, ...(run.linear ? ["linear"] : [])];
  const shown = Object.fromEntries(methods.map((name) => [name, picture(width, height)]));
  const caption = el("p", { className: "sentence" }), note = el("p", { className: "hint" }), rows = el("tbody");

  const level = slider(T.noise.level, { min: 0, max: mostNoise(run, now.kind), step: 0.05, value: now.level, show: levelText, oninput: (value) => { now.level = value; show(); } });
  const kind = select(T.noise.kind, Object.entries(T.noise.kinds), now.kind, (value) => {
    const most = mostNoise(run, value);
    now.kind = value;
    level.input.max = most;
    if (now.level > most) {
      now.level = most;
      level.set(most);
    }
    show();
  });
  const pad = drawingPad(width, height, (image) => { now.drawing = Float64Array.from(image); show(); });
  const choices = thumbnails(letters.map((image, index) => ({
    pixels: image, label: `${T.letter} ${index + 1}: ${classOf(pictures, index)}`,
    onclick: () => { now.letter = index; now.drawing = null; show(); },
  })), width, height);

  function results(clean) {
    const noisy = addNoise(clean, now.kind, now.level, now.seed), images = { clean, noisy, network: net.denoise(noisy) };
    const tuned = run.filters.find((row) => Math.abs(row.noise - now.level) < 1e-6);
    for (const name of filters) if (tuned?.[name]) images[name] = filter(name, tuned[name], noisy, height, width);
    if (run.linear) images.linear = linearDenoise(run.linear, noisy);
    return { images, tuned };
  }
  function sentence(ranked) {
    const level = levelText(now.level), text = (each) => T.noise.method(each.name, T.noise.db(each.psnr));
    const [noisy, network] = ["noisy", "network"].map((name) => ranked.find((each) => each.name === name));
    const first = ranked[0] === noisy ? T.noise.nothing(level, text(ranked[1])) : T.noise.sentence(level, text(ranked[0]), text(ranked[1]));
    if (network.psnr - noisy.psnr > SAME) return first;
    const trained = now.kind === run.kind && Math.abs(now.level - run.noise) < 1e-6;
    return first + T.noise.worse(T.noise.db(network.psnr), T.noise.db(noisy.psnr)) + (trained ? "" : T.noise.onlyKnows(run.noise, T.noise.kinds[run.kind]));
  }

  function draw() {
    const clean = now.drawing || letters[now.letter] || new Float64Array(pixels), { images, tuned } = results(clean);
    const ranked = [], measured = (now.kind === run.kind && run.psnrs.find((row) => Math.abs(row.noise - now.level) < 1e-6)) || {};
    for (const name of methods.slice(1)) if (images[name]) ranked.push({ name, label: T.noise[name], psnr: psnr(meanSquaredError(clean, images[name])) });
    const place = (each) => each.psnr + (each.name === "noisy" ? SAME : 0); // who gains less than that does nothing
    ranked.sort((a, b) => (place(a) < place(b)) - (place(a) > place(b)));
    shown.clean.show(clean, T.noise.clean);
    for (const name of methods.slice(1)) {
      const rank = ranked.findIndex((each) => each.name === name), value = rank < 0 ? T.noise.noFilter(run.filters.map((row) => row.noise)) : T.noise.db(ranked[rank].psnr);
      shown[name].show(images[name] ?? null, T.noise[name], rank ? value : T.noise.best(value));
    }
    const known = methods.filter((name) => name in measured).sort((a, b) => measured[b] - measured[a]);
    caption.textContent = sentence(ranked);
    note.textContent = [
      known.length ? T.noise.measured(levelText(now.level), measured.images, known.map((name) => `${T.noise[name]} ${T.noise.db(measured[name])}`)) : T.noise.notMeasured,
      T.noise.unit,
      T.noise[run.linear ? "trained" : "trainedAlone"](run.noise, T.noise.kinds[run.kind]),
      tuned ? T.noise.filtersFor(T.noise.kinds[run.kind]) : "",
    ].filter(Boolean).join(" ");
    const cells = ({ name, label, psnr: value }) => [label, Number.isFinite(value) ? value.toFixed(2) : T.noise.db(value), name in measured ? measured[name].toFixed(2) : T.none];
    rows.replaceChildren(...ranked.map((each) => el("tr", {}, cells(each).map((text) => el("td", { text })))));
    choices.forEach((node, index) => node.setAttribute("aria-pressed", String(!now.drawing && index === now.letter)));
    state.write({
      letter: now.drawing ? null : now.letter, drawing: now.drawing ? encodeDrawing(now.drawing) : null,
      level: now.level, kind: now.kind, seed: now.seed,
    });
  }
  const show = perFrame(draw);

  const head = el("thead", {}, el("tr", {}, T.noise.columns.map((text) => el("th", { text, scope: "col" }))));
  root.append(
    el("p", { className: "lead", text: T.noise.lead }),
    el("section", {},
      el("div", { className: "row controls" }, level.node, kind.node, button(T.noise.again, () => { now.seed = newSeed(); show(); }, { className: "primary" })),
      el("div", { className: "pictures large" }, methods.map((name) => shown[name].node)),
      caption, note,
      el("details", {}, el("summary", { text: T.table }), el("table", {}, head, rows))),
    el("div", { className: "split" },
      count ? el("section", {}, el("h2", { text: T.noise.pick }), arrows(el("div", { className: "thumbnails" }, choices))) : null,
      el("section", {}, el("h2", { text: count ? T.noise.draw : T.codes.draw }), el("p", { className: "hint", text: T.drawHere }), pad.node)));
  if (now.drawing) pad.set(now.drawing);
  draw();
  return { redraw: draw };
}

// Every digit, since filters and means are those of this level.
const levelText = (level) => (Number.isInteger(level) ? level.toFixed(1) : String(level));

// The letter to begin with: of every fourth, the one whose Gaussian-filtered picture has the median error.
function typicalLetter({ noise, kind, filters, height, width }, letters) {
  const tuned = filters.find((row) => Math.abs(row.noise - noise) < 1e-6 && row.gaussian);
  if (!tuned) return 0;
  const error = (image) => meanSquaredError(image, filter("gaussian", tuned.gaussian, addNoise(image, kind, noise, 0), height, width));
  const tried = letters.map((image, index) => [index, image]).filter(([index]) => index % 4 === 0).map(([index, image]) => ({ index, error: error(image) }));
  return tried.sort((a, b) => a.error - b.error)[tried.length >> 1]?.index ?? 0;
}

// Gaussian noise has no limit; of the other kinds the level is a share of the pixels.
const mostNoise = (run, kind) => (kind === "gaussian" ? Math.max(1, run.noise) : 1);

function readNoiseState(state, run, typical, count, pixels) {
  const whole = (name, fallback, limit) => {
    const value = Math.floor(Number(state.get(name, String(fallback))));
    return value >= 0 && value < limit ? value : fallback;
  };
  const level = Number(state.get("level", String(run.noise))), asked = state.get("kind", run.kind);
  const kind = Object.hasOwn(T.noise.kinds, asked) ? asked : run.kind;
  return {
    letter: whole("letter", typical, Math.max(count, 1)), seed: whole("seed", 0, 2 ** 32),
    drawing: state.get("drawing", "") ? decodeDrawing(state.get("drawing", ""), pixels) : null,
    level: Number.isFinite(level) ? Math.min(mostNoise(run, kind), Math.max(0, level)) : run.noise, kind,
  };
}
