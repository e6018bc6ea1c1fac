/** A script for `workerUrl`: it exports nothing. */
export {};
