//! libtorch's CUDA part, opened at run time: one build serves machines with and without GPUs.
#![expect(unsafe_code, reason = "shared libraries are opened and called here, and nowhere else")]

#[cfg(unix)]
use std::{
    fs,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY, RTLD_NOW};
use thiserror::Error;

/// Why there is no CUDA.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NoCuda {
    #[error("libcuda.so.1 was not found, so there is no NVIDIA driver")]
    NoDriver,
    #[error("libtorch's CUDA part was not found; `./setup --cuda` fetches it")]
    NotInstalled,
    #[error("libtorch's CUDA part could not be loaded: {source}")]
    NotLoadable { source: libloading::Error },
    #[error("on this system libtorch's CUDA part is used only where the program was linked with it")]
    NotLinked,
}

/// Opens libtorch's CUDA part, which registers itself with libtorch; does nothing where libtorch is
/// linked with it.
///
/// # Errors
/// Where there is no NVIDIA driver, or no CUDA part that can be loaded.
pub fn load() -> Result<(), NoCuda> {
    if tch::Cuda::is_available() { Ok(()) } else { open() }
}

#[cfg(not(unix))]
fn open() -> Result<(), NoCuda> {
    Err(NoCuda::NotLinked)
}

#[cfg(unix)]
fn open() -> Result<(), NoCuda> {
    keep_open(Path::new("libcuda.so.1"), RTLD_LAZY).map_err(|_| NoCuda::NoDriver)?;
    let library = loaded_torch().and_then(|torch| cuda_part_of(&torch)).ok_or(NoCuda::NotInstalled)?;
    tracing::debug!(library = %library.display(), "loading libtorch's CUDA part");
    keep_open(&library, RTLD_NOW | RTLD_GLOBAL).map_err(|source| NoCuda::NotLoadable { source })
}

#[cfg(unix)]
fn keep_open(library: &Path, flags: i32) -> Result<(), libloading::Error> {
    // SAFETY: the driver's library and libtorch's own part are made to be loaded into a process
    // like this one; their initializers register backends and need nothing of us. Never closed, so
    // nothing of them dangles.
    let library = unsafe { Library::open(Some(library), flags) }?;
    std::mem::forget(library);
    Ok(())
}

/// The libtorch that this process runs with, as the kernel lists it.
#[cfg(unix)]
fn loaded_torch() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let paths = maps.lines().filter_map(|line| line.find('/').map(|start| &line[start..]));
    paths
        .map(Path::new)
        .find(|path| path.file_name().is_some_and(|name| name == "libtorch_cpu.so"))
        .map(Path::to_owned)
}

/// Beside it, or where `./setup --cuda` puts it.
#[cfg(unix)]
fn cuda_part_of(torch_cpu: &Path) -> Option<PathBuf> {
    let lib = torch_cpu.parent()?;
    let beside = lib.join("libtorch_cuda.so");
    let apart = lib.parent()?.parent()?.join("torch-cuda/lib/libtorch_cuda.so");
    [beside, apart].into_iter().find(|path| path.is_file())
}

/// Free memory of a GPU in bytes, where CUDA's runtime tells.
#[cfg(unix)]
pub fn free_memory(gpu: usize) -> Option<usize> {
    type SetDevice = unsafe extern "C" fn(i32) -> i32;
    type MemGetInfo = unsafe extern "C" fn(*mut usize, *mut usize) -> i32;
    let (mut free, mut total) = (0, 0);
    // SAFETY: the signatures are those of CUDA's runtime API, stable since its first version; both
    // calls answer 0 for success, and the pointers outlive the call. The library has been loaded by
    // libtorch and stays loaded.
    let failed = unsafe {
        let runtime = Library::open(Some("libcudart.so.13"), RTLD_LAZY).ok()?;
        let set_device = runtime.get::<SetDevice>(b"cudaSetDevice\0").ok()?;
        let mem_get_info = runtime.get::<MemGetInfo>(b"cudaMemGetInfo\0").ok()?;
        set_device(i32::try_from(gpu).ok()?) != 0 || mem_get_info(&raw mut free, &raw mut total) != 0
    };
    (!failed && free > 0).then_some(free)
}

/// Free memory of a GPU in bytes, which nobody tells here.
#[cfg(not(unix))]
pub fn free_memory(_gpu: usize) -> Option<usize> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_libtorch_in_use_is_found() {
        let _ = tch::Tensor::from(1.0); // links libtorch in
        let path = loaded_torch().unwrap();
        assert!(path.is_file(), "{}", path.display());
    }

    #[test]
    fn the_cuda_part_is_found_beside_and_where_setup_puts_it() {
        let root = tempfile::tempdir().unwrap();
        let (beside, apart) = (root.path().join("torch/lib"), root.path().join("torch-cuda/lib"));
        let torch_cpu = beside.join("libtorch_cpu.so");
        assert_eq!(cuda_part_of(&torch_cpu), None);
        for folder in [&apart, &beside] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("libtorch_cuda.so"), "").unwrap();
            assert_eq!(cuda_part_of(&torch_cpu), Some(folder.join("libtorch_cuda.so")));
        }
    }
}
