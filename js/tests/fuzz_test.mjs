// A short run of fuzz.mjs, from one seed: a test of a change tells about the change.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fuzz } from "./fuzz.mjs";

test("only errors of the expected kinds come out", async () => {
  const { calls, refused } = await fuzz(10, 1);
  assert.ok(refused > calls / 10 && refused < (9 * calls) / 10, `${refused} of ${calls} calls were refused`);
});
