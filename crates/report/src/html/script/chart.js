
// Charts: panels of curves or points as inline SVG, drawn from the page's numbers.
const data = JSON.parse(document.querySelector("#data").textContent);
const DASHES = ["", "8 4", "2 3"];
const LEFT = 48;
const BOTTOM = 34;
const TOP = 22;
const MANY = 12; // more panels, or values beside the cursor, than this are shown when asked for

class Chart {
  constructor(place, plot) {
    Object.assign(this, { place, plot, hidden: new Set(), tall: 380, smooth: 1, log: false, range: null, cursor: null });
    this.isPoints = plot.panels.every((panel) => panel.lines.every((line) => line.points));
    this.isSteps = plot.x === "step";
    this.panels = plot.panels.filter((panel) => panel.lines.length);
    this.whole = this.extent();
    this.plots = [];
    this.show(MANY);
    new ResizeObserver(() => this.later()).observe(place);
  }

  // Makes the first `count` panels.
  show(count) {
    for (const panel of this.panels.slice(this.plots.length, count)) {
      const box = node("div", { class: "panel" });
      const area = node("div", this.role(panel));
      if (panel.heading) box.append(node("h4", {}, panel.heading));
      area.append(drawn("svg", { "aria-hidden": "true" }), node("div", { class: "tip", hidden: "" }));
      box.append(area);
      this.place.append(box);
      this.plots.push({ panel, area, svg: area.firstChild, tip: area.lastChild });
      controlled(this, this.plots.at(-1));
    }
    this.place.classList.toggle("single", this.panels.length === 1);
    this.place.classList.toggle("few", this.panels.length === 2 || this.panels.length === 4);
    this.later();
  }

  role(panel) {
    const name = [panel.heading, this.plot.y, "over", this.plot.x].filter(Boolean).join(" ");
    const [low, high] = this.whole;
    const values = { "aria-valuemin": low, "aria-valuemax": high, "aria-valuenow": low, "aria-valuetext": "no cursor" };
    return { class: "plot", tabindex: "0", role: "slider", "aria-label": name, ...values };
  }

  xs(line) {
    return line.points ? line.points.map((point) => point[0]) : this.plot.xs[line.x];
  }

  extent() {
    let [low, high] = [Infinity, -Infinity];
    for (const line of this.panels.flatMap((panel) => panel.lines)) {
      const ends = (line.points ?? []).flatMap((point) => [point[0], point[2]]);
      for (const x of line.points ? ends : [this.xs(line)[0], this.xs(line).at(-1)]) [low, high] = [Math.min(low, x), Math.max(high, x)];
    }
    const room = this.isPoints ? (high - low) * 0.05 || 0.5 : 0;
    if (!(low < high)) [low, high] = [low - 0.5, low + 0.5];
    return [low - room, high + room];
  }

  // The line as it is shown: places and values.
  shown(line) {
    if (this.smooth === 0 && line.raw) return [line.raw.map((point) => point[0]), line.raw.map((point) => point[1])];
    const values = this.smooth <= 1 ? line.y : smoothed(line.y, 2 ** (this.smooth - 1));
    return [this.xs(line), values];
  }

  visible(panel) {
    return panel.lines.filter((line) => !this.hidden.has(line.s));
  }

  // The range of y: of all that is shown of the lines, without what is faint behind them.
  heights([from, to]) {
    let [low, high] = [Infinity, -Infinity];
    const take = (y) => {
      if (y < low) low = y;
      if (high < y) high = y;
    };
    for (const line of this.plots.flatMap(({ panel }) => this.visible(panel))) {
      for (const [x, y, , end] of line.points ?? []) if (from <= x && x <= to) [y, end].forEach(take);
      if (line.points) continue;
      const [xs, ys] = this.shown(line);
      const [first, last] = [indexAt(xs, from), indexAt(xs, to)];
      for (let n = first; n <= last; n++) take(ys[n]);
      if (line.low && this.smooth <= 1) for (let n = first; n <= last; n++) [line.low[n], line.high[n]].forEach(take);
    }
    if (!(low <= high)) return [0, 1];
    const room = (high - low) * 0.06 || Math.abs(high) * 0.01 || 0.5;
    return [low - room, high + room];
  }

