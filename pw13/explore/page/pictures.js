// Pictures of pixels in [0, 1], a pad to draw on, and letters to choose from.

function paint(canvas, pixels, width, height) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), data = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const value = Math.round(255 * clip(pixels[i]));
    data.data.set([value, value, value, 255], 4 * i);
  }
  context.putImageData(data, 0, 0);
}

const pixelsOf = (pictures, index, size) =>
  Float64Array.from(pictures.images.subarray(index * size, (index + 1) * size), (value) => value / 255);

const classOf = (pictures, index) => pictures.classes[pictures.labels[index]] ?? T.none;

// A picture with its caption; `show(pixels, caption, note)` changes it, null pixels leave it empty.
function picture(width, height, className = "") {
  const canvas = el("canvas", { className: "pixels", role: "img" }), caption = el("b"), note = el("span");
  const node = el("figure", { className: `picture ${className}` }, canvas, el("figcaption", {}, caption, note));
  const show = (pixels, text, more = "") => {
    paint(canvas, pixels || new Float64Array(width * height), width, height);
    canvas.classList.toggle("empty", !pixels);
    canvas.setAttribute("aria-label", `${text} ${more}`.trim());
    caption.textContent = text;
    note.textContent = more;
  };
  show(null, "");
  return { node, show };
}

// Buttons with a small picture each.
function thumbnails(items, width, height) {
  return items.map(({ pixels, label, onclick }) => {
    const canvas = el("canvas", { className: "pixels" });
    paint(canvas, pixels, width, height);
    return el("button", { type: "button", className: "thumbnail", ariaLabel: label, title: label, onclick }, canvas);
  });
}

// A pad of width x height pixels that white strokes are drawn on; `onchange` gets the pixels.
function drawingPad(width, height, onchange) {
  const pixels = new Float64Array(width * height);
  const canvas = el("canvas", { className: "pixels pad", tabIndex: 0, role: "img", ariaLabel: T.drawHere });
  let last = null, pen = [width / 2, height / 2]; // where a stroke goes on, and the pen of the keyboard
  const redraw = () => {
    paint(canvas, pixels, width, height);
    if (!canvas.matches(":focus-visible")) return; // the pen of the keyboard
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(canvas).getPropertyValue("--warm");
    context.fillRect(Math.floor(pen[0]), Math.floor(pen[1]), 1, 1);
  };
  const position = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  const dab = (x, y) => {
    const radius = Math.max(1.2, width / 18);
    for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
      const value = clip(radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y));
      pixels[row * width + column] = Math.max(pixels[row * width + column], value);
    }
  };
  const stroke = (event) => {
    const next = position(event), from = last || next, steps = Math.ceil(Math.hypot(next[0] - from[0], next[1] - from[1])) + 1;
    for (let i = 1; i <= steps; i++) dab(from[0] + ((next[0] - from[0]) * i) / steps, from[1] + ((next[1] - from[1]) * i) / steps);
    last = next;
    redraw();
    onchange(pixels);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && stroke(event));
  canvas.addEventListener("keydown", (event) => {
    const step = arrowOf(event);
    if (!step) return;
    event.preventDefault();
    if (!event.shiftKey) dab(...pen);
    pen = [Math.min(Math.max(pen[0] + step[0], 0), width - 1), Math.min(Math.max(pen[1] + step[1], 0), height - 1)];
    if (!event.shiftKey) dab(...pen);
    redraw();
    if (!event.shiftKey) onchange(pixels);
  });
  canvas.addEventListener("focus", redraw);
  canvas.addEventListener("blur", redraw);
  const set = (values) => {
    pixels.set(values || new Float64Array(width * height));
    redraw();
  };
  const node = el("div", { className: "draw" }, canvas, button(T.clear, () => {
    pen = [width / 2, height / 2];
    set(null);
    onchange(pixels);
  }));
  redraw();
  return { node, set };
}

// A drawing in the address: four bits per pixel.
function encodeDrawing(pixels) {
  let text = "";
  for (let i = 0; i < pixels.length; i += 2) {
    text += String.fromCharCode((Math.round(15 * pixels[i]) << 4) | Math.round(15 * (pixels[i + 1] ?? 0)));
  }
  return btoa(text).replace(/A{4,}/g, (run) => `.${run.length}.`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decodeDrawing(text, size) {
  const result = new Float64Array(size);
  try {
    const code = text.replace(/\.(\d{1,4})\./g, (_, count) => "A".repeat(Number(count))).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = atob(code);
    for (let i = 0; i < size; i++) result[i] = ((bytes.charCodeAt(i >> 1) >> (i % 2 ? 0 : 4)) & 15) / 15 || 0;
  } catch {
    return new Float64Array(size); // an address that somebody has cut
  }
  return result;
}
