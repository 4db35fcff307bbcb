//! TF32, on CUDA: 32-bit floats multiplied with 10-bit mantissas. libtorch has a switch for the
//! whole process.
//!
//! By itself it lets convolutions use it and matrix products not. The generator is made of
//! convolutions and must not, the perceptor is made of products and may, where asked.

use std::sync::{Mutex, PoisonError};

#[expect(unsafe_code, reason = "tch has no function for these switches; see native/tf32.cpp")]
mod switch {
    unsafe extern "C" {
        fn torch_ext_allow_tf32(products: bool, convolutions: bool);
        #[cfg(test)]
        fn torch_ext_allows_tf32_products() -> bool;
        #[cfg(test)]
        fn torch_ext_allows_tf32_convolutions() -> bool;
    }

    pub(super) fn allow(products: bool, convolutions: bool) {
        // Sound: it sets two values of libtorch's own, under a lock of ours.
        unsafe { torch_ext_allow_tf32(products, convolutions) }
    }

    /// TF32 permission of products and of convolutions.
    #[cfg(test)]
    pub(super) fn allowed() -> (bool, bool) {
        unsafe { (torch_ext_allows_tf32_products(), torch_ext_allows_tf32_convolutions()) }
    }
}

/// Number of live [`Allowed`] guards.
static USERS: Mutex<u32> = Mutex::new(0);

/// Forbids TF32 on CUDA to all but dreams whose settings ask for it; until then libtorch's
/// convolutions use it.
pub fn forbid() {
    let users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
    switch::allow(*users > 0, false);
}

/// While it lives, matrix products may use TF32: on whatever thread, so that on a machine with
/// several devices the few products of another's generator may, too.
pub struct Allowed(());

impl Allowed {
    /// Allows it.
    #[expect(clippy::new_without_default, reason = "it is made for what it does, not for its value")]
    pub fn new() -> Self {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        *users += 1;
        switch::allow(true, false);
        Self(())
    }
}

impl Drop for Allowed {
    fn drop(&mut self) {
        let mut users = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        *users -= 1;
        switch::allow(*users > 0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_may_while_somebody_is_allowed_and_convolutions_never() {
        forbid();
        assert_eq!(switch::allowed(), (false, false));
        let first = Allowed::new();
        let second = Allowed::new();
        drop(first);
        forbid();
        assert_eq!(switch::allowed(), (true, false));
        drop(second);
        assert_eq!(switch::allowed(), (false, false));
    }
}
