export * from "../index.js";
export { load, type LoadOptions, type Miniexpr, type ViewOf, type ViewType } from "./miniexpr.js";
