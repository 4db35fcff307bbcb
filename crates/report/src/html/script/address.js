
// Every cell has an address, #cell=PROMPT/OPTIMIZER/seed-N: "back" closes what a press has opened.
const CELL = "#cell=";
let shown; // the cell in the dialog
let opened = false; // by a press, which "back" takes back
let returning = false; // "back" is under way
let next; // what to open after it

function addressed() {
  if (!location.hash.startsWith(CELL)) return undefined;
  try {
    return cells.get(decodeURIComponent(location.hash.slice(CELL.length)));
  } catch {
    return undefined; // a broken address
  }
}

function show(cell) {
  shown = cell;
  fill(cell);
  content.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
  // What had the focus may be gone; the arrow keys still have to reach the dialog.
  else if (!dialog.contains(document.activeElement)) content.focus();
}

function follow() {
  const cell = addressed();
  if (cell) show(cell);
  else if (dialog.open) dialog.close();
}

// To the next of the images that are not filtered away.
function move(by) {
  const all = cards.filter((card) => !card.parentNode.hidden);
  const place = all.indexOf(cardOf.get(shown.id));
  const { cell } = all[(place + by + all.length) % all.length].dataset;
  history.replaceState(null, "", CELL + cell);
  show(cells.get(cell));
}

function visit(address) {
  if (returning) {
    next = address;
    return;
  }
  history.pushState(null, "", address);
  opened = true;
  follow();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".card, a[href^='#cell=']");
  if (!link) return;
  event.preventDefault();
  visit(link.dataset.cell ? CELL + link.dataset.cell : link.getAttribute("href"));
});
addEventListener("popstate", () => {
  const address = next;
  [returning, next] = [false, undefined];
  follow();
  if (address) visit(address);
});

dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
for (const button of dialog.querySelectorAll("[data-move]")) {
  button.addEventListener("click", () => move(Number(button.dataset.move)));
}
dialog.addEventListener("keydown", (event) => {
  if (event.target.closest("input, .plot")) return; // which have arrow keys of their own
  if (event.key === "ArrowLeft") move(-1);
  else if (event.key === "ArrowRight") move(1);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  clear();
  content.replaceChildren();
  if (addressed()) {
    if (opened) {
      returning = true;
      history.back();
    } else history.replaceState(null, "", location.href.split("#")[0]);
  }
  opened = false;
  const card = cardOf.get(shown.id);
  card.closest(".row").open = true;
  card.focus();
});

follow();

// On paper nothing can be unfolded; hundreds of rows of images stay as they are.
addEventListener("beforeprint", () => {
  const folded = rows.length <= 60 ? "main details:not(.numbers)" : "main details:not(.numbers, .row)";
  for (const details of document.querySelectorAll(folded)) details.open = true;
});
