//! The optimizers under study.
