/** Draws Plotly figures of dashboard/figures.py in the page's theme, and again when the theme changes. */

/* global Plotly */

const CONFIG = { displayModeBar: false, responsive: true };
const drawn = new Map();

/** @param {HTMLElement} element @param {{data: object[], layout: object}} figure */
export function drawChart(element, figure) {
  drawn.set(element, figure);
  const { data, layout } = themed(figure);
  return Plotly.react(element, data, layout, CONFIG);
}

function themed({ data, layout }) {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = (own) => ({ gridcolor: token("border"), zerolinecolor: token("border-strong"), linecolor: token("border"), ...own });
  return {
    data: data.map((trace) => coloured(trace, token)),
    layout: {
      ...layout,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: token("font"), size: 12, color: token("text") },
      hoverlabel: { bgcolor: token("surface-raised"), bordercolor: token("border-strong"), font: { color: token("text") } },
      xaxis: axis(layout.xaxis),
      yaxis: axis(layout.yaxis),
    },
  };
}

function coloured(trace, token) {
  const named = trace.meta?.colours;
  const colour = Array.isArray(named) ? named.map(token) : token(named ?? "text");
  const pattern = trace.marker?.pattern ? { ...trace.marker.pattern, fgcolor: token("page") } : undefined;
  return {
    ...trace,
    marker: { ...trace.marker, color: colour, ...(pattern && { pattern }) },
    ...(trace.line && { line: { ...trace.line, color: colour } }),
  };
}

function redraw() {
  for (const [element, figure] of drawn) drawChart(element, figure);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
