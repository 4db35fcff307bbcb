use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The token that cancels it, shared by all workers.
#[derive(Clone, Debug, Default)]
pub struct CancellationToken {
    wished: Arc<AtomicBool>,
}

impl CancellationToken {
    /// Requests cancellation; true if that was requested before.
    pub fn cancel(&self) -> bool {
        self.wished.swap(true, Ordering::SeqCst)
    }

    /// Returns true if a stop was requested.
    pub fn is_canceled(&self) -> bool {
        self.wished.load(Ordering::SeqCst)
    }
}
