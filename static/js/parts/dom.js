/** Two small hands for building the page: elements with text, and what the server left in a json_script. */

/** @param {string} tag @param {object} properties of the element @param {(Node|string)[]} children */
export function make(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, dataset ?? {});
  element.append(...children);
  return element;
}

/** @param {string} id of a json_script */
export function pageData(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}
