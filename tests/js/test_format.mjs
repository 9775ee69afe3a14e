import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import * as format from "../../static/js/format.js";
import { stateClass, stateWords } from "../../static/js/states.js";

const cases = (name) => JSON.parse(readFileSync(new URL(`../dashboard/fixtures/${name}.json`, import.meta.url)));

for (const [name, pairs] of Object.entries(cases("units"))) {
  test(`${name} says the same as the server`, () => {
    for (const [value, expected] of pairs) assert.equal(format[name](value), expected, `${name}(${value})`);
  });
}

test("an environment's state has the same words and sign as on the server", () => {
  for (const [environment, words, sign] of cases("states")) {
    assert.equal(stateWords(environment), words);
    assert.equal(stateClass(environment), sign);
  }
});
