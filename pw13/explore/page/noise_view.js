// Noise: one picture, its noisy copy, and what each method makes of it.

function noiseView(root, run, state) {
  const net = new Denoiser(run), { width, height, pictures } = run, pixels = width * height, count = pictures.rows.length;
  const letters = Array.from({ length: count }, (_, i) => pixelsOf(pictures, i, pixels));
  const now = readNoiseState(state, run, count, pixels);
  const methods = ["clean", "noisy", "network", "median", "gaussian", "linear"];
  const shown = Object.fromEntries(methods.map((name) => [name, picture(width, height, name === "network" ? "accent" : "")]));
  const caption = el("p", { className: "sentence" }), note = el("p", { className: "hint" }), rows = el("tbody");

  const level = slider(T.noise.level, { min: 0, max: 1, step: 0.1, value: now.level, show: (value) => value.toFixed(1), oninput: (value) => { now.level = value; show(); } });
  const kind = select(T.noise.kind, Object.entries(T.noise.kinds), now.kind, (value) => { now.kind = value; show(); });
  const pad = drawingPad(width, height, (image) => { now.drawing = Float64Array.from(image); show(); });
  const choices = thumbnails(letters.map((image, index) => ({
    pixels: image, label: `${T.letter} ${index + 1}: ${classOf(pictures, index)}`,
    onclick: () => { now.letter = index; now.drawing = null; show(); },
  })), width, height);

  function results(clean) {
    const noisy = addNoise(clean, now.kind, now.level, now.seed), images = { clean, noisy, network: net.denoise(noisy) };
    const tuned = run.filters.find((row) => Math.abs(row.noise - now.level) < 1e-6);
    for (const name of ["median", "gaussian"]) {
      if (tuned && tuned[name]) images[name] = filter(name, tuned[name], noisy, height, width);
    }
    if (run.linear && Math.abs(now.level - run.noise) < 1e-6) images.linear = linearDenoise(run.linear, noisy);
    return { images, tuned };
  }

  function draw() {
    const clean = now.drawing || letters[now.letter] || new Float64Array(pixels), { images, tuned } = results(clean);
    const ranked = [];
    for (const name of methods) {
      const image = images[name];
      shown[name].node.hidden = !image;
      if (!image) continue;
      const value = psnr(meanSquaredError(clean, image));
      shown[name].show(image, T.noise[name], name === "clean" ? "" : T.noise.db(value));
      if (name !== "clean" && name !== "noisy") ranked.push({ label: T.noise[name], psnr: value });
    }
    const noisyPsnr = { label: T.noise.noisy, psnr: psnr(meanSquaredError(clean, images.noisy)) };
    ranked.sort((a, b) => b.psnr - a.psnr);
    caption.textContent = T.noise.sentence(now.level.toFixed(1), ranked);
    note.textContent = [
      T.noise.trained(run.noise, T.noise.kinds[run.kind]),
      tuned ? T.noise.filtersFor(T.noise.kinds[run.kind]) : run.filters.length ? T.noise.filtersMissing(run.filters.map((row) => row.noise)) : "",
      run.linear && !images.linear ? T.noise.linearAt(run.noise) : "",
    ].filter(Boolean).join(" ");
    rows.replaceChildren(...[...ranked, noisyPsnr].map((each) => el("tr", {}, el("td", { text: each.label }), el("td", { text: Number.isFinite(each.psnr) ? each.psnr.toFixed(2) : T.noise.db(each.psnr) }))));
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
      count ? el("section", {}, el("h2", { text: T.noise.pick }), el("div", { className: "thumbnails" }, choices)) : null,
      el("section", {}, el("h2", { text: count ? T.noise.draw : T.codes.draw }), el("p", { className: "hint", text: T.drawHere }), pad.node)));
  if (now.drawing) pad.set(now.drawing);
  draw();
  return { redraw: draw };
}

function readNoiseState(state, run, count, pixels) {
  const whole = (name, fallback, limit) => {
    const value = Math.floor(Number(state.get(name, String(fallback))));
    return value >= 0 && value < limit ? value : fallback;
  };
  const level = Number(state.get("level", String(run.noise))), kind = state.get("kind", run.kind);
  return {
    letter: whole("letter", 0, Math.max(count, 1)), seed: whole("seed", 0, 2 ** 32),
    drawing: state.get("drawing", "") ? decodeDrawing(state.get("drawing", ""), pixels) : null,
    level: Number.isFinite(level) ? clip(level) : run.noise, kind: kind in T.noise.kinds ? kind : run.kind,
  };
}
