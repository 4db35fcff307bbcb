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

