
// Images: one dialog shows what the template beside the pressed card says.
const dialog = document.querySelector("dialog");
const content = dialog.querySelector(".content");
const cards = [...document.querySelectorAll(".card")];
let shown = 0;

function show(place) {
  shown = place;
  const card = cards[shown];
  content.replaceChildren(card.nextElementSibling.content.cloneNode(true));
  content.querySelector(".picture").append(still());
  content.querySelectorAll("[data-results]").forEach(locate);
  content.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
  // What had the focus may be gone; the arrow keys still have to reach the dialog.
  else if (!dialog.contains(document.activeElement)) content.focus();
}

const still = () => cards[shown].querySelector("img, .missing").cloneNode(true);

// Nothing moves unless it is asked to.
content.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (!button) return;
  const play = button.getAttribute("aria-pressed") === "false";
  button.setAttribute("aria-pressed", play);
  let shows = still();
  if (play) {
    shows = new Image();
    shows.className = "pixels";
    shows.alt = `How the image came about: ${content.querySelector("#dialog-title").textContent}`;
    shows.src = button.dataset.play;
  }
  content.querySelector(".picture").replaceChildren(shows);
});

// A command that names the folder of this page, and a press that copies it.
function quoted(path) {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function locate(code) {
  if (location.protocol !== "file:") return;
  const folder = decodeURIComponent(new URL(".", location.href).pathname);
  code.textContent = code.textContent.replace("'RESULTS/experiment.toml'", () => quoted(`${folder}experiment.toml`));
}

async function copy(button) {
  const code = button.closest("div").querySelector("pre code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "selected";
  }
}

content.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// Every cell has an address, #cell=PROMPT/OPTIMIZER/seed-N: "back" closes what a press has opened.
const CELL = "#cell=";
const places = new Map(cards.map((card, place) => [card.dataset.cell, place]));
let opened = false; // by a press, which "back" takes back
let returning = false; // "back" is under way
let next; // what to open after it

const addressed = () => {
  if (!location.hash.startsWith(CELL)) return undefined;
  try {
    return places.get(decodeURIComponent(location.hash.slice(CELL.length)));
  } catch {
    return undefined; // a broken address
  }
};

function follow() {
  const place = addressed();
  if (place !== undefined) show(place);
  else if (dialog.open) dialog.close();
}

function move(by) {
  const place = (shown + by + cards.length) % cards.length;
  history.replaceState(null, "", CELL + cards[place].dataset.cell);
  show(place);
}

function open(address) {
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
  open(link.dataset.cell ? CELL + link.dataset.cell : link.getAttribute("href"));
});
addEventListener("popstate", () => {
  const address = next;
  [returning, next] = [false, undefined];
  follow();
  if (address) open(address);
});
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
for (const button of dialog.querySelectorAll("[data-move]")) {
  button.addEventListener("click", () => move(Number(button.dataset.move)));
}
dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") move(-1);
  else if (event.key === "ArrowRight") move(1);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  content.replaceChildren();
  if (addressed() !== undefined) {
    if (opened) {
      returning = true;
      history.back();
    } else history.replaceState(null, "", location.href.split("#")[0]);
  }
  opened = false;
  cards[shown].focus();
});

follow();

// On paper nothing can be unfolded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details")) details.open = true;
});
