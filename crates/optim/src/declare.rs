//! Declaration of an optimizer's settings: each default is stated once, and the documentation reads
//! it from there.

/// Declares a closed settings type with its defaults; `schedule` is added to every one.
macro_rules! declare {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $default:literal,)* }) => {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $(
                $(#[$doc])*
                #[doc = concat!("Default: `", stringify!($default), "`.")]
                pub $field: $type,
            )*
            /// The learning-rate schedule; constant by default.
            pub schedule: $crate::schedule::Schedule,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: <$type as $crate::preset::Preset<_>>::preset($default),)*
                    schedule: $crate::schedule::Schedule::default(),
                }
            }
        }
    };
}

pub(crate) use declare;
