/** The stored theme, set before the first paint; "auto" follows the system. A classic script: modules run too late. */
{
  const stored = localStorage.getItem("lambdasim.theme");
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
}
