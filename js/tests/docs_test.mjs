// The programs of docs/javascript.md print what the comments in them say.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

const text = readFileSync(new URL("../../docs/javascript.md", import.meta.url), "utf8");
const [, chapter] = text.match(/^([^]*?)^## Guests/m);
const programs = [...chapter.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, program]) => program);

test("there are programs", () => assert.ok(programs.length >= 6));

for (const program of programs) {
  const [title] = program.split("\n").filter((line) => line && !line.startsWith("import"));
  test(title, async () => {
    // In its own package, a module may import the package by its name.
    const args = ["--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: new URL("..", import.meta.url),
    });
    const wanted = [...program.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
    assert.deepEqual(stdout.trim().split("\n"), wanted);
  });
}
