// The recorded cases, from the files of tests/.

import { readFileSync, readdirSync } from "node:fs";

import { deviationTest } from "./replay.js";

const folder = new URL("../../tests/", import.meta.url);

export const isDeviation = deviationTest(
  JSON.parse(readFileSync(new URL("conformance/deviations.json", folder), "utf8")),
);

export const vectorFiles = readdirSync(new URL("vectors", folder)).filter((name) => name.endsWith(".jsonl"));

export function readCases(file) {
  const text = readFileSync(new URL(`vectors/${file}`, folder), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
