
// The dialog of a cell, made from what the page knows of it.
const dialog = document.querySelector("dialog");
const content = dialog.querySelector(".content");
let ofDialog = []; // what has to end with it

const cardOf = new Map(cards.map((card) => [card.dataset.cell, card]));
const list = (pairs) => node("dl", {}, ...pairs.map(([name, value]) => node("div", {}, node("dt", {}, name), node("dd", {}, value))));
const titleOf = (cell) => `${cell.prompt}, ${data.looks[cell.optimizer].name}, seed ${cell.seed}`;

function fill(cell) {
  clear();
  const facts = cell.facts.map(([name, value]) => [shared.facts[name], value]);
  const right = node("div", {}, list(facts), ...commandOf(cell));
  const columns = node("div", { class: "columns" }, pictureOf(cell), right);
  const settings = node("details", {}, node("summary", {}, "All settings"), list(shared.settings[cell.settings]));
  content.replaceChildren(node("h2", { id: "dialog-title" }, titleOf(cell)), columns, ...curveOf(cell), ...judgedOf(cell), settings, filesOf(cell));
}

function clear() {
  for (const end of ofDialog) end();
  ofDialog = [];
}

// The image, its step and its magnification.
function pictureOf(cell) {
  const still = cardOf.get(cell.id).querySelector(".view").firstElementChild.cloneNode(true);
  const view = node("div", { class: "view" }, still);
  const picture = node("div", { class: "picture", tabindex: "0", role: "region", "aria-label": "Image" }, view);
  player.views.set(view, cell);
  showFrame(view, cell);
  ofDialog.push(() => player.views.delete(view));
  const box = node("div", {}, picture);
  if (still.tagName === "IMG") box.append(zoomBar(cell, still, view));
  const place = node("div", { class: "bar player" });
  const bar = stepsOf(cell) && playerBar(place);
  if (bar) {
    box.append(place);
    ofDialog.push(() => player.bars.delete(bar));
  }
  return box;
}

// Magnifies without smoothing, from the file where the page has a smaller image.
function zoomBar(cell, still, view) {
  let times = 1;
  const words = node("output", {}, "1 ×");
  const zoom = (by) => {
    times = clamp(times * by, 1, 16);
    view.style.width = `${100 * times}%`;
    view.classList.toggle("near", 1 < times);
    words.textContent = `${times} ×`;
    if (1 < times && still.naturalWidth < cell.side) {
      const embedded = still.src;
      still.onerror = () => (still.src = embedded);
      still.src = file(cell, "final.png");
    }
  };
  const button = (text, name, by) => {
    const made = node("button", { type: "button", "aria-label": name }, text);
    made.addEventListener("click", () => zoom(by));
    return made;
  };
  const keys = (event) => {
    const by = { "+": 2, "=": 2, "-": 0.5 }[event.key];
    if (by && !event.target.closest(".plot")) zoom(by);
  };
  dialog.addEventListener("keydown", keys);
  ofDialog.push(() => dialog.removeEventListener("keydown", keys));
  return node("div", { class: "bar zoom" }, button("−", "smaller", 0.5), words, button("+", "larger", 2));
}

function commandOf(cell) {
  const quoted = (path) => `'${path.replaceAll("'", "'\\''")}'`;
  let [before, after] = data.command;
  const elsewhere = before.includes("'RESULTS/experiment.toml'");
  const known = location.protocol === "file:";
  if (elsewhere && known) {
    const folder = decodeURIComponent(new URL(".", location.href).pathname);
    before = before.replace("'RESULTS/experiment.toml'", () => quoted(`${folder}experiment.toml`));
  }
  const code = node("code", {}, `${before}${quoted(cell.id)}${after}`);
  const button = node("button", { type: "button", class: "copy" }, "copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "selected";
    }
  });
  const words = elsewhere && !known ? "Made again by (RESULTS is the folder of this page): " : "Made again by: ";
  return [node("p", {}, words, button), node("pre", {}, code)];
}

function curveOf(cell) {
  if (!cell.curve) return [];
  const [steps, y] = cell.curve;
  const panels = [{ heading: "", lines: [{ s: 0, x: 0, y }] }];
  const place = node("div", { class: "panels" });
  const chart = new Chart(place, { x: "step", y: data.axis, series: [data.looks[cell.optimizer]], panels, xs: [shared.steps[steps]] });
  chart.cursor = player.at === player.last ? null : player.steps[player.at];
  chart.tall = 240;
  charts.push(chart);
  ofDialog.push(() => charts.splice(charts.indexOf(chart), 1));
  return [node("div", { class: "chart" }, place)];
}

function judgedOf({ judged, id }) {
  if (!judged) return [];
  const heads = ["place", "perceptor", ...(judged.has_judge ? ["held-out judge"] : [])];
  const places = judged.nearest.map((pair, n) => node("tr", {}, node("td", {}, n + 1), ...pair.filter(Boolean).map(answerCell)));
  const head = node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)));
  const nearest = node("table", { class: "answers" }, node("thead", {}, head), node("tbody", {}, ...places));
  const beside = node("div", {}, list(judged.facts.map(([name, value]) => [shared.facts[name], value])));
  if (judged.segments) {
    const { source, pixels } = judged.overlay ?? { source: file({ id }, "mask.png"), pixels: false };
    const mask = node("img", { class: pixels ? "mask pixels" : "mask", src: source, alt: "The image under the segmenter's mask" });
    mask.addEventListener("error", () => mask.remove());
    beside.append(mask, node("p", {}, `Segments: ${judged.segments}`));
  }
  const wide = node("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Nearest labels" }, nearest);
  return [node("h3", {}, `Nearest of ${judged.labels} labels`), node("div", { class: "columns" }, wide, beside)];
}

function filesOf(cell) {
  const names = ["cell.toml", "trace.csv", ...(cell.status === "finished" ? ["final.png"] : []), ...(stepsOf(cell) ? ["progress.gif"] : [])];
  const links = names.flatMap((name, n) => [n ? ", " : "", node("a", { href: file(cell, name) }, name)]);
  return node("p", { class: "quiet" }, "Files beside this page: ", ...links);
}
