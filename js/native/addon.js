/*
 * Finds the addon for this platform: in its own package, or beside this file, where `make js` builds it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { createRequire } from "node:module";
import { arch, platform, report } from "node:process";

import { MiniexprError } from "../core/error.js";

const require = createRequire(import.meta.url);

/** Whether the C library is musl's. */
function isMusl() {
  return platform === "linux" && !report?.getReport().header.glibcVersionRuntime;
}

/** What comes after the platform and the processor in the names of packages. */
function suffix() {
  switch (platform) {
    case "linux":
      return isMusl() ? "-musl" : "-gnu";
    case "win32":
      return "-msvc";
    default:
      return "";
  }
}

/** The platform, as in the names of packages and files. */
export const TARGET = `${platform}-${arch}${suffix()}`;

/** The package that has the addon. */
export const PACKAGE = `miniexpr-${TARGET}`;

function load() {
  const reasons = [];
  for (const path of [PACKAGE, `./miniexpr.${TARGET}.node`]) {
    try {
      return { addon: require(path), from: path };
    } catch (error) {
      reasons.push(error);
    }
  }
  // A binary that is there and does not load tells more than one that is missing.
  const cause = reasons.find((error) => error.code !== "MODULE_NOT_FOUND") ?? reasons[0];
  const what = cause.code === "MODULE_NOT_FOUND" ? "is not installed" : `does not load (${cause.message})`;
  const advice = `run npm install ${PACKAGE}, without --omit=optional`;
  const message = `the native addon of miniexpr for ${TARGET} is in the package ${PACKAGE}, which ${what}: ${advice}`;
  throw new MiniexprError("ERR_BACKEND", message, { cause });
}

let loaded = null;

/**
 * The addon.
 *
 * @returns {{addon: object, from: string}}
 */
export function loadAddon() {
  loaded ??= load();
  return loaded;
}
