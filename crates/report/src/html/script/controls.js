
// What a chart does when it is pointed at, pressed, or has the focus.
Object.assign(Chart.prototype, {
  // Puts the cursor at `at`, in all panels.
  point(at = this.cursor) {
    for (const plot of this.plots) {
      plot.cursor?.replaceChildren();
      if (at !== null && plot.cursor && !this.isPoints) this.cursorIn(plot, at);
    }
  },

  cursorIn(plot, at) {
    const x = plot.x.at(at);
    plot.cursor.append(drawn("path", { class: "cursor", d: `M${x} ${TOP - 4}V${plot.height - BOTTOM}` }));
    for (const { line, value } of this.values(plot.panel, at)) {
      const attributes = { class: `sign color-${this.plot.series[line.s].color}`, cx: x, cy: plot.y.at(value), r: 3.5 };
      plot.cursor.append(drawn("circle", attributes));
    }
  },

  // The values of a panel's lines at `at`, largest first.
  values(panel, at) {
    const all = this.visible(panel).flatMap((line) => {
      const [xs, ys] = this.shown(line);
      if (!xs.length || xs.at(-1) < at) return [];
      return [{ line, value: ys[indexAt(xs, at)] }];
    });
    return all.sort((a, b) => b.value - a.value);
  },

  // Tells the values beside the cursor, and to who listens.
  tell(plot, at) {
    const span = Math.abs(plot.y.back(TOP) - plot.y.back(plot.height - BOTTOM)) / 5;
    const values = this.values(plot.panel, at);
    const name = (line) => this.plot.series[line.s].name;
    const rows = values.slice(0, MANY).map(({ line, value }) => {
      const swatch = node("span", { class: `swatch color-${this.plot.series[line.s].color}` });
      return node("div", {}, swatch, node("span", {}, name(line)), node("b", {}, short(value, span)));
    });
    const more = values.length - rows.length;
    if (0 < more) rows.push(node("div", {}, `and ${more} more`));
    const place = `${this.plot.x} ${short(at, this.whole[1] - this.whole[0])}`;
    plot.tip.replaceChildren(node("div", { class: "at" }, place), ...rows);
    const [width, x] = [plot.area.clientWidth, plot.x.at(at)];
    plot.tip.hidden = false;
    plot.tip.style.left = `${x < width / 2 ? x + 12 : Math.max(0, x - 12 - plot.tip.offsetWidth)}px`;
    plot.area.setAttribute("aria-valuenow", at);
    const told = values.slice(0, MANY).map(({ line, value }) => `${name(line)} ${short(value, span)}`);
    plot.area.setAttribute("aria-valuetext", `${place}: ${told.join(", ")}`);
  },

  // Points have no cursor: the nearest one tells what it is.
  tellPoint(plot, px, py) {
    let best = { far: 30 };
    for (const line of this.visible(plot.panel)) {
      for (const point of line.points ?? []) {
        const far = Math.hypot(plot.x.at(point[0]) - px, plot.y.at(point[1]) - py);
        if (far < best.far) best = { far, line, point };
      }
    }
    plot.tip.hidden = !best.point;
    if (best.point) this.tellThis(plot, best.line, best.point);
  },

  tellThis(plot, line, [x, y]) {
    const words = `${this.plot.x} ${short(x, 1)}, ${this.plot.y} ${short(y, 1)}`;
    const { name } = this.plot.series[line.s];
    plot.tip.replaceChildren(node("div", { class: "at" }, name), node("div", {}, words));
    plot.tip.hidden = false;
    const [px, py] = [plot.x.at(x), plot.y.at(y)];
    plot.tip.style.left = `${px < plot.area.clientWidth / 2 ? px + 10 : Math.max(0, px - 10 - plot.tip.offsetWidth)}px`;
    plot.cursor.replaceChildren(drawn("circle", { class: "ring", cx: px, cy: py, r: 8 }));
    plot.area.setAttribute("aria-valuenow", x);
    plot.area.setAttribute("aria-valuetext", `${name}: ${words}`);
  },

  quiet() {
    for (const plot of this.plots) plot.tip.hidden = true;
    this.point();
  },

  // Moves the cursor for good, and the images and other charts with it.
  set(at) {
    this.cursor = at;
    this.point();
    if (this.isSteps) document.dispatchEvent(new CustomEvent("step", { detail: { step: at, from: this } }));
  },

  zoom(from, to) {
    const [low, high] = this.whole;
    const least = (high - low) / 1000;
    const range = [Math.max(low, from), Math.min(high, to)];
    if (range[1] - range[0] < least) return;
    this.range = range[0] === low && range[1] === high ? null : range;
    this.place.parentNode.querySelector("[data-reset]")?.toggleAttribute("disabled", !this.range);
    this.later();
  },

  toggle(series) {
    if (!this.hidden.delete(series)) this.hidden.add(series);
    this.legend();
  },

  // Shows one curve alone; again, all.
  only(series) {
    const others = this.plot.series.map((_, n) => n).filter((n) => n !== series);
    const alone = !this.hidden.has(series) && others.every((n) => this.hidden.has(n));
    this.hidden = new Set(alone ? [] : others);
    this.legend();
  },

  legend() {
    for (const button of this.names) button.setAttribute("aria-pressed", !this.hidden.has(Number(button.dataset.series)));
    this.later();
  },
});

