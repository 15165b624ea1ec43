// SVM: confusion matrices of two sets of features, their difference, and the images of a cell.

function svmView(root, run, state) {
  const { pictures, sets } = run, classes = pictures.classes, [, height, width] = pictures.images.shape;
  const title = (set) => {
    const [, features, kernel] = /^(.*)-(rbf|linear)$/.exec(set.name);
    return `${T.svm.features[features] ?? features}, ${T.svm.kernels[kernel]}`;
  };
  const names = sets.map((set) => set.name), named = (key, fallback) => (names.includes(state.get(key, "")) ? state.get(key, "") : fallback);
  const cells = [0, 1, 2].flatMap((side) => classes.flatMap((_, i) => classes.map((_, j) => `${side}:${i},${j}`))), asked = state.get("cell", "");
  const now = { left: named("left", names[0]), right: named("right", names[1] ?? names[0]), cell: cells.includes(asked) ? asked : "" };
  const matrices = el("div", { className: "matrices" }), images = el("section", { className: "cell-images" });
  const find = (name) => sets.find((set) => set.name === name);

  function matrix(set, side) {
    const total = set.matrix.map((row) => row.reduce((a, b) => a + b, 0)), wrong = largestMistake(set.matrix, classes);
    const rightCount = set.matrix.reduce((sum, row, i) => sum + row[i], 0);
    const body = grid((i, j) => {
      const value = set.matrix[i][j], cell = cellOf(side, i, j, value ? String(value) : "", T.svm.cell(classes[i], classes[j], value));
      shade(cell, value ? 0.08 + 0.92 * Math.sqrt(value / (total[i] || 1)) : 0);
      return cell;
    });
    return figure(T.svm.matrix(title(set), set.accuracy), body, T.svm.sentence(title(set), rightCount, wrong));
  }
  function cellOf(side, i, j, text, label) {
    const place = `${side}:${i},${j}`, cell = el("td", { className: now.cell === place ? "chosen" : "" });
    if (text) cell.append(button(text, () => { // the matrices stay as they are scrolled
      matrices.querySelector("td.chosen")?.classList.remove("chosen");
      cell.classList.add("chosen");
      now.cell = place;
      showCell();
    }, { ariaLabel: label }));
    return cell;
  }
  function difference(left, right) {
    const values = right.matrix.map((row, i) => row.map((value, j) => value - left.matrix[i][j]));
    const most = Math.max(1, ...values.flat().map(Math.abs));
    const body = grid((i, j) => {
      const value = values[i][j], good = i === j ? value > 0 : value < 0;
      const text = value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "", cell = cellOf(2, i, j, text, T.svm.cell(classes[i], classes[j], text));
      if (value) cell.classList.add(good ? "better" : "worse");
      cell.style.setProperty("--share", (Math.abs(value) / most).toFixed(3));
      return cell;
    });
    return figure(T.svm.difference, body, `${chance(left, right)} ${T.svm.differenceHint}`);
  }
  function chance(left, right) {
    const test = run.tests[`${left.name},${right.name}`] ?? run.tests[`${right.name},${left.name}`];
    return test ? T.svm.chance(Math.round((right.accuracy - left.accuracy) * run.images), run.images, test) : "";
  }
  function grid(cellAt) {
    const head = el("tr", {}, el("th", { text: T.svm.truth }), classes.map((name) => el("th", { text: name, scope: "col" })));
    return arrows(el("table", { className: "matrix" }, el("thead", {}, head),
      el("tbody", {}, classes.map((name, i) => el("tr", {}, el("th", { text: name, scope: "row" }), classes.map((_, j) => cellAt(i, j)))))));
  }
  const figure = (text, body, sentence) => el("figure", { className: "chart" }, el("h3", { text }), el("div", { className: "scroll" }, body), el("figcaption", { text: sentence }));

  function showCell() {
    state.write({ left: now.left, right: now.right, cell: now.cell || null });
    if (!now.cell) return images.replaceChildren(el("p", { className: "hint", text: T.svm.choose }));
    const [side, cell] = now.cell.split(":"), shown = { 0: [now.left], 1: [now.right], 2: [now.left, now.right] }[side];
    images.replaceChildren(...shown.flatMap((name) => lettersOf(find(name), cell)));
  }
  function lettersOf(set, cell) {
    const [i, j] = cell.split(",").map(Number);
    const count = set.matrix[i]?.[j] ?? 0, found = set.cells[cell] ?? [];
    const text = i === j ? T.svm.right1(title(set), classes[i], count, found.length) : T.svm.images(title(set), classes[i], classes[j], count, found.length);
    return [el("h3", { text }), el("div", { className: "pictures small" }, found.map((index) => {
      const each = picture(width, height);
      each.show(pixelsOf(pictures, index, width * height), classOf(pictures, index));
      return each.node;
    }))];
  }
  function show() {
    matrices.replaceChildren(matrix(find(now.left), 0), matrix(find(now.right), 1), difference(find(now.left), find(now.right)));
    showCell();
  }
  const options = sets.map((set) => [set.name, title(set)]);
  root.append(el("p", { className: "lead", text: T.svm.lead }),
    el("div", { className: "row controls" },
      select(T.svm.left, options, now.left, (value) => { now.left = value; show(); }).node,
      select(T.svm.right, options, now.right, (value) => { now.right = value; show(); }).node),
    matrices, images);
  show();
  return { redraw: () => {} };
}

function largestMistake(matrix, classes) {
  const cells = matrix.flatMap((row, i) => row.map((value, j) => ({ i, j, value: i === j ? 0 : value })));
  const most = Math.max(...cells.map((cell) => cell.value)), largest = cells.filter((cell) => cell.value === most);
  return most ? T.svm.mistakes(largest.slice(0, 4).map(({ i, j }) => T.svm.mistake(classes[i], classes[j])), most) : T.svm.noMistake;
}
