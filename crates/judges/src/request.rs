/// Question about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvalRequest {
    /// Texts that the image is compared with.
    pub texts: Vec<String>,
    /// The label that is right, if one is.
    pub right_label: Option<String>,
    /// The segmenter's name of the expected class, if it knows it.
    pub segment: Option<String>,
}
