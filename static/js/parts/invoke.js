/** Invokes a function over the dashboard's own path. Problems come back as `{problem, remedy}`, never as an exception. */

/** @param {string} url @param {{qualifier?: string, payload: string}} body @param {string} csrf */
export async function invoke(url, body, csrf) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body),
    });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    if (isJson) return await response.json();
    return { problem: `The server answered ${response.status}.`, remedy: "Look at its log; the function may have run." };
  } catch (error) {
    return { problem: `The server did not answer: ${error.message}`, remedy: "The function may have run. Is lambdasim still up?" };
  }
}
