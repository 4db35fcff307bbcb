//! Which optimizer, with which settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::rule::{Rule, Start};
use crate::schedule::Schedule;
use crate::{adam, sgd};

macro_rules! optimizers {
    ($($(#[$doc:meta])* $name:literal $variant:ident($settings:ty),)*) => {
        /// An optimizer and its settings, as an experiment writes them: `adam = { lr = 0.05 }`.
        ///
        /// Settings that are left out have the defaults that the optimizer's page states.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum OptimizerConfig {
            $($(#[$doc])* #[serde(rename = $name)] $variant($settings),)*
        }

        impl OptimizerConfig {
            /// Every optimizer's name.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name that an experiment calls it by.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// What its learning rate does over a run.
            pub fn schedule(&self) -> &Schedule {
                match self { $(Self::$variant(settings) => &settings.schedule,)* }
            }

            /// Every optimizer with its default settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$variant(<$settings>::default()),)*]
            }

            pub(crate) fn start(&self, params: &[Tensor]) -> Box<dyn Rule> {
                match self { $(Self::$variant(settings) => settings.start(params),)* }
            }
        }

        $(impl From<$settings> for OptimizerConfig {
            fn from(settings: $settings) -> Self {
                Self::$variant(settings)
            }
        })*
    };
}

optimizers! {
    /// Stochastic gradient descent.
    "sgd" Sgd(sgd::Sgd),
    /// Adam.
    "adam" Adam(adam::Adam),
}