// Pointer and keys of a panel.
function controlled(chart, plot) {
  const { area } = plot;
  let from = null;
  const at = (event) => event.clientX - area.getBoundingClientRect().left;
  const value = (event) => clamp(plot.x.back(at(event)), ...(chart.range ?? chart.whole));
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || chart.isPoints) return;
    from = at(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    if (!plot.x) return;
    if (chart.isPoints) return chart.tellPoint(plot, at(event), event.clientY - area.getBoundingClientRect().top);
    chart.point(value(event));
    chart.tell(plot, value(event));
    if (from !== null) selection(plot, from, at(event));
  });
  area.addEventListener("pointerup", (event) => {
    const begun = from;
    from = null;
    if (begun === null) return;
    const ends = [begun, at(event)].sort((a, b) => a - b).map(plot.x.back);
    if (6 < Math.abs(begun - at(event))) chart.zoom(...ends);
    else chart.set(value(event));
  });
  area.addEventListener("pointerleave", () => chart.quiet());
  area.addEventListener("blur", () => chart.quiet());
  area.addEventListener("dblclick", () => chart.zoom(...chart.whole));
  area.addEventListener("keydown", (event) => keys(chart, plot, event));
}

function selection(plot, a, b) {
  const [x, width] = [Math.min(a, b), Math.abs(a - b)];
  plot.cursor.append(drawn("rect", { class: "selection", x, y: TOP - 4, width, height: plot.height - BOTTOM - TOP + 4 }));
}

function keys(chart, plot, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !plot.x) return;
  const [low, high] = chart.range ?? chart.whole;
  const span = high - low;
  const now = clamp(chart.cursor ?? low, low, high);
  const by = { ArrowLeft: -0.01, ArrowRight: 0.01, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[event.key];
  const factor = { "+": 0.5, "=": 0.5, "-": 2, "−": 2 }[event.key];
  if (by && chart.isPoints) nextPoint(chart, plot, Math.sign(by));
  else if (by && event.shiftKey) chart.zoom(low + by * 10 * span, high + by * 10 * span);
  else if (by) {
    const to = clamp(now + by * span, low, high);
    chart.set(chart.isSteps ? Math.round(to) : to);
    chart.tell(plot, chart.cursor);
  } else if (factor) chart.zoom(now - (now - low) * factor, now + (high - now) * factor);
  else if (event.key === "0") chart.zoom(...chart.whole);
  else return;
  event.preventDefault();
}

function nextPoint(chart, plot, by) {
  const all = chart.visible(plot.panel).flatMap((line) => line.points.map((point) => [line, point]));
  if (!all.length) return;
  plot.at = ((plot.at ?? (0 < by ? -1 : 0)) + by + all.length) % all.length;
  chart.tellThis(plot, ...all[plot.at]);
}

