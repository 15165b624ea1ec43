// Codes: a map of letters, and one code as sliders.

const MAX_SLIDERS = 128;
const NEAREST = 5;

function codesView(root, run, state) {
  const net = new DenseAutoencoder(run), { width, height, pictures } = run, pixels = width * height;
  const count = pictures.rows.length, letters = Array.from({ length: count }, (_, i) => pixelsOf(pictures, i, pixels));
  const codes = letters.map((image) => net.encode(image));
  const range = unitRanges(codes, net.size);
  const shownUnits = Math.min(net.size, MAX_SLIDERS);
  const read = () => readCodesState(state, { count, pixels, size: net.size, labels: new Set(pictures.labels) });
  let now = read();
  let home = now.source.kind === "letter" ? now.source.value : 0; // the letter that "undo" returns to

  // What the sliders start from: a letter, a drawing, the mean of a class or a random code, perhaps mixed with a letter.
  function origin() {
    const { source } = now;
    if (source.kind === "drawing") return { image: source.image, code: net.encode(source.image), text: T.codes.input };
    if (source.kind === "mean") return { image: null, code: meanCode(source.value), text: T.codes.noInput.mean(pictures.classes[source.value]) };
    if (source.kind === "random") return { image: null, code: randomCode(source.value), text: T.codes.noInput.random };
    return { image: letters[source.value], code: codes[source.value], text: `${T.codes.input} ${classOf(pictures, source.value)}` };
  }
  function meanCode(label) {
    const members = codes.filter((_, i) => pictures.labels[i] === label);
    return range.mean.map((_, unit) => members.reduce((sum, code) => sum + code[unit], 0) / members.length);
  }
  function randomCode(seed) {
    return range.mean.map((mean, unit) => {
      const normal = Math.sqrt(-2 * Math.log(1 - uniform(seed, unit, 0))) * Math.cos(2 * Math.PI * uniform(seed, unit, 1));
      return mean + range.deviation[unit] * normal;
    });
  }
  function currentCode(start) {
    let code = Float64Array.from(start);
    if (now.with !== null) code = code.map((value, unit) => (1 - now.mix) * value + now.mix * codes[now.with][unit]);
    for (const [unit, value] of now.changes) code[unit] = value;
    return code;
  }

  const input = picture(width, height), output = picture(width, height), linear = picture(width, height);
  const near = el("div", { className: "thumbnails" });
  const sliders = Array.from({ length: shownUnits }, (_, unit) => slider(T.codes.unit(unit), {
    min: range.low[unit], max: range.high[unit], step: (range.high[unit] - range.low[unit]) / 200, value: 0,
    show: (value) => value.toFixed(1), className: "unit",
    oninput: (value) => { now.changes.set(unit, Number(value.toFixed(3))); show({ sliders: false, later: true }); },
  }));
  const mix = slider(T.codes.mix, { min: 0, max: 1, step: 0.01, value: 0, show: percent, oninput: (value) => {
    now.mix = value;
    now.changes.clear();
    show({ later: true });
  } });
  const pick = count ? slider(T.letter, { min: 1, max: count, step: 1, value: 1, oninput: (value) => choose(value - 1) }) : null;
  const pad = drawingPad(width, height, (image) => setSource({ kind: "drawing", image: Float64Array.from(image) }));
  const map = count ? codeMap(run, now.map, choose, (kind) => { now.map = kind; state.write(writeCodesState(now)); }) : null;
  const partnerPicture = el("canvas", { className: "pixels" });
  const partnerPick = slider(T.codes.partner, { min: 1, max: Math.max(count, 1), step: 1, value: 1, oninput: (value) => {
    now.with = value - 1;
    now.changes.clear();
    show({ later: true });
  } });
  const partner = el("div", { className: "row", hidden: true },
    el("button", { type: "button", className: "thumbnail", ariaLabel: T.codes.another, title: T.codes.another, onclick: () => { now.with = otherLetter(); show(); } }, partnerPicture), partnerPick.node, mix.node);
  const hint = el("p", { className: "hint" });

  function setSource(source) {
    now = { ...now, source, changes: new Map(), with: null, mix: 0.5 };
    show();
  }
  function choose(index) {
    home = index;
    setSource({ kind: "letter", value: index });
  }

  function draw({ sliders: moveSliders, later }) {
    const start = origin(), code = currentCode(start.code), rebuilt = net.decode(code), changed = now.changes.size > 0 || now.with !== null;
    input.show(start.image, start.text);
    output.show(rebuilt, changed ? T.codes.output.changed : start.image ? T.codes.output.reconstruction : start.text, start.image ? cost(start, rebuilt, changed) : "");
    input.node.hidden = linear.node.hidden = !start.image;
    undo.disabled = !changed && (now.source.kind === "letter" || !count);
    if (net.components && start.image) {
      const image = net.pca(start.image);
      linear.show(image, T.codes.pca(net.components.shape[0]), T.mse(meanSquaredError(start.image, image)));
    } else linear.show(null, T.codes.pca(net.size), net.components ? "" : T.codes.noPca);
    if (moveSliders) sliders.forEach((each, unit) => each.set(code[unit]));
    partner.hidden = now.with === null;
    if (now.with !== null) {
      paint(partnerPicture, letters[now.with], width, height);
      partnerPick.set(now.with + 1);
    }
    mix.set(now.mix);
    hint.textContent = now.with !== null ? T.codes.morphHint : now.source.kind === "random" ? T.codes.randomHint : now.source.kind === "mean" ? T.codes.meansHint : "";
    state.write(writeCodesState(now));
    if (later) settleLater(code, changed);
    else settle(code, changed);
  }
  function cost({ image, code }, rebuilt, changed) {
    const mse = meanSquaredError(image, rebuilt);
    return changed ? T.codes.cost(mse, meanSquaredError(image, net.decode(code))) : T.mse(mse);
  }
  // What need not follow every step of a slider: the neighbours and the map.
  function settle(code, changed) {
    const nearest = nearestCodes(codes, code, NEAREST, now.source.kind === "letter" && !changed ? now.source.value : -1);
    const held = near.contains(document.activeElement);
    near.replaceChildren(...thumbnails(nearest.map((index) => ({
      pixels: letters[index], label: `${T.letter} ${index + 1}: ${classOf(pictures, index)}`, onclick: () => choose(index),
    })), width, height));
    if (held) near.firstChild?.focus({ preventScroll: true });
    const letter = now.source.kind === "letter" ? now.source.value : null;
    if (letter !== null) pick?.set(letter + 1);
    else pick?.blank();
    if (map) map.show(nearest, letter);
  }
  const settleLater = settled(settle);
  const calm = { sliders: false, later: true };
  let pending = calm;
  const scheduled = perFrame(() => {
    const options = pending;
    pending = calm;
    draw(options);
  });
  // sliders: whether they move too; later: whether the neighbours and the map may wait.
  function show({ sliders: moveSliders = true, later = false } = {}) {
    pending = { sliders: pending.sliders || moveSliders, later: pending.later && later };
    scheduled();
  }

  const meanButtons = pictures.classes.map((name, label) => button(name, () => setSource({ kind: "mean", value: label }), pictures.labels.includes(label)
    ? { ariaLabel: `${T.codes.means} ${name}` } : { disabled: true, ariaLabel: T.codes.noMean(name), title: T.codes.noMean(name) }));
  const undo = button(T.codes.reset, () => {
    if (!now.changes.size && now.with === null && count) return choose(home);
    now.changes.clear();
    now.with = null;
    show();
  });
  const changes = el("div", { className: "row" }, undo,
    count ? button(T.codes.random, () => setSource({ kind: "random", value: newSeed() })) : null,
    count > 1 ? button(T.codes.morph, () => { now.with = otherLetter(); now.changes.clear(); show(); }) : null);
  root.append(
    el("p", { className: "lead", text: T.codes.lead(net.size, pixels) }),
    el("div", { className: "split" },
      el("section", {}, el("h2", { text: T.codes.map }), ...(map ? [map.node, pick.node] : [el("p", { className: "hint", text: T.codes.noPictures })])),
      el("section", {},
        el("div", { className: "pictures trio" }, input.node, output.node, linear.node),
        changes, hint, partner,
        el("p", { className: "hint", text: T.codes.codeHint }),
        el("div", { className: "units" }, sliders.map((each) => each.node)),
        shownUnits < net.size ? el("p", { className: "hint", text: T.codes.more(shownUnits, net.size) }) : null)),
    el("div", { className: "split" },
      count ? el("section", {},
        el("h2", { text: T.codes.nearest }), near,
        el("h2", { text: T.codes.means, className: "next" }), el("p", { className: "hint", text: T.codes.meansHint }),
        arrows(el("div", { className: "row", role: "group", ariaLabel: T.codes.means }, meanButtons))) : null,
      el("section", {}, el("h2", { text: T.codes.draw }), el("p", { className: "hint", text: T.drawHere }), pad.node)));

  // The next letter of another class than the one shown.
  function otherLetter() {
    const from = now.with ?? (now.source.kind === "letter" ? now.source.value : 0);
    for (let step = 1; step < count; step++) {
      const index = (from + step * 37) % count;
      if (pictures.labels[index] !== pictures.labels[from]) return index;
    }
    return (from + 1) % count;
  }
  if (now.source.kind === "drawing") pad.set(now.source.image);
  draw({ sliders: true, later: false });
  return { redraw: () => map?.redraw() };
}

