// The page: which view is shown, the state in the address, and what a running pw13 adds.

const VIEWS = { codes: codesView, noise: noiseView, names: namesView, runs: runsView, svm: svmView };
const POLL = 2000; // ms between two looks at running trainings

// The part of the address after "#": the view and its state. Views read it once and write every change.
// A click that changes it is a step back; what slides or is typed is none, and shows in the address a little later,
// since browsers limit how often it may change.
const address = {
  last: "",
  clicked: false,
  read: () => new URLSearchParams(location.hash.slice(1)),
  write(view, values) {
    const parameters = new URLSearchParams({ view });
    for (const [name, value] of Object.entries(values)) if (value !== null && value !== undefined) parameters.set(name, value);
    const next = `#${parameters}`, changed = this.last && next !== this.last;
    if (this.clicked && changed) {
      this.flush();
      history.pushState(null, "", next);
    }
    if (changed) this.clicked = false;
    this.last = next;
    this.replace();
  },
  flush: () => address.last && address.last !== location.hash && history.replaceState(null, "", address.last),
  replace: settled(() => address.flush(), 150),
};
addEventListener("click", (event) => { address.clicked = Boolean(event.target.closest("button, .map, [type=checkbox]")); }, true);
addEventListener("change", (event) => { address.clicked = event.target.matches("select, [type=checkbox]"); }, true);
addEventListener("input", (event) => { address.clicked &&= event.target.matches("select, [type=checkbox]"); }, true);

function start(contents) {
  const remembered = {};
  let shown = null, polling = 0, current = 0;
  const services = contents.served ? served() : {};
  if (contents.served) services.live = (report) => {
    const own = ++polling;
    const look = () => services.runs().then((runs) => own === polling && report(runs), () => own === polling && report(null, true))
      .finally(() => own === polling && setTimeout(look, contents.runs.some((run) => run.status === "running") ? POLL : 5 * POLL));
    setTimeout(look, POLL);
  };

  // The arrays of a view are unpacked when it is first shown.
  const packed = new Set(["codes", "noise", "names", "svm"]);
  async function unpackView(view) {
    if (packed.delete(view)) contents[view] = unpack(contents[view]);
    contents[view] = await contents[view];
  }

  const inRunsDir = (command) => [command, contents.runs_dir].filter(Boolean).join(" ");
  async function show() {
    address.last = "";
    address.clicked = false;
    shown = null;
    const parameters = address.read(), available = Object.keys(VIEWS);
    const asked = parameters.get("view"), view = available.includes(asked) ? asked : firstView(contents);
    const root = el("div", { className: `view ${view}` });
    const own = ++current, focus = heldFocus(byId("view"));
    polling++;
    for (const link of byId("views").children) link.setAttribute("aria-current", link.dataset.view === view ? "page" : "false");
    byId("view").replaceChildren(root);
    document.title = `${T.views[view]} · pw13 explore`;
    await unpackView(view);
    if (own !== current) return;
    if (!contents[view].length) {
      const [text, command] = T.missing[view];
      root.append(el("p", { className: "lead" }, `${text} `, el("code", { text: inRunsDir(command) })));
      return;
    }
    const runs = view === "runs" ? null : contents[view], run = runs?.find((each) => each.run === parameters.get("run")) ?? runs?.[0];
    const values = run && runs.length > 1 ? { run: run.run } : {};
    const state = {
      get: (name, fallback) => parameters.get(name) ?? fallback,
      write(next) {
        if (own !== current) return; // a change that came after another view
        address.write(view, { ...values, ...next });
        remembered[view] = address.last;
      },
    };
    if (runs?.length > 1) root.append(select(T.run, runs.map((each) => [each.run, each.run]), run.run, (name) => { location.hash = new URLSearchParams({ view, run: name }); }).node);
    if (run?.problem) root.append(el("p", { className: "lead" }, `${T.problems[run.problem](run.run)} `, el("code", { text: inRunsDir(T.missing[view][1]) })));
    else shown = VIEWS[view](root, run ?? contents, state, services);
    focus();
  }

  document.body.prepend(button(T.skip, () => byId("view").focus(), { className: "skip" }));
  byId("views").append(...Object.entries(T.views).map(([view, text]) => {
    const link = el("a", { href: `#view=${view}`, text });
    link.dataset.view = view;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      address.flush();
      history.pushState(null, "", remembered[view] ?? `#view=${view}`);
      show();
    });
    return link;
  }));
  byId("footer").append(el("p", { text: T.footer(contents.version, contents.served) }), contents.notes.length ? el("p", { text: T.notShown(contents.notes) }) : "");
  addEventListener("popstate", show); // also when the address is edited
  addEventListener("resize", perFrame(() => shown?.redraw()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown?.redraw());
  return show();
}

function firstView(contents) {
  return Object.keys(VIEWS).find((view) => contents[view].length) ?? "codes";
}

// What the page asks of a running pw13, at the address that it came from.
function served() {
  const token = new URLSearchParams(location.search).get("token");
  const ask = async (path, parameters) => {
    const answer = await fetch(`${path}?${new URLSearchParams({ ...parameters, token })}`);
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };
  return {
    runs: () => ask("runs.json", {}),
    details: (run) => ask("run.json", { run }),
    names: (options) => ask("names.json", options),
    figure: (run, name) => `figure.png?${new URLSearchParams({ run, name, token })}`,
  };
}

async function main() {
  try {
    await start(JSON.parse(byId("contents").textContent));
  } catch (error) {
    byId("view").append(el("p", { className: "lead", text: T.broken(error.message) }));
    throw error;
  }
  document.documentElement.dataset.ready = "true";
}

main();
