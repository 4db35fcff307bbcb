//! Allocator settings for freed memory while models load.

use std::sync::{Mutex, PoisonError};

/// While it lives, large buffers go back to the system as soon as they are freed, on whatever
/// thread.
///
/// A model is read tensor by tensor, each of which is converted and folded: freed buffers lie
/// between those that stay. glibc comes to keep such of up to 32 MB for later, as is right for the
/// steps of a dream, so that loading took half as much memory again as its files. Other allocators
/// are left as they are.
pub struct LeanLoading(());

/// Number of live guards. glibc has one setting for the whole process, and several workers may load
/// at once.
static LOADING: Mutex<u32> = Mutex::new(0);

impl LeanLoading {
    /// Begins it.
    #[expect(clippy::new_without_default, reason = "it is made for what it does, not for its value")]
    pub fn new() -> Self {
        let mut loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        *loading += 1;
        if *loading == 1 {
            allocator::return_large_buffers();
        }
        Self(())
    }
}

impl Drop for LeanLoading {
    fn drop(&mut self) {
        let mut loading = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        *loading -= 1;
        if *loading == 0 {
            allocator::keep_large_buffers();
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library has no safe functions for its settings")]
mod allocator {
    use std::ffi::c_int;

    /// glibc's own setting before it has seen a large buffer freed.
    const SMALLEST_THRESHOLD: c_int = 128 << 10;
    /// The most that glibc raises it to by itself, which it does no more once the threshold was
    /// set: see mallopt(3).
    const LARGEST_THRESHOLD: c_int = 32 << 20;

    /// Buffers above the threshold are mapped, each by itself, and unmapped as they are freed.
    pub(super) fn return_large_buffers() {
        set(SMALLEST_THRESHOLD);
    }

    pub(super) fn keep_large_buffers() {
        set(LARGEST_THRESHOLD);
        // Sound: it takes glibc's own locks and gives back what nobody holds.
        unsafe { libc::malloc_trim(0) };
    }

    fn set(threshold: c_int) {
        // Sound: it takes glibc's own lock and sets two numbers that an allocation of another
        // thread reads before or after.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, threshold);
            libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * threshold); // as glibc does
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub(super) fn return_large_buffers() {}
    pub(super) fn keep_large_buffers() {}
}
