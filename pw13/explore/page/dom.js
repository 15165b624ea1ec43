// Elements. Text is only ever set as text, never as markup: names and settings come from files.

const byId = (id) => document.getElementById(id);
const SVG_NAMESPACE = byId("svg").namespaceURI;

function build(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "style") node.style.cssText = value; // the attribute is an inline style, which the policy forbids
    else if (name in node && !(node instanceof SVGElement) && name !== "list") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const el = (tag, properties = {}, ...children) => build(document.createElement(tag), properties, children);
const svg = (tag, properties = {}, ...children) => build(document.createElementNS(SVG_NAMESPACE, tag), properties, children);

const button = (text, onclick, properties = {}) => el("button", { type: "button", text, onclick, ...properties });

// A labelled slider with its value beside it; `show` turns the value into text.
function slider(label, { min, max, step, value, show = String, oninput, className = "" }) {
  const output = el("output", { text: show(value) });
  const input = el("input", { type: "range", min, max, step, value, ariaLabel: label });
  input.setAttribute("aria-valuetext", show(value));
  const set = (next) => {
    input.value = next;
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    set(input.value);
    oninput(Number(input.value));
  });
  const blank = () => { output.textContent = T.none; };
  return { node: el("label", { className: `slider ${className}` }, el("span", { text: label }), input, output), input, set, blank };
}

// One stop of the Tab key for all buttons in `node`; arrows move between them, up and down in a table's column or to the
// neighbour in a list.
function arrows(node) {
  const stops = () => Array.from(node.querySelectorAll("button"));
  const current = (stop) => stops().forEach((each) => { each.tabIndex = each === stop ? 0 : -1; });
  current(stops()[0]);
  node.addEventListener("focusin", (event) => event.target.matches("button") && current(event.target));
  node.addEventListener("keydown", (event) => {
    const all = stops(), from = event.target.closest("button"), cell = from?.closest("td"), item = from?.closest("li");
    const arrow = arrowOf(event);
    if (!arrow || !from) return;
    const step = arrow[0] + arrow[1], vertical = arrow[1] !== 0;
    if (vertical && item) {
      const there = (step > 0 ? item.nextElementSibling : item.previousElementSibling)?.querySelectorAll("button") ?? [];
      there[Math.min(all.indexOf(from), there.length - 1)]?.focus();
    } else {
      const line = vertical && cell ? all.filter((each) => each.closest("td").cellIndex === cell.cellIndex) : all;
      line[line.indexOf(from) + step]?.focus();
    }
    event.preventDefault();
  });
  return node;
}

// Redraws without taking the keyboard away: what had the focus is found again by its label, and its place among those
// with the same one.
function keepFocus(root, redraw) {
  const before = document.activeElement, label = (node) => node.ariaLabel || (node.closest("label") ?? node).textContent;
  const alike = () => Array.from(root.querySelectorAll(before.tagName)).filter((node) => label(node) === name);
  const name = label(before), place = root.contains(before) ? alike().indexOf(before) : -1;
  redraw();
  if (place >= 0 && !before.isConnected) alike()[place]?.focus({ preventScroll: true });
}

// The direction of an arrow key, `[x, y]`; null for other keys, and with those that mean the browser's own shortcuts.
function arrowOf(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  return { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? null;
}

function field(label, input) {
  return el("label", { className: "field" }, el("span", { text: label }), input);
}

function select(label, options, value, onchange) {
  const input = el("select", {}, options.map(([key, text]) => el("option", { value: key, text, selected: key === value })));
  input.addEventListener("change", () => onchange(input.value));
  return { node: field(label, input), input };
}

function table(columns, rows, properties = {}) {
  const head = el("thead", {}, el("tr", {}, columns.map((text) => el("th", { text, scope: "col" }))));
  const body = el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) =>
    cell instanceof Node ? el("td", {}, cell) : el("td", { text: cell, className: typeof cell === "number" ? "number" : "" })))));
  return el("table", properties, head, body);
}

// Redraws at most once per frame, with the latest arguments.
function perFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

// Runs once, `pause` ms after the last call: for what may wait while a slider moves.
function settled(run, pause = 120) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(run, pause, ...values);
  };
}

const significant = (value, digits = 4) =>
  value === null || value === undefined || value === "" || !Number.isFinite(Number(value)) ? T.none
    : Number.isInteger(value) ? value.toLocaleString("en") : String(Number(Number(value).toPrecision(digits)));
