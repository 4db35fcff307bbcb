//! Compiles `native/`, and does what the other crates' build script does.

use std::path::Path;

#[path = "../../build/libtorch_rpath.rs"]
mod libtorch_rpath;

fn main() {
    libtorch_rpath::main();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=native");
    let mut build = cc::Build::new();
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        build.include(Path::new(&folder).with_file_name("include"));
    }
    let files = ["native/scaled.cpp", "native/tf32.cpp"];
    build.cpp(true).std("c++17").warnings(false).files(files).compile("torch_ext");
}
