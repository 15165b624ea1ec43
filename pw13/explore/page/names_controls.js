// What names are drawn with: the controls, the same as a command, and the state in the address.

function namesControls(run, now, services, onchange) {
  const temperature = slider(T.names.temperature, { min: 0, max: 2, step: 0.05, value: now.temp, show: (value) => `${value.toFixed(2)}, ${T.names.temperatureHint(value)}`, oninput: (value) => { now.temp = value; onchange(); } });
  const topK = slider(T.names.topK, { min: 0, max: Math.min(30, run.characters.length), step: 1, value: now.topK, show: (value) => (value ? String(value) : T.names.all), oninput: (value) => { now.topK = value; onchange(); } });
  const topP = slider(T.names.topP, { min: 0.05, max: 1, step: 0.05, value: now.topP, show: percent, oninput: (value) => { now.topP = value; onchange(); } });
  const prefix = el("input", { type: "text", value: now.prefix, maxLength: run.defaults.max_length, dir: "auto", autocomplete: "off", spellcheck: false });
  prefix.addEventListener("input", () => { now.prefix = prefix.value; onchange(); });
  const number = (name, min, max) => {
    const input = el("input", { type: "number", min, max, value: now[name] });
    input.addEventListener("input", () => { if (input.value !== "" && input.checkValidity()) { now[name] = Math.floor(Number(input.value)); onchange(); } });
    input.addEventListener("change", () => { input.value = now[name]; }); // what is out of range is not kept
    return input;
  };
  const count = number("n", 1, 1000), seed = number("seed", 0, 2 ** 31 - 1);
  const command = el("code"), same = el("p", { className: "hint" }, `${T.names.same} `, command);
  const fields = {
    model: services.names && run.mixture ? select(T.names.model, Object.entries(T.names.models), now.model, (value) => { now.model = value; onchange(); }).node : null,
    temperature: temperature.node, topK: topK.node, topP: topP.node, prefix: field(T.names.prefix, prefix), count: field(T.names.count, count), seed: field(T.names.seed, seed),
    again: button(T.names.newSeed, () => { now.seed = newSeed(); seed.value = now.seed; onchange(); }, { className: "primary" }),
  };
  const used = {
    list: Object.keys(fields), ladder: ["topK", "topP", "prefix", "count", "seed", "again"], choose: ["prefix"], score: [],
  };
  const node = el("section", { className: "controls-box" }, el("div", { className: "row controls" }, Object.values(fields)), same);
  const show = (task) => {
    for (const [name, node] of Object.entries(fields)) if (node) node.hidden = !used[task].includes(name);
    node.hidden = !used[task].length;
    same.hidden = task !== "list" || now.model === "ngram";
    command.textContent = generateCommand(run, now);
  };
  return { node, show, setPrefix: (text) => { prefix.value = text; } };
}

function generateCommand(run, now) {
  const quoted = (text) => (/^[A-Za-z0-9_./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`); // for a shell
  return [
    `pw13 generate --run ${quoted(run.run)} --seed ${now.seed} -n ${now.n} --temp ${now.temp}`,
    now.topK ? ` --top-k ${now.topK}` : "", now.topP < 1 ? ` --top-p ${now.topP}` : "", now.model === "mixture" ? " --mix" : "", now.prefix ? ` --prefix ${quoted(now.prefix)}` : "", run.runs_dir && ` ${run.runs_dir}`,
  ].join("");
}

function readNamesState(state, defaults, models) {
  const number = (name, fallback, low, high) => {
    const value = Number(state.get(name, String(fallback)));
    return value >= low && value <= high ? value : fallback;
  };
  const task = state.get("task", "list");
  return {
    task: Object.hasOwn(T.names.tasks, task) ? task : "list", model: models && Object.hasOwn(T.names.models, state.get("model", "")) ? state.get("model", "") : "network",
    temp: number("temp", defaults.temp, 0, 2), topK: Math.floor(number("top-k", 0, 0, 30)), topP: number("top-p", 1, 0.05, 1),
    prefix: Array.from(state.get("prefix", "").replaceAll("\n", "")).slice(0, defaults.max_length).join(""), n: Math.floor(number("n", defaults.n, 1, 1000)),
    seed: Math.floor(number("seed", 1, 0, 2 ** 31 - 1)), text: state.get("text", "").replaceAll("\n", "").slice(0, 200),
  };
}

function writeNamesState(now, defaults) {
  return {
    task: now.task, model: now.model === "network" ? null : now.model, temp: now.temp, "top-k": now.topK || null, "top-p": now.topP < 1 ? now.topP : null,
    prefix: now.prefix || null, n: now.n === defaults.n ? null : now.n, seed: now.seed, text: now.text || null,
  };
}
