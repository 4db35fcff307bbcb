//! Compiles the operations that take a scalar, and does what `build/libtorch_rpath.rs` does.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=native/scaled.cpp");
    let mut build = cc::Build::new();
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
        build.include(Path::new(&folder).with_file_name("include"));
    }
    build.cpp(true).std("c++17").warnings(false).file("native/scaled.cpp").compile("optim_scaled");
}