function readCodesState(state, { count, pixels, size, labels }) {
  const [kind, text = ""] = state.get("show", count ? "letter:0" : "").split(":"), value = Math.floor(Number(text));
  const within = (limit) => Number.isFinite(value) && value >= 0 && value < limit;
  let source = count ? { kind: "letter", value: 0 } : { kind: "drawing", image: new Float64Array(pixels) };
  if (kind === "drawing") source = { kind, image: decodeDrawing(text, pixels) };
  if ((kind === "letter" && within(count)) || (kind === "mean" && labels.has(value)) || (kind === "random" && within(2 ** 32))) source = { kind, value };
  const partner = Math.floor(Number(state.get("with", "-1")));
  const changes = state.get("code", "").split(",").map((pair) => pair.split(":").map(Number));
  return {
    map: state.get("map", null), source, with: partner >= 0 && partner < count ? partner : null, mix: clip(Number(state.get("mix", "0.5")) || 0),
    changes: new Map(changes.filter(([unit, number]) => Number.isInteger(unit) && unit < size && Number.isFinite(number))),
  };
}

function writeCodesState({ map, source, with: partner, mix, changes }) {
  return {
    map,
    show: `${source.kind}:${source.kind === "drawing" ? encodeDrawing(source.image) : source.value}`,
    with: partner, mix: partner === null ? null : mix,
    code: changes.size ? Array.from(changes, ([unit, value]) => `${unit}:${value}`).join(",") : null,
  };
}

function unitRanges(codes, size) {
  const all = codes.length ? codes : [new Float64Array(size).fill(-4), new Float64Array(size).fill(4)];
  const units = Array.from({ length: size }, (_, unit) => all.map((code) => code[unit]));
  const mean = Float64Array.from(units, (values) => values.reduce((a, b) => a + b, 0) / values.length);
  return {
    mean,
    deviation: units.map((values, unit) => Math.sqrt(values.reduce((sum, value) => sum + (value - mean[unit]) ** 2, 0) / values.length)),
    low: units.map((values) => Math.min(...values)),
    high: units.map((values) => Math.max(...values, Math.min(...values) + 1e-3)),
  };
}

function nearestCodes(codes, code, count, except) {
  const distances = codes.map((other) => other.reduce((sum, value, unit) => sum + (value - code[unit]) ** 2, 0));
  return Array.from(codes.keys()).filter((index) => index !== except).sort((a, b) => distances[a] - distances[b]).slice(0, count);
}
