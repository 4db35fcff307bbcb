
// About the height that the panels will take, so that nothing moves when they are drawn.
function reserve(place, { panels }) {
  const shown = Math.min(panels.filter((panel) => panel.lines.length).length, MANY);
  const columns = shown === 1 ? 1 : Math.max(1, Math.floor(place.clientWidth / (shown === 2 || shown === 4 ? 500 : 400)));
  place.style.minHeight = `${Math.ceil(shown / columns) * (shown === 1 ? 380 : 290)}px`;
}

const charts = [];
for (const figure of document.querySelectorAll("[data-chart]")) {
  const plot = data.charts[figure.dataset.chart];
  const place = figure.querySelector(".panels");
  reserve(place, plot);
  const make = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    make.disconnect();
    place.replaceChildren();
    place.style.minHeight = "";
    const chart = new Chart(place, plot);
    controls(chart);
    charts.push(chart);
  }, { rootMargin: "600px" });
  make.observe(place);
}
document.addEventListener("step", ({ detail }) => {
  for (const chart of charts.filter((chart) => chart !== detail.from && chart.isSteps)) {
    chart.cursor = detail.step;
    chart.point();
  }
});
