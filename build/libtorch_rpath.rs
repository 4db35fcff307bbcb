//! The build script of every crate that links libtorch: programs and tests find it at run time
//! without `LD_LIBRARY_PATH`.
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

pub(crate) fn main() {
    println!("cargo::rerun-if-changed=../../build/libtorch_rpath.rs");
    // torch-sys says where it found libtorch; on Windows, where there is no rpath, it says nothing.
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
