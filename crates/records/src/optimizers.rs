/// Names of the optimizers in the order in which they came: the place decides how an optimizer
/// looks in figures, so that it looks the same in every report. Append, never reorder.
///
/// A test of the crate `experiment` compares them with those that `optim` has.
pub const OPTIMIZERS: [&str; 17] = [
    "adam",
    "adamw",
    "rmsprop",
    "adagrad",
    "adadelta",
    "sgd",
    "lion",
    "nadam",
    "radam",
    "adamax",
    "prodigy",
    "adan",
    "muon",
    "adabelief",
    "schedule-free-adamw",
    "rprop",
    "asgd",
];
