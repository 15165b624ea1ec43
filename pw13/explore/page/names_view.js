// Names: drawn, side by side at five temperatures, chosen by hand, or scored.

const LADDER = [0.3, 0.6, 0.8, 1.0, 1.3];
const SHADES = [0.01, 0.05, 0.2, 0.5]; // probabilities at which a character's shade changes
const FRAME = 12; // ms of drawing between two frames

function namesView(root, run, state, services) {
  const net = new CharRNN(run), now = readNamesState(state, run.defaults, services.names && run.mixture);
  const results = el("div", { className: "results" }), panel = el("aside", { className: "panel" }), message = el("p", { className: "hint", role: "status" });
  let started = 0, chosen = false;

  const controls = namesControls(run, now, services, () => show());
  const askForNames = settled((own, options) => own === started && services.names(options).then((names) => own === started && showServed(names), (error) => {
    if (own === started) message.textContent = error instanceof TypeError ? T.names.failed : T.names.refused(error.message); // TypeError: no answer
  }));
  const tasks = Object.entries(T.names.tasks).map(([task, text]) => button(text, () => { now.task = task; show(); }, { className: "tab" }));

  function show() {
    tasks.forEach((node, index) => node.setAttribute("aria-pressed", String(Object.keys(T.names.tasks)[index] === now.task)));
    controls.show(now.task);
    state.write(writeNamesState(now, run.defaults));
    started++;
    results.replaceChildren();
    panel.replaceChildren();
    message.textContent = modelNote();
    const options = { temperature: now.temp, topK: now.topK, topP: now.topP, prefix: now.prefix, maxLength: run.defaults.max_length };
    const unknown = Array.from(now.prefix).find((character) => !net.ids.has(character));
    if (unknown !== undefined && now.task !== "score") message.textContent = T.names.unknown(unknown);
    else ({ list, ladder, choose, score })[now.task](options);
  }

  function modelNote() {
    if (now.model !== "network") return now.task === "list" ? T.names.modelNotes[now.model] : T.names.networkOnly;
    return services.names && !run.mixture && now.task === "list" ? T.names.noMixture : "";
  }

  // ------------------------------------------------------------------------------------------------- drawing names
  function list(options) {
    if (now.model !== "network") return listServed();
    const items = el("ol", { className: "names" }), own = started, names = [];
    const progress = el("p", { className: "hint", role: "status" });
    results.append(now.temp === 0 ? el("p", { className: "hint", text: T.names.frozen(net.target === "many-to-one") }) : "", legend(T.names.legendPlain), items, progress);
    const source = sampleNames(net, options, now.seed, now.n);
    const more = () => {
      if (own !== started) return;
      const until = performance.now() + FRAME;
      let next = source.next();
      while (!next.done) {
        names.push(next.value);
        items.append(el("li", {}, nameButton(next.value, options), knownMark(next.value.text, next.value.complete)));
        if (names.length === 1) explain(next.value, 0, options);
        if (performance.now() > until) break;
        next = source.next();
      }
      progress.textContent = next.done ? "" : T.names.progress(names.length, now.n);
      if (!next.done) return void requestAnimationFrame(more);
      results.append(summary(names.map((name) => [name.text, name.nats.toFixed(2), knownText(name.text)])));
    };
    more();
  }
  function listServed() {
    message.textContent = T.names.drawing;
    askForNames(started, { run: run.run, model: now.model, n: now.n, seed: now.seed, temp: now.temp, top_k: now.topK, top_p: now.topP, prefix: now.prefix });
  }
  function showServed(names) {
    message.textContent = modelNote();
    results.append(now.temp === 0 ? el("p", { className: "hint", text: T.names.frozenServed }) : "", el("ol", { className: "names" }, names.map((name) => el("li", {}, el("span", { className: "name", dir: "auto", text: name.text }), knownMark(name.text, name.complete)))),
      summary(names.map((name) => [name.text, name.nats.toFixed(2), knownText(name.text)])));
  }
  function summary(rows) {
    const different = new Set(rows.map((row) => row[0]));
    const fresh = run.known ? [...different].filter((text) => !isKnown(run.known, text)).length : null;
    return el("div", {}, el("p", { className: "sentence", text: T.names.sentence(rows.length, different.size, fresh) }),
      run.known ? el("p", { className: "hint", text: T.names.knownHint(run.known) }) : null,
      el("details", {}, el("summary", { text: T.table }), el("div", { className: "scroll" }, table(T.names.columns, rows))));
  }
  const knownText = (text) => (run.known ? (isKnown(run.known, text) ? T.names.known : T.names.fresh) : T.none);
  function knownMark(text, complete) {
    const known = run.known && isKnown(run.known, text);
    return el("span", { className: known ? "mark known" : "mark", text: `${known ? T.names.known : ""} ${complete ? "" : T.names.cut}`.trim() });
  }

  // A name whose characters are coloured by their probability; the one pointed at is explained beside it. options: of
  // drawing it, if it was drawn.
  function nameButton(name, options) {
    return arrows(el("span", { className: "name", dir: "auto" }, name.steps.filter((step) => step.id !== undefined).map((step, index) => {
      const text = step.id === net.newline ? "⏎" : net.characters[step.id];
      const node = button(text, () => explain(name, index, options), {
        className: `character shade-${shadeOf(step.probability)}${step.id === net.newline ? " end" : ""}`,
        ariaLabel: `${characterName(step.id)}: ${percent(step.probability)}`,
      });
      node.addEventListener("pointerenter", () => explain(name, index, options));
      node.addEventListener("focus", () => explain(name, index, options));
      return node;
    })));
  }
  function explain(name, index, options) {
    const before = name.steps.slice(0, index).map((step) => net.characters[step.id]).join(""), step = name.steps[index];
    const shaped = options && (options.temperature !== 1 || options.topK || options.topP < 1);
    panel.replaceChildren(el("h3", { text: T.names.whatElse(before), dir: "auto" }), name.text ? el("p", { className: "hint", text: T.names.inName(name.text), dir: "auto" }) : "",
      shaped ? el("p", { className: "bars-head hint" }, el("span", { text: T.names.plain }), el("b", { text: T.names.shaped })) : "",
      bars(step.probabilities, step.id, null, shaped ? drawProbabilities(step.logits, options) : null), el("p", { className: "hint", text: T.names.pickHint }));
  }
  // The ten likeliest characters. shaped: their probabilities after temperature, top-k and top-p, which the bars show then.
  function bars(probabilities, chosen, onclick, shaped) {
    const ids = likeliest(probabilities), long = shaped ?? probabilities, top = Math.max(...ids.map((id) => long[id]));
    const rows = ids.concat(chosen === undefined || ids.includes(chosen) ? [] : [chosen]).map((id) => {
      const bar = el("i");
      bar.style.width = `${long[id] ? Math.max(1, (100 * long[id]) / top) : 0}%`;
      const label = characterName(id), numbers = shaped ? [probabilities[id], shaped[id]] : [probabilities[id]];
      const cells = [el("b", { text: label, dir: "auto" }), el("span", { className: "bar" }, bar), ...numbers.map((value) => el("span", { text: percent(value) }))];
      return onclick ? el("li", {}, el("button", { type: "button", onclick: () => onclick(id) }, cells)) : el("li", { className: id === chosen ? "chosen" : "" }, cells);
    });
    return el("ol", { className: shaped ? "bars two" : "bars" }, rows);
  }
  const characterName = (id) => (id === net.newline ? T.names.end : net.characters[id] === " " ? T.names.space : net.characters[id]);
  const legend = (text = T.names.legend) => el("p", { className: "legend hint" }, el("span", { text }), T.names.shades.map((text, shade) => el("span", { className: `character shade-${shade}`, text })));

  // --------------------------------------------------------------------------------------------- the other tasks
  function ladder(options) {
    const own = started, body = el("tbody"), head = el("tr", {}, LADDER.map((temperature) => el("th", { text: temperature.toFixed(1), scope: "col" })));
    const progress = el("p", { className: "hint", role: "status" });
    results.append(el("p", { className: "hint", text: T.names.ladderHint }), el("div", { className: "scroll" },
      el("table", { className: "ladder" }, el("caption", { text: T.names.temperature }), el("thead", {}, head), body)), progress);
    let number = 0, rows = 0;
    const more = () => {
      if (own !== started || rows >= now.n) return;
      if (number >= ATTEMPTS * now.n) return void (progress.textContent = "");
      const until = performance.now() + FRAME;
      do {
        const names = LADDER.map((temperature) => sampleName(net, { ...options, temperature }, now.seed, number));
        number++;
        if (names.every((name) => name.blank)) continue;
        rows++;
        body.append(el("tr", {}, names.map((name) => el("td", { text: name.text, dir: "auto" }))));
      } while (performance.now() < until && rows < now.n);
      progress.textContent = rows < now.n ? T.names.progress(rows, now.n) : "";
      requestAnimationFrame(more);
    };
    more();
  }
  function choose() {
    const { steps, next } = readText(net, now.prefix, uniform(now.seed, 0, 0)), text = Array.from(now.prefix);
    const blank = text.every((character) => net.spaces[net.ids.get(character)]), full = text.length >= run.defaults.max_length;
    const go = (prefix) => {
      now.prefix = prefix;
      controls.setPrefix(prefix);
      show();
    };
    const add = (id) => {
      if (id === net.newline) return void (ending.textContent = `${T.names.finished}${run.known ? ` ${quoted(now.prefix)}: ${knownText(now.prefix)}.` : ""}`);
      chosen = true;
      go(now.prefix + net.characters[id]);
    };
    const ending = el("p", { className: "sentence", role: "status" });
    if (full) message.textContent = T.names.full(text.length);
    const choices = blank ? next.map((probability, id) => (id === net.newline ? 0 : probability)) : next;
    results.append(el("p", { className: "hint", text: T.names.chooseHint }), legend(),
      el("p", { className: "big" }, nameButton({ steps })), full ? "" : bars(choices, undefined, add), ending,
      el("div", { className: "row" },
        button(T.names.back, () => keepPlace(results, () => go(text.slice(0, -1).join("")))),
        button(T.names.start, () => keepPlace(results, () => go("")))));
    if (chosen) results.querySelector(full ? ".row button" : ".bars button").focus({ preventScroll: true }); // so that the keyboard stays here
    chosen = false;
  }
  function score() {
    const output = el("div");
    const input = el("input", { type: "text", value: now.text, maxLength: 200, dir: "auto", autocomplete: "off", spellcheck: false });
    const update = () => {
      now.text = input.value;
      state.write(writeNamesState(now, run.defaults));
      const unknown = Array.from(now.text).find((character) => !net.ids.has(character));
      if (unknown !== undefined || !now.text) return output.replaceChildren(el("p", { className: "hint", text: now.text ? T.names.unknown(unknown) : "" }));
      const { steps, nats } = scoreName(net, now.text);
      output.replaceChildren(el("p", { className: "big" }, nameButton({ steps })),
        el("p", { className: "sentence", text: T.names.scored(nats, nats / Math.LN2, Math.exp(nats), net.characters.length) }),
        run.known ? el("p", {}, el("b", { text: knownText(now.text) }), ` · ${T.names.knownHint(run.known)}`) : "",
        el("details", {}, el("summary", { text: T.table }), table(T.names.nextColumns, steps.map((step) => [characterName(step.id), percent(step.probability)]))));
      explain({ steps }, 0);
    };
    input.addEventListener("input", update);
    results.append(el("p", { className: "hint", text: T.names.scoreHint }), field(T.names.scoreLabel, input), legend(), output,
      net.target === "many-to-one" ? el("p", { className: "hint", text: T.names.startsFrom }) : "");
    update();
  }

  root.append(el("p", { className: "lead", text: T.names.lead }), el("div", { className: "row", role: "group" }, tasks), controls.node, message,
    el("div", { className: "split names-split" }, el("section", {}, results), panel));
  show();
  return { redraw: () => {} };
}

function shadeOf(probability) {
  const shade = SHADES.findIndex((limit) => probability < limit);
  return shade < 0 ? SHADES.length : shade;
}
