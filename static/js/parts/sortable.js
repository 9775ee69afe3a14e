/** Tables that sort by a click on a head. The order lives in the page; new rows come on top until the reader sorts. */

/** @param {HTMLTableElement} table */
export function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.className = "sort";
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") === "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortRows(table.tBodies[0], column, ascending);
    });
  });
}

function sortRows(body, column, ascending) {
  const keyed = [...body.rows].map((row) => ({ row, key: sortKey(row.cells[column]) }));
  keyed.sort((a, b) => (ascending ? 1 : -1) * compare(a.key, b.key));
  body.append(...keyed.map(({ row }) => row));
}

/** A number where the cell is one; what is undefined ("–") sorts below everything. */
export function sortKey(cell) {
  const text = cell.dataset?.sort ?? cell.textContent.trim();
  if (text === "–" || text === "") return -Infinity;
  const number = Number(text.replaceAll(",", ""));
  return Number.isNaN(number) ? text.toLowerCase() : number;
}

export function compare(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}
