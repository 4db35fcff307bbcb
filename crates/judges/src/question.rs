/// What judges are asked about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Texts that the image is compared with.
    pub texts: Vec<String>,
    /// The label that is right, if one is.
    pub right_label: Option<String>,
    /// What the segmenter calls what should be there, if it knows it.
    pub segment: Option<String>,
}
