//! The messages, as far as they are used: fields and numbers are those of TensorFlow's event.proto
//! and summary.proto.

use prost::{Message, Oneof};

/// Something at a step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(oneof = "Kind", tags = "2, 4")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    #[prost(float, tag = "2")]
    SimpleValue(f32),
    #[prost(message, tag = "4")]
    Image(Image),
}

/// An encoded image.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Image {
    #[prost(int32, tag = "1")]
    height: i32,
    #[prost(int32, tag = "2")]
    width: i32,
    #[prost(int32, tag = "3")]
    colorspace: i32,
    #[prost(bytes = "vec", tag = "4")]
    encoded_image_string: Vec<u8>,
}

/// `colorspace` of summary.proto.
const RGB: i32 = 3;

impl Event {
    /// First event of every file.
    pub(super) fn version() -> Self {
        Self { wall_time: 0.0, step: 0, what: Some(What::FileVersion("brain.Event:2".to_owned())) }
    }

    /// Numbers after `step` steps and so many seconds.
    pub(super) fn scalars<T: AsRef<str>>(seconds: f64, step: u32, scalars: &[(T, f32)]) -> Self {
        let value = |(tag, value): &(T, f32)| Value {
            tag: tag.as_ref().to_owned(),
            kind: Some(Kind::SimpleValue(*value)),
        };
        Self::summary(seconds, step, scalars.iter().map(value).collect())
    }

    /// An image after `step` steps and so many seconds.
    pub(super) fn image(seconds: f64, step: u32, tag: &str, image: Image) -> Self {
        Self::summary(seconds, step, vec![Value { tag: tag.to_owned(), kind: Some(Kind::Image(image)) }])
    }

    pub(super) fn step(&self) -> i64 {
        self.step
    }

    fn summary(seconds: f64, step: u32, value: Vec<Value>) -> Self {
        Self { wall_time: seconds, step: step.into(), what: Some(What::Summary(Summary { value })) }
    }
}

impl Image {
    /// An RGB image in PNG.
    pub(super) fn png(width: u32, height: u32, png: Vec<u8>) -> Self {
        Self { height: height as i32, width: width as i32, colorspace: RGB, encoded_image_string: png }
    }
}
