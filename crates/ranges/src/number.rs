use std::fmt::Display;

/// A kind of number that settings have.
pub trait Number: Copy + Display {
    /// Its name in messages.
    const KIND: &'static str;

    /// A whole number as one, if it can be.
    fn of_whole(whole: i128) -> Option<Self>;

    /// Any number as one, if it can be.
    fn of_real(real: f64) -> Option<Self>;

    /// The number, for comparisons.
    fn real(self) -> f64;

    /// The bound that a range without an upper one has by the kind of number, in words.
    fn most() -> Option<String>;
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl Number for $number {
            const KIND: &'static str = "a whole number";

            fn of_whole(whole: i128) -> Option<Self> {
                Self::try_from(whole).ok()
            }

            fn of_real(_: f64) -> Option<Self> {
                None
            }

            fn real(self) -> f64 {
                self as f64
            }

            fn most() -> Option<String> {
                Some(Self::MAX.to_string())
            }
        }
    )*};
}

whole! { u32 i64 }

impl Number for f64 {
    const KIND: &'static str = "a number";

    fn of_whole(whole: i128) -> Option<Self> {
        Some(whole as Self)
    }

    fn of_real(real: f64) -> Option<Self> {
        Some(real)
    }

    fn real(self) -> f64 {
        self
    }

    fn most() -> Option<String> {
        Some(format!("{:e} (single precision)", f32::MAX))
    }
}