// Legend and controls below the panels.
function controls(chart) {
  const legend = node("div", { class: "names", role: "group", "aria-label": "Curves" });
  chart.names = chart.plot.series.map((series, n) => {
    const sample = drawn("svg", { viewBox: "0 0 30 12", width: 30, height: 12, "aria-hidden": "true" });
    const color = `color-${series.color}`;
    if (!chart.isPoints) sample.append(drawn("path", { class: `line ${color}`, "stroke-dasharray": DASHES[series.dash], d: "M0 6H30" }));
    const hollow = [4, 5, 7].includes(series.marker) ? " hollow" : "";
    sample.append(drawn("path", { class: `sign ${color}${hollow}`, d: sign(series.marker, 15, 6) }));
    const button = node("button", { type: "button", "aria-pressed": "true", "data-series": n }, sample, series.name);
    button.addEventListener("click", () => chart.toggle(n));
    button.addEventListener("dblclick", () => chart.only(n));
    button.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() === "o") chart.only(n);
    });
    return button;
  });
  legend.append(...chart.names);
  const tools = node("div", { class: "tools" });
  if (!chart.isPoints) tools.append(...lineTools(chart));
  const more = chart.panels.length - chart.plots.length;
  if (0 < more) {
    const all = node("button", { type: "button" }, `show all ${chart.panels.length} panels`);
    all.addEventListener("click", () => {
      chart.show(Infinity);
      all.remove();
    });
    tools.append(all);
  }
  chart.place.after(legend, tools, numbers(chart));
}

function lineTools(chart) {
  const made = [];
  const lines = chart.panels.flatMap((panel) => panel.lines);
  if (lines.some((line) => 20 < line.y.length)) {
    const least = lines.some((line) => line.raw) ? 0 : 1;
    const smooth = node("input", { type: "range", min: least, max: 6, value: 1 });
    smooth.addEventListener("input", () => {
      chart.smooth = Number(smooth.value);
      chart.later();
    });
    made.push(node("label", {}, "smoothing ", smooth));
  }
  if (chart.isSteps) {
    const log = node("input", { type: "checkbox" });
    log.addEventListener("change", () => {
      chart.log = log.checked;
      chart.later();
    });
    made.push(node("label", {}, log, " log steps"));
  }
  const reset = node("button", { type: "button", "data-reset": "", disabled: "" }, "show all");
  reset.addEventListener("click", () => chart.zoom(...chart.whole));
  return [...made, reset];
}

// The same as a table, made when it is unfolded.
function numbers(chart) {
  const details = node("details", { class: "numbers" }, node("summary", {}, "Numbers"));
  details.addEventListener("toggle", () => {
    if (details.children[1]) return;
    const box = node("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Numbers of the figure" });
    box.append(chart.isPoints ? pointTable(chart) : lineTable(chart));
    details.append(box);
  });
  return details;
}

function table(heads, rows) {
  const head = node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)));
  const body = rows.map(([name, ...cells]) =>
    node("tr", {}, node("th", { scope: "row" }, name), ...cells.map((text) => node("td", {}, text))),
  );
  return node("table", {}, node("thead", {}, head), node("tbody", {}, ...body));
}

function lineTable(chart) {
  const [low, high] = chart.whole;
  const places = [0, 0.1, 0.25, 0.5, 0.75, 1].map((share) => (chart.isSteps ? Math.round(low + share * (high - low)) : low + share * (high - low)));
  const value = (line, at) => (chart.xs(line).at(-1) < at ? "—" : short(line.y[indexAt(chart.xs(line), at)], 1));
  const rows = chart.panels.flatMap((panel) =>
    panel.lines.map((line) => [chart.plot.series[line.s].name, panel.heading, ...places.map((at) => value(line, at))]),
  );
  return table(["curve", "panel", ...places.map((at) => `${chart.plot.x} ${short(at, high - low)}`)], rows);
}

function pointTable(chart) {
  const rows = chart.panels.flatMap((panel) =>
    panel.lines.flatMap((line) => line.points.map(([x, y]) => [chart.plot.series[line.s].name, panel.heading, short(x, 1), short(y, 1)])),
  );
  return table(["point", "panel", chart.plot.x, chart.plot.y], rows);
}
