
// Tables of what the judges answered: prompts × optimizers, made when they are scrolled to.
const FIRST_ROWS = 60;

function answerCell(one) {
  const cell = node("td", one.right ? { class: "best" } : {}, one.name);
  if (one.right) cell.append("\u00a0", node("span", { class: "spoken" }, "right"), node("span", { "aria-hidden": "true" }, "✓"));
  cell.append(" ", node("span", { class: "share" }, one.percent));
  return cell;
}

// The cells of a row of the sheet by their optimizers.
const cellsOf = (row) => [...row.querySelectorAll(".card")].map((card) => cells.get(card.dataset.cell));
const headingOf = (row) => [...row.querySelector("h3").cloneNode(true).childNodes];

// The answer of a cell to the question of a table; nothing where it was not asked.
function answerOf(cell, by) {
  if (!cell?.judged) return null;
  if (by !== "largest") return cell.judged.nearest[0]?.[Number(by)] ?? null;
  return cell.judged.segments ? cell.judged.largest ?? { name: "background", percent: "" } : null;
}

function answers(place) {
  const { by, label } = place.dataset;
  const rowOf = (row) => {
    const ofRow = new Map(cellsOf(row).map((cell) => [cell.optimizer, cell]));
    const each = data.looks.map((_, optimizer) => answerOf(ofRow.get(optimizer), by));
    return node("tr", {}, node("th", { scope: "row" }, ...headingOf(row)), ...each.map((one) => (one ? answerCell(one) : node("td", {}, "—"))));
  };
  const head = node("tr", {}, ...["prompt", ...data.looks.map((look) => look.name)].map((text) => node("th", { scope: "col" }, text)));
  const body = node("tbody", {}, ...rows.slice(0, FIRST_ROWS).map(rowOf));
  const box = node("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label });
  box.append(node("table", { class: "answers" }, node("thead", {}, head), body));
  place.replaceChildren(box);
  if (FIRST_ROWS < rows.length) {
    const more = node("button", { type: "button" }, `show all ${rows.length} rows`);
    more.addEventListener("click", () => {
      body.append(...rows.slice(FIRST_ROWS).map(rowOf));
      more.remove();
    });
    place.append(node("div", { class: "tools" }, more));
  }
}

// The images under their masks, where the page has them.
function masks(place) {
  for (const row of rows) {
    const some = cellsOf(row).filter((cell) => cell.judged?.overlay);
    if (!some.length) continue;
    const shown = some.map(({ judged, prompt, optimizer }) => {
      const [name, largest] = [data.looks[optimizer].name, judged.largest?.name ?? "background"];
      const { source, pixels } = judged.overlay;
      const image = node("img", { src: source, alt: `${prompt}, ${name}: ${largest}`, ...(pixels ? { class: "pixels" } : {}) });
      const words = [node("span", {}, name), " ", node("span", {}, judged.largest?.right ? `${largest} ✓` : largest)];
      return node("li", { class: "overlay" }, image, node("span", { class: "caption" }, ...words));
    });
    place.append(node("h3", {}, ...headingOf(row)), node("ul", { class: "sheet" }, ...shown));
  }
}

const approached = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    approached.unobserve(target);
    if (target.classList.contains("masks")) masks(target);
    else answers(target);
  }
}, { rootMargin: "600px" });
for (const place of document.querySelectorAll(".answered, .masks")) approached.observe(place);
