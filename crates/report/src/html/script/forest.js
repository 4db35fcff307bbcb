
// The forest of leads: a row for each optimizer, the first's place at zero.
const ROW = 25;
const [NAMES, PANEL, NUMBERS] = [112, 180, 148]; // widths

function forest({ first, rows }, place) {
  const ends = rows.flatMap((row) => [0, row.mean, ...(row.ends ?? []), ...row.dots]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low) * 0.05 || 0.5;
  const x = scale([low - room, high + room], [NAMES, NAMES + PANEL]);
  const bottom = ROW * rows.length + 6;
  const told = rows.map((row) => `${row.name} ${row.words}`).join("; ");
  const label = `How far the others are behind ${first}: ${told}`;
  const svg = drawn("svg", { viewBox: `0 0 ${NAMES + PANEL + NUMBERS} ${bottom + 40}`, role: "img", "aria-label": label });
  for (const tick of x.ticks(4)) {
    const at = x.at(tick);
    svg.append(drawn("path", { class: "grid", d: `M${at} 3V${bottom}` }));
    svg.append(drawn("text", { x: at, y: bottom + 15, "text-anchor": "middle" }, short(tick, (high - low) * 10)));
  }
  svg.append(drawn("path", { class: "zero", d: `M${x.at(0)} 0V${bottom}` }));
  svg.append(drawn("text", { class: "quiet", x: NAMES, y: bottom + 36 }, "← better"));
  svg.append(drawn("text", { class: "quiet", x: NAMES + PANEL, y: bottom + 36, "text-anchor": "end" }, "worse →"));
  rows.forEach((row, n) => svg.append(forestRow(row, ROW * (n + 0.5) + 3, x)));
  place.replaceChildren(svg);
}

function forestRow({ name, mean, words, ends, dots, may_be_best: mayBeBest }, y, x) {
  const group = drawn("g", mayBeBest ? {} : { class: "out" });
  const letters = [...name];
  const short = 15 < letters.length ? `${letters.slice(0, 14).join("")}…` : name;
  group.append(drawn("title", {}, `${name}: ${words}${mayBeBest ? "" : ", ruled out"}`));
  group.append(drawn("text", { class: "name", x: NAMES - 8, y: y + 4, "text-anchor": "end" }, short));
  if (ends) group.append(drawn("path", { class: "bar", d: `M${x.at(ends[0])} ${y}H${x.at(ends[1])}` }));
  for (const dot of dots) group.append(drawn("circle", { class: "dot", cx: x.at(dot), cy: y, r: 2.2 }));
  group.append(drawn("circle", { class: "mean", cx: x.at(mean), cy: y, r: 4.5 }));
  group.append(drawn("text", { x: NAMES + PANEL + 8, y: y + 4 }, words));
  return group;
}

if (data.forest) forest(data.forest, document.querySelector(".forest .drawing"));
