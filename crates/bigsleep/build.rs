//! Compiles the switches for TF32, and does what the other crates' build script does: `build/libtorch_rpath.rs`.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=native/tf32.cpp");
    let mut build = cc::Build::new();
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
        build.include(Path::new(&folder).with_file_name("include"));
    }
    build.cpp(true).std("c++17").warnings(false).file("native/tf32.cpp").compile("bigsleep_tf32");
}
