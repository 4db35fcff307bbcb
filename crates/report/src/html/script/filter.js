
// Which images are shown: by a prompt's words, optimizer, seed, further settings and status.
const cards = [...document.querySelectorAll(".card")];
const rows = [...document.querySelectorAll(".row")];

function filters(place) {
  const ofCards = cards.map((card) => cells.get(card.dataset.cell));
  const facets = [
    ["optimizer", (cell) => data.looks[cell.optimizer].name],
    ["seed", (cell) => `${cell.seed}`],
    ["setting", (cell) => cell.axes],
    ["status", (cell) => cell.status],
  ];
  const words = node("input", { type: "search", placeholder: "prompt", "aria-label": "Words of the prompt" });
  const choices = facets.flatMap(([name, of]) => {
    const values = [...new Set(ofCards.map(of))];
    if (values.length < 2) return [];
    const choice = node("select", { "aria-label": name }, node("option", { value: "" }, `every ${name}`));
    choice.append(...values.map((value) => node("option", { value: `=${value}` }, value || "none")));
    return [{ choice, of }];
  });
  const count = node("output");
  const fold = node("button", { type: "button" });
  const foldWords = () => {
    fold.textContent = rows.every((row) => row.open) ? "fold all" : "unfold all";
  };
  const apply = () => {
    const wanted = words.value.trim().toLowerCase();
    const fits = (cell) =>
      cell.prompt.toLowerCase().includes(wanted) && choices.every(({ choice, of }) => !choice.value || choice.value === `=${of(cell)}`);
    let shown = 0;
    cards.forEach((card, n) => {
      const fit = fits(ofCards[n]);
      card.parentNode.hidden = !fit;
      shown += fit;
    });
    for (const row of rows) row.hidden = !row.querySelector("li:not([hidden])");
    count.textContent = `${shown} of ${cards.length}`;
  };
  fold.addEventListener("click", () => {
    const open = !rows.every((row) => row.open);
    for (const row of rows) row.open = open;
    foldWords();
  });
  for (const input of [words, ...choices.map(({ choice }) => choice)]) input.addEventListener("input", apply);
  for (const row of rows) row.addEventListener("toggle", foldWords);
  place.replaceChildren(words, ...choices.map(({ choice }) => choice), count, fold);
  place.hidden = false;
  apply();
  foldWords();
}

if (1 < cards.length) filters(document.querySelector(".filter"));
