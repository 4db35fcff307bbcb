
// Nodes, numbers and scales.
// The name space of SVG, without an address that a search for requests would find.
const SVG = (() => {
  const holder = document.createElement("div");
  holder.innerHTML = "<svg></svg>";
  return holder.firstChild.namespaceURI;
})();

function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A number with the digits that tell about 500 places of `span` apart.
function short(value, span = Math.abs(value)) {
  if (!Number.isFinite(value)) return "—";
  if (1e7 <= Math.abs(value) || (value !== 0 && span < 1e-6)) return value.toExponential(1).replace("-", "−");
  return value.toFixed(clamp(Math.ceil(2 - Math.log10(span || 1)), 0, 6)).replace("-", "−");
}

// From numbers to pixels; `log` for a logarithmic scale, which begins at the least positive number.
function scale([low, high], [from, to], log) {
  const by = log ? (value) => Math.log10(Math.max(value, 1e-12)) : (value) => value;
  const [a, b] = [by(low), by(high)];
  const span = b - a || 1;
  const at = (value) => from + ((by(value) - a) / span) * (to - from);
  const back = (pixel) => {
    const value = a + ((pixel - from) / (to - from)) * span;
    return log ? 10 ** value : value;
  };
  return { at, back, ticks: (count) => (log && 1 < b - a ? decades(low, high) : rounds(low, high, count)) };
}

// Round numbers between two.
function rounds(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => rough <= n) ?? 10 * power;
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high && ticks.length < 50; n++) ticks.push(n * step);
  return ticks;
}

function decades(low, high) {
  const ticks = [];
  for (let n = Math.floor(Math.log10(low)); 10 ** n <= high; n++) {
    for (const value of [10 ** n, 3 * 10 ** n]) if (low <= value && value <= high) ticks.push(value);
  }
  return ticks;
}

// The index of the last of rising `places` that is not beyond `place`, or of the first.
function indexAt(places, place) {
  let [low, high] = [0, places.length];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= place) low = middle;
    else high = middle;
  }
  return low;
}

// The exponential moving average over so many points, corrected for its start.
function smoothed(values, window) {
  const decay = 1 - 1 / window;
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    sum = decay * sum + (1 - decay) * value;
    weight = decay * weight + 1 - decay;
    return sum / weight;
  });
}
