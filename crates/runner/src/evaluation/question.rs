use super::Labels;
use crate::plan::Cell;

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

impl Question {
    /// What is asked about the final image of `cell`; `classes` are the segmenter's, none where there is no segmenter.
    pub fn of(cell: &Cell, labels: &Labels, classes: &[String]) -> Self {
        let prompt = &cell.prompt;
        let known = |name: &&String| classes.contains(name);
        // Model sets differ in what their segmenters know: a name that is declared for one may mean nothing to another.
        let names = prompt.segment.iter().chain([&prompt.text, &prompt.class_name]);
        Self {
            texts: vec![cell.judged_text()],
            right_label: Some(&prompt.class_name).filter(|name| labels.has(name)).cloned(),
            segment: names.into_iter().find(known).cloned(),
        }
    }
}
