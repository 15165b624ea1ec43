// The map of codes: each letter is drawn as the name of its class at its place.

const MAX_MARK = 3; // characters of a class on the map, if they tell it from the others

function codeMap(run, first, choose, project) {
  const { pictures, width, height } = run, count = pictures.rows.length, pixels = width * height;
  const kinds = ["tsne", "pca"].filter((kind) => run[kind === "pca" ? "pca_map" : kind]);
  const marks = shortClasses(pictures.classes);
  let kind = kinds.includes(first) ? first : kinds[0], chosen = null, nearest = [], places = [], drawnSide = 0;
  const canvas = el("canvas", { className: "map", role: "img", tabIndex: 0 }), lens = el("canvas", { className: "pixels lens", hidden: true });
  const box = el("div", { className: "map-box" }, canvas, lens);
  const caption = el("figcaption"), rows = el("tbody");
  const choice = select(T.codes.projection, kinds.map((key) => [key, T.codes.mapKinds[key]]), kind, (value) => {
    kind = value;
    fillTable();
    redraw();
    project(kind);
  });

  function redraw() {
    const points = run[kind === "pca" ? "pca_map" : kind], side = box.clientWidth || 480, ratio = devicePixelRatio || 1;
    drawnSide = box.clientWidth;
    canvas.width = canvas.height = side * ratio;
    const context = canvas.getContext("2d"), style = getComputedStyle(canvas), margin = 14;
    const [xs, ys] = [0, 1].map((axis) => extentOf(points, axis));
    places = Array.from({ length: count }, (_, i) => [xs, ys].map(([low, high], axis) => {
      const share = (points[2 * i + axis] - low) / (high - low || 1);
      return margin + (axis ? 1 - share : share) * (side - 2 * margin);
    }));
    context.scale(ratio, ratio);
    context.clearRect(0, 0, side, side);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", font: `600 ${Math.max(9, side / 44)}px system-ui, sans-serif` });
    places.forEach(([x, y], i) => {
      context.fillStyle = style.getPropertyValue(`--series-${pictures.labels[i] % COLORS.length}`);
      context.globalAlpha = 0.85;
      context.fillText(marks[pictures.labels[i]] ?? T.none, x, y);
    });
    context.globalAlpha = 1;
    const ring = (index, radius, line) => {
      context.beginPath();
      context.arc(...places[index], radius, 0, 2 * Math.PI);
      Object.assign(context, { lineWidth: line, strokeStyle: style.color });
      context.stroke();
    };
    nearest.forEach((index) => ring(index, 7, 1));
    if (chosen !== null) ring(chosen, 11, 2.5);
    describeMap();
  }
  function describeMap() {
    const names = nearest.map((index) => classOf(pictures, index));
    caption.textContent = T.codes.mapSentence(count, chosen === null ? null : { number: chosen + 1, name: classOf(pictures, chosen) }, names);
    canvas.setAttribute("aria-label", caption.textContent);
  }
  function fillTable() {
    const points = run[kind === "pca" ? "pca_map" : kind];
    rows.replaceChildren(...pictures.classes.map((name, label) => {
      const members = Array.from({ length: count }, (_, i) => i).filter((i) => pictures.labels[i] === label);
      const mean = (axis) => significant(members.reduce((sum, i) => sum + points[2 * i + axis], 0) / members.length, 3);
      return el("tr", {}, [name, members.length, members.length ? mean(0) : T.none, members.length ? mean(1) : T.none].map((text) => el("td", { text })));
    }));
  }
  function nearestTo(event) {
    const frame = canvas.getBoundingClientRect(), at = [event.clientX - frame.left, event.clientY - frame.top];
    let best = 0, distance = Infinity;
    places.forEach(([x, y], i) => {
      const d = (x - at[0]) ** 2 + (y - at[1]) ** 2;
      if (d < distance) [best, distance] = [i, d];
    });
    return best;
  }
  canvas.addEventListener("pointermove", (event) => {
    const index = nearestTo(event), [x, y] = places[index];
    lens.hidden = false;
    paint(lens, pixelsOf(pictures, index, pixels), width, height);
    lens.style.left = `${Math.min(Math.max(x - 42, 0), canvas.clientWidth - 84)}px`;
    lens.style.top = `${y > lens.offsetHeight + 26 ? y - lens.offsetHeight - 16 : y + 16}px`;
  });
  canvas.addEventListener("pointerleave", () => { lens.hidden = true; });
  canvas.addEventListener("click", (event) => choose(nearestTo(event)));
  canvas.addEventListener("keydown", (event) => {
    const direction = arrowOf(event);
    if (!direction) return;
    event.preventDefault();
    const next = chosen === null ? 0 : nextTowards(places, chosen, direction);
    if (next !== null) choose(next);
  });
  const head = el("thead", {}, el("tr", {}, T.codes.mapColumns.map((text) => el("th", { text, scope: "col" }))));
  const node = el("figure", { className: "chart" }, choice.node, el("p", { className: "hint", text: T.codes.mapHint }), box, caption,
    el("details", {}, el("summary", { text: T.table }), el("div", { className: "scroll" }, el("table", {}, head, rows))));
  const show = (near, letter) => {
    if (drawnSide && letter === chosen && near.join() === nearest.join()) return;
    [nearest, chosen] = [near, letter];
    redraw();
  };
  fillTable();
  return { node, show, redraw };
}

// The nearest of the places in a direction, `[x, y]`, at most 45 degrees off; null if there is none.
function nextTowards(places, from, [dx, dy]) {
  let best = null, distance = Infinity;
  places.forEach(([x, y], i) => {
    const along = (x - places[from][0]) * dx + (y - places[from][1]) * dy, off = (x - places[from][0]) * dy + (y - places[from][1]) * dx;
    if (along > 0 && Math.abs(off) <= along && along ** 2 + off ** 2 < distance) [best, distance] = [i, along ** 2 + off ** 2];
  });
  return best;
}

// Names of classes that fit on the map: whole if short, else their first characters; where those are alike, without what
// all begin with, and of that as many characters from either end as tell them apart.
function shortClasses(classes) {
  if (!classes.length) return [];
  const names = classes.map(graphemes), shortest = Math.min(...names.map((name) => name.length)), longest = Math.max(...names.map((name) => name.length));
  const marks = (cut) => {
    const texts = cut.map((name) => name.join(""));
    return new Set(texts).size === new Set(classes).size ? texts : null;
  };
  let alike = 0;
  while (alike < shortest - 1 && names.every((name) => name[alike] === names[0][alike])) alike++;
  const rests = names.map((name) => name.slice(alike)), heads = (of, most) => marks(of.map((name) => name.slice(0, most)));
  let found = heads(names, MAX_MARK) ?? heads(rests, MAX_MARK);
  for (let most = 1; !found && most <= longest; most++) found = marks(rests.map((name) => name.slice(-most))) ?? (most > MAX_MARK ? heads(rests, most) : null);
  return found ?? classes;
}

function extentOf(points, axis) {
  let low = Infinity, high = -Infinity;
  for (let i = axis; i < points.length; i += 2) [low, high] = [Math.min(low, points[i]), Math.max(high, points[i])];
  return [low, high];
}
