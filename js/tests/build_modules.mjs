// Translates the modules of the tests into build/js-tests, where pages can load them too.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

import loadWabt from "wabt";

const sources = new URL("modules/", import.meta.url);
const target = new URL("../../build/js-tests/", import.meta.url);

const wabt = await loadWabt();
mkdirSync(target, { recursive: true });

function build(name, text) {
  const module = wabt.parseWat(`${name}.wat`, text, { threads: true });
  writeFileSync(new URL(`${name}.wasm`, target), module.toBinary({}).buffer);
  module.destroy();
}

const texts = new Map(
  readdirSync(sources).map((name) => [
    name.replace(".wat", ""),
    readFileSync(new URL(name, sources), "utf8"),
  ]),
);
texts.forEach((text, name) => build(name, text));
build("empty", "(module)");
// The foreign module with a function of the host in it.
build(
  "imports",
  texts
    .get("foreign")
    .replace("(module", '(module (import "host" "bonus" (func $bonus (result f64)))')
    .replace(
      "(f64.mul (local.get 0) (local.get 0))",
      "(f64.add (call $bonus) (f64.mul (local.get 0) (local.get 0)))",
    ),
);
