/** Where the module is, as bundlers give it that load `.wasm` files as files. */
declare const url: string;
export default url;
