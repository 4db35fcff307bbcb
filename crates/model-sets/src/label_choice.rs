/// A set of labels, as an experiment or a command states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChoice {
    /// The class names of CIFAR-100, whatever the model set's own labels are.
    Cifar100,
    /// These.
    These(Vec<String>),
}
