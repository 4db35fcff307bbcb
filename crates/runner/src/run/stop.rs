use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to stop, shared by all workers.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    wished: Arc<AtomicBool>,
}

impl Stop {
    /// Wishes to stop; true if that was wished before.
    pub fn wish(&self) -> bool {
        self.wished.swap(true, Ordering::SeqCst)
    }

    /// Whether to stop.
    pub fn is_wished(&self) -> bool {
        self.wished.load(Ordering::SeqCst)
    }
}
