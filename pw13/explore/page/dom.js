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
  const stops = () => Array.from(node.querySelectorAll("button:enabled"));
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

// Returns a function that gives the focus back after a redraw: to what has the same label as what has it now, and the
// same place among those with that label.
function heldFocus(root) {
  const before = document.activeElement;
  if (!before || before === root || !root.contains(before)) return () => {};
  const label = (node) => node.ariaLabel || (node.closest("label")?.querySelector("span") ?? node.closest("label") ?? node).textContent;
  const alike = () => Array.from(root.querySelectorAll(before.tagName)).filter((node) => label(node) === name);
  const name = label(before), place = alike().indexOf(before);
  return () => document.activeElement === document.body && alike()[place]?.focus({ preventScroll: true });
}

// Redraws without taking the keyboard away or closing the tables that are open.
function keepPlace(root, redraw) {
  const focus = heldFocus(root), open = Array.from(root.querySelectorAll("details"), (node) => node.open);
  redraw();
  root.querySelectorAll("details").forEach((node, index) => { node.open ||= open[index] ?? false; });
  focus();
}

// Puts new rows into a table's body, changing only the cells that differ if the rows are the same ones.
function refreshRows(body, rows) {
  const drawn = Array.from(body.rows);
  if (drawn.length !== rows.length || drawn.some((row, i) => row.dataset.key !== rows[i].dataset.key)) return body.replaceChildren(...rows);
  rows.forEach((row, i) => {
    drawn[i].className = row.className;
    Array.from(row.cells).forEach((cell, j) => drawn[i].cells[j].isEqualNode(cell) || drawn[i].cells[j].replaceWith(cell));
  });
}

// The direction of an arrow key, `[x, y]`; null for other keys, and with those that mean the browser's own shortcuts.
function arrowOf(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  return { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? null;
}

function field(label, input) {
  return el("label", { className: "field" }, el("span", { text: label }), input);
}

// A labelled menu; `fill` changes its options, and leaves it open where they are the same.
function select(label, options, value, onchange) {
  const input = el("select");
  const fill = (next, chosen) => {
    const nodes = next.map(([key, text]) => el("option", { value: key, text }));
    if (nodes.length !== input.options.length || nodes.some((node, i) => !node.isEqualNode(input.options[i]))) input.replaceChildren(...nodes);
    input.value = chosen;
  };
  fill(options, value);
  input.addEventListener("change", () => onchange(input.value));
  return { node: field(label, input), input, fill };
}

function table(columns, rows, properties = {}) {
  const head = el("thead", {}, el("tr", {}, columns.map((text) => el("th", { text, scope: "col" }))));
  const body = el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) =>
    cell instanceof Node ? el("td", {}, cell) : el("td", { text: cell, className: typeof cell === "number" ? "number" : "" })))));
  return el("table", properties, head, body);
}

// What a reader takes for characters: an emoji or an accented letter may be several code units.
const graphemes = (text) =>
  "Segmenter" in Intl ? Array.from(new Intl.Segmenter().segment(text), (each) => each.segment) : Array.from(text);

function shortened(text, most) {
  const all = graphemes(text);
  return all.length > most ? `${all.slice(0, most - 1).join("")}…` : text;
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
