//! Which optimizer, with which settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::rule::{Rule, Start as _};
use crate::schedule::Schedule;
use crate::{
    adabelief, adadelta, adagrad, adam, adamax, adamw, adan, asgd, lion, muon, nadam, prodigy, radam,
    rmsprop, rprop, schedule_free_adamw, sgd,
};

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

            /// The learning-rate schedule.
            pub fn schedule(&self) -> &Schedule {
                match self { $(Self::$variant(settings) => &settings.schedule,)* }
            }

            /// Every optimizer with its default settings.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$variant(<$settings>::default()),)*]
            }

            /// The optimizer of this name with its default settings.
            pub fn default_of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant(<$settings>::default())),)*
                    _ => None,
                }
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
    /// [SGD](crate::sgd), with momentum or Nesterov's.
    "sgd" Sgd(sgd::Sgd),
    /// [Adam](crate::adam), or AMSGrad.
    "adam" Adam(adam::Adam),
    /// [AdamW](crate::adamw): Adam with decoupled weight decay.
    "adamw" AdamW(adamw::AdamW),
    /// [RMSprop](crate::rmsprop), plain, centered or with momentum.
    "rmsprop" RmsProp(rmsprop::RmsProp),
    /// [Adagrad](crate::adagrad).
    "adagrad" Adagrad(adagrad::Adagrad),
    /// [Adadelta](crate::adadelta).
    "adadelta" Adadelta(adadelta::Adadelta),
    /// [NAdam](crate::nadam): Adam with Nesterov's look-ahead.
    "nadam" NAdam(nadam::NAdam),
    /// [RAdam](crate::radam): Adam, rectified.
    "radam" RAdam(radam::RAdam),
    /// [Adamax](crate::adamax): Adam by the largest gradient.
    "adamax" Adamax(adamax::Adamax),
    /// [Rprop](crate::rprop): steps by sign, sized entry by entry.
    "rprop" Rprop(rprop::Rprop),
    /// [ASGD](crate::asgd): averaged gradient descent.
    "asgd" Asgd(asgd::Asgd),
    /// [Lion](crate::lion): the sign of a momentum.
    "lion" Lion(lion::Lion),
    /// [AdaBelief](crate::adabelief): Adam by the variance of the gradient.
    "adabelief" AdaBelief(adabelief::AdaBelief),
    /// [Adan](crate::adan): Adam with Nesterov's look-ahead from gradient differences.
    "adan" Adan(adan::Adan),
    /// [Prodigy](crate::prodigy): AdamW that finds its learning rate.
    "prodigy" Prodigy(prodigy::Prodigy),
    /// [Schedule-Free AdamW](crate::schedule_free_adamw).
    "schedule-free-adamw" ScheduleFreeAdamW(schedule_free_adamw::ScheduleFreeAdamW),
    /// [Muon](crate::muon): orthogonalized momentum.
    "muon" Muon(muon::Muon),
}
