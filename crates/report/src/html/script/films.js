
// The step slider: every image of the sheet, and of the dialog, as it was after one step; curves
// have their cursor there.
const { shared } = data;
const cells = new Map(data.cells.map((cell) => [cell.id, cell]));
const stepsOf = (cell) => (cell.frames === null ? null : shared.steps[cell.frames]);
const file = (cell, name) => encodeURI(`cells/${cell.id}/${name}`);

const player = {
  steps: [...new Set([...new Set(data.cells.map((cell) => cell.frames))].flatMap((n) => (n === null ? [] : shared.steps[n])))].sort((a, b) => a - b),
  views: new Map(), // what is in the window, and its cell
  bars: new Set(),
  timer: null,
  missing: false, // a frame that is a file was not found

  get last() {
    return this.steps.length - 1;
  },

  show(at) {
    this.at = at;
    for (const [view, cell] of this.views) showFrame(view, cell);
    for (const bar of this.bars) bar.tell();
  },

  // Moves to a place and takes the curves along.
  set(at) {
    this.show(at);
    document.dispatchEvent(new CustomEvent("step", { detail: { step: this.steps[at], from: this } }));
  },

  play() {
    if (this.timer) return this.stop();
    if (this.at === this.last) this.set(0);
    this.timer = setInterval(() => {
      this.set(Math.min(this.at + 1, this.last));
      if (this.at === this.last) this.stop();
    }, 150);
    this.show(this.at);
  },

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.show(this.at);
  },
};
player.at = player.last;

// Lays the frame of the step over the final image. At the last step there is the image itself.
function showFrame(view, cell) {
  const steps = stepsOf(cell);
  let film = view.querySelector(".film");
  if (!steps || player.at === player.last) {
    film?.remove();
    return;
  }
  if (!film) {
    const image = new Image();
    image.alt = "";
    film = node("span", { class: "film" }, image);
    view.append(film);
  }
  const [image, n] = [film.firstChild, indexAt(steps, player.steps[player.at])];
  film.dataset.step = steps[n];
  if (cell.film) {
    if (!image.src) image.src = cell.film;
    image.style.width = `${100 * steps.length}%`;
    image.style.transform = `translateX(${(-100 * n) / steps.length}%)`;
  } else {
    image.onerror = () => {
      player.missing = true;
      for (const bar of player.bars) bar.tell();
    };
    image.src = file(cell, `frames/${String(steps[n]).padStart(6, "0")}.png`);
  }
}

// A slider with a button that plays, in `place`.
function playerBar(place) {
  if (player.last < 1) return null;
  const play = node("button", { type: "button", class: "play", "aria-pressed": "false" });
  const range = node("input", { type: "range", min: 0, max: player.last, "aria-label": "Step of the images" });
  const step = node("output");
  play.addEventListener("click", () => player.play());
  range.addEventListener("input", () => player.set(Number(range.value)));
  const tell = () => {
    const playing = player.timer !== null;
    play.textContent = playing ? "stop" : "play";
    play.setAttribute("aria-pressed", playing);
    range.value = player.at;
    const words = player.at === player.last ? `step ${player.steps[player.last]}, final images` : `step ${player.steps[player.at]}`;
    range.setAttribute("aria-valuetext", words);
    step.textContent = player.missing ? "Frames are files in cells/, which are not beside this page." : words;
  };
  place.replaceChildren(play, range, step);
  place.hidden = false;
  const bar = { tell };
  player.bars.add(bar);
  tell();
  return bar;
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const cell = cells.get(target.parentNode.dataset.cell);
    if (isIntersecting) {
      player.views.set(target, cell);
      showFrame(target, cell);
    } else player.views.delete(target);
  }
});
for (const view of document.querySelectorAll(".card .view")) seen.observe(view);
const sheetBar = document.querySelector(".player");
if (sheetBar) playerBar(sheetBar);
document.addEventListener("step", ({ detail }) => {
  if (detail.from !== player && 0 < player.last) player.show(indexAt(player.steps, detail.step));
});
