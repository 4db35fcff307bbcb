//! Named tensors out of files that others wrote.
