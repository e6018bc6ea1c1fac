//! Sets the linker up for an addon of Node.

fn main() {
    napi_build::setup();
}
