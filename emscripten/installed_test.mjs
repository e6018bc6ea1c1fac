// What an installation has for Pyodide, and for other hosts in JavaScript.
// Usage: node installed_test.mjs FOLDER_OF_THE_SCRIPTS

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { test } from "node:test";

const folder = resolve(process.argv[2]);
const read = (name) => readFileSync(join(folder, name), "utf8");

test("the glue defines its two functions", () => {
  const glue = createRequire(import.meta.url)(join(folder, "me_jit_glue.js"));
  assert.equal(typeof glue._meJitInstantiate, "function");
  assert.equal(typeof glue._meJitFreeFn, "function");
});

test("the helpers for Pyodide are one function", () => {
  assert.equal(typeof (0, eval)(read("jit_helpers.js")), "function");
});

test("the Python module finds the scripts beside itself", () => {
  const module = read("miniexpr_jit.py");
  assert.match(module, /def enable\(/);
  for (const script of ["jit_helpers.js", "me_jit_glue.js"]) {
    assert.ok(module.includes(`"${script}"`), script);
  }
});
