//! Build script: regenerates the C header from `src/ffi`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
