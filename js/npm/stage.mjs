// Puts the packages together, ready for npm pack: stage.mjs FOLDER ADDON TARGET.
// FOLDER receives `miniexpr`, with CommonJS beside the ES modules, and the package of the addon for this platform.

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

import { transformSync } from "esbuild";

const [, , folder, addon, target] = argv;
const source = fileURLToPath(new URL("..", import.meta.url));
const root = join(source, "..");
const read = (path) => readFileSync(path, "utf8");
const write = (path, content) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

const manifest = JSON.parse(read(join(source, "package.json")));
const platforms = JSON.parse(read(join(source, "npm/platforms.json")));
const common = { version: manifest.version, license: manifest.license, engines: manifest.engines };
const LEGAL = ["LICENSE", "LICENSE-SLEEF", "THIRD_PARTY_NOTICES.md"];

/** Files of a folder of the sources that end in so. */
const filesIn = (part, ending) =>
  readdirSync(join(source, part))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(part, name));

/** A module as CommonJS. What it finds by its own address is found beside the ES module. */
function asCommonJs(path, text) {
  const original = relative(join("cjs", dirname(path)), path);
  const banner = `const moduleUrl = require("node:url").pathToFileURL(require("node:path").join(__dirname, ${JSON.stringify(original)})).href;`;
  const { code } = transformSync(text, {
    format: "cjs",
    target: "node20",
    supported: { "dynamic-import": true },
    define: { "import.meta.url": "moduleUrl" },
    banner: text.includes("import.meta.url") ? banner : "",
  });
  return code;
}

/** A text without the pictures and links that lead out of the package. */
const withoutOutside = (text) =>
  text.replace(/^!\[.*\]\(\.\.\/.*\)\n\n/gm, "").replace(/ \[[^\]]*\]\(\.\.\/[^)]*\)/g, "");

function stagePackage(to) {
  const parts = ["core", "native", "wasm", "threads", "bridge"];
  const top = ["index.node.js", "index.web.js"];
  const modules = [...top, ...parts.flatMap((part) => filesIn(part, ".js"))];
  const types = ["index.d.ts", ...parts.flatMap((part) => filesIn(part, ".d.ts"))];
  for (const path of modules) {
    const text = read(join(source, path));
    write(join(to, path), text);
    // Workers are ES modules in any case.
    if (!path.endsWith("worker.js")) {
      write(join(to, "cjs", path), asCommonJs(path, text));
    }
  }
  for (const path of types) {
    const text = read(join(source, path));
    write(join(to, path), text);
    write(join(to, "cjs", path), text);
  }
  write(join(to, "cjs/package.json"), json({ type: "commonjs", sideEffects: false }));
  for (const path of ["wasm/miniexpr.wasm", "threads/miniexpr-threads.wasm"]) {
    cpSync(join(source, path), join(to, path));
  }
  write(join(to, "README.md"), withoutOutside(read(join(source, "README.md"))));
  LEGAL.forEach((name) => cpSync(join(root, name), join(to, name)));
  const optional = platforms.map(({ target }) => [`${manifest.name}-${target}`, manifest.version]);
  const staged = { ...manifest, optionalDependencies: Object.fromEntries(optional) };
  delete staged.devDependencies;
  write(join(to, "package.json"), json(staged));
}

function stageAddon(to) {
  const { os, cpu, libc } = platforms.find((platform) => platform.target === target);
  const name = `miniexpr.${target}.node`;
  mkdirSync(to, { recursive: true });
  cpSync(addon, join(to, name));
  LEGAL.forEach((name) => cpSync(join(root, name), join(to, name)));
  write(join(to, "README.md"), read(join(source, "npm/README.md")).replaceAll("{target}", target));
  const description = `The native addon of miniexpr for ${target}`;
  const where = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  const about = { name: `${manifest.name}-${target}`, description, main: name, files: [name] };
  write(join(to, "package.json"), json({ ...about, ...common, ...where }));
}

rmSync(folder, { recursive: true, force: true });
stagePackage(join(folder, manifest.name));
stageAddon(join(folder, `${manifest.name}-${target}`));
