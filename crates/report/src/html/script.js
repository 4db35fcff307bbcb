"use strict";

// Tables: a press on a heading sorts by it, another one the other way round. What has no number stays last.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const numeric = heading.classList.contains("number");
      const first = numeric ? "descending" : "ascending";
      const other = numeric ? "ascending" : "descending";
      const order = heading.getAttribute("aria-sort") === first ? other : first;
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const key = (row) => {
        const cell = row.cells[column];
        const text = cell.textContent.trim();
        return numeric ? parseFloat(cell.dataset.value ?? text) : text;
      };
      const compare = (a, b) => {
        if (!numeric) return sign * a.localeCompare(b);
        return Number.isNaN(a) - Number.isNaN(b) || sign * (a - b) || 0;
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
    });
  });
}

// Images: one dialog shows what the template beside the pressed card says.
const dialog = document.querySelector("dialog");
const content = dialog.querySelector(".content");
const cards = [...document.querySelectorAll(".card")];
let shown = 0;

function show(place) {
  shown = (place + cards.length) % cards.length;
  const card = cards[shown];
  content.replaceChildren(card.nextElementSibling.content.cloneNode(true));
  content.querySelector(".picture").append(still());
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

cards.forEach((card, place) => card.addEventListener("click", () => show(place)));
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
for (const button of dialog.querySelectorAll("[data-move]")) {
  button.addEventListener("click", () => show(shown + Number(button.dataset.move)));
}
dialog.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(shown - 1);
  else if (event.key === "ArrowRight") show(shown + 1);
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  content.replaceChildren();
  cards[shown].focus();
});

// On paper nothing can be unfolded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details")) details.open = true;
});