  later() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.draw();
    });
  }

  draw() {
    const x = this.range ?? [...this.whole];
    if (this.log && x[0] <= 0) x[0] = Math.min(1, x[1] / 100);
    const y = this.heights(x);
    for (const plot of this.plots) this.drawPanel(plot, x, y);
    this.point();
  }

  drawPanel(plot, x, y) {
    const width = plot.area.clientWidth;
    if (!width) return; // in what is folded
    const height = this.panels.length === 1 ? clamp(width * 0.45, 200, this.tall) : clamp(width * 0.6, 190, 260);
    plot.x = scale(x, [LEFT, width - 8], this.log);
    plot.y = scale(y, [height - BOTTOM, TOP], false);
    plot.height = height;
    plot.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    plot.svg.style.height = `${height}px`;
    const inside = { x: LEFT, y: TOP - 4, width: width - LEFT - 8, height: height - BOTTOM - TOP + 4 };
    const clip = drawn("svg", { ...inside, viewBox: `${LEFT} ${inside.y} ${inside.width} ${inside.height}` });
    for (const line of this.visible(plot.panel)) this.behind(clip, plot, line);
    this.visible(plot.panel).forEach((line, n, all) => this.inFront(clip, plot, line, (n + 0.5) / all.length));
    plot.cursor = drawn("g");
    plot.svg.replaceChildren(...axes(plot, this.plot, [x, y], width, height), clip, plot.cursor);
  }

  behind(into, plot, line) {
    const color = `color-${this.plot.series[line.s].color}`;
    const xs = this.xs(line);
    if (line.low && this.smooth <= 1) {
      const upper = xs.map((x, n) => [plot.x.at(x), plot.y.at(line.high[n])]);
      const lower = xs.map((x, n) => [plot.x.at(x), plot.y.at(line.low[n])]).reverse();
      into.append(drawn("path", { class: `band ${color}`, d: `${path([...upper, ...lower])}Z` }));
    }
    if (line.raw && 0 < this.smooth) {
      const raw = line.raw.map(([x, y]) => [plot.x.at(x), plot.y.at(y)]);
      into.append(drawn("path", { class: `raw ${color}`, d: path(raw) }));
    }
  }

  inFront(into, plot, line, turn) {
    const { color, dash, marker } = this.plot.series[line.s];
    const name = `color-${color}`;
    const signs = [];
    if (line.points) {
      for (const [x, y, toX, toY] of line.points) {
        const [at, end] = [[plot.x.at(x), plot.y.at(y)], [plot.x.at(toX), plot.y.at(toY)]];
        into.append(drawn("path", { class: `stem ${name}`, d: path([at, end]) }));
        signs.push(at);
      }
    } else {
      const [xs, ys] = this.shown(line);
      const points = xs.map((x, n) => [plot.x.at(x), plot.y.at(ys[n])]);
      into.append(drawn("path", { class: `line ${name}`, "stroke-dasharray": DASHES[dash], d: path(points) }));
      for (let n = 0; n < 6; n++) signs.push(points[Math.floor(((n + turn) / 6) * points.length)]);
      if (line.end !== undefined) ended(into, points[indexAt(xs, line.end)], name);
    }
    const d = signs.filter(Boolean).map(([x, y]) => sign(marker, x, y)).join("");
    into.append(drawn("path", { class: `sign ${name}${marker === 4 || marker === 5 || marker === 7 ? " hollow" : ""}`, d }));
  }
}

const path = (points) => points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

// The markers, in the order of the figures' own.
function sign(marker, x, y, r = 3.5) {
  const corners = (...at) => `${path(at.map(([a, b]) => [x + a * r, y + b * r]))}Z`;
  const circle = `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  return [
    circle,
    corners([-1, -1], [1, -1], [1, 1], [-1, 1]),
    corners([0, -1.2], [1.2, 1], [-1.2, 1]),
    corners([0, -1.5], [1.3, 0], [0, 1.5], [-1.3, 0]),
    `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
    `M${x - r * 1.3} ${y}h${r * 2.6}M${x} ${y - r * 1.3}v${r * 2.6}`,
    corners([0, 1.2], [1.2, -1], [-1.2, -1]),
    circle,
  ][marker];
}

// The sign of a run that ends here because it diverged: ⊗.
function ended(into, at, color) {
  if (!at) return;
  into.append(drawn("path", { class: `sign hollow ${color}`, d: sign(7, at[0], at[1], 6) + sign(4, at[0], at[1], 4) }));
}

function axes({ x, y }, { x: xTitle, y: yTitle }, [[left, right], [low, high]], width, height) {
  const drawnAxes = [];
  const bottom = height - BOTTOM;
  for (const tick of y.ticks(5)) {
    const at = y.at(tick);
    drawnAxes.push(drawn("path", { class: "grid", d: `M${LEFT} ${at}H${width - 8}` }));
    drawnAxes.push(drawn("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, label(tick, high - low)));
  }
  for (const tick of x.ticks(clamp(width / 90, 2, 8))) {
    const at = x.at(tick);
    drawnAxes.push(drawn("path", { class: "grid", d: `M${at} ${bottom}v4` }));
    drawnAxes.push(drawn("text", { x: clamp(at, LEFT, width - 18), y: bottom + 16, "text-anchor": "middle" }, label(tick, right - left)));
  }
  drawnAxes.push(drawn("text", { class: "quiet", x: width - 8, y: height - 3, "text-anchor": "end" }, xTitle));
  drawnAxes.push(drawn("text", { class: "quiet", x: LEFT - 4, y: 12 }, yTitle));
  return drawnAxes;
}

// Round numbers need fewer digits than measured ones.
const label = (value, span) => short(value, span * 20);
