// The program of examples/node over typed arrays prints what it should, with each engine that there is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const heat = fileURLToPath(new URL("../../examples/node/heat.mjs", import.meta.url));

for (const backend of ["native", "wasm", "wasm-threads"]) {
  test(`heat.mjs, ${backend}`, () => {
    const printed = execFileSync(process.execPath, [heat, backend], { encoding: "utf8" });
    assert.deepEqual(printed.split("\n"), [
      "after 2500 steps: 0.3727 in the middle; exactly 0.3727",
      "    ░░░    ",
      "  ░░░█░░░  ",
      " ░░█████░░ ",
      "  ░░░█░░░  ",
      "    ░░░    ",
      `computed by ${backend}`,
      "",
    ]);
  });
}
