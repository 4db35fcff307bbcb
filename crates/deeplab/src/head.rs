use checkpoint::Scope;
use tch::{Kind, Tensor};

use crate::{
    conv::{Conv, shape},
    resnet::outputs,
};

/// Dilation rates of the three 3 × 3 branches: the paper's rates for features of an eighth of the
/// image.
const RATES: [i64; 3] = [12, 24, 36];

/// Atrous spatial pyramid pooling, and the classifier of what it gives.
#[derive(Debug)]
pub(crate) struct Head {
    /// One 1 × 1 convolution and the three at [`RATES`].
    branches: Vec<Conv>,
    /// Of the image's mean.
    pooled: Conv,
    project: Conv,
    mix: Conv,
    classify: Conv,
    classes: i64,
}

impl Head {
    pub(crate) fn load(scope: &Scope<'_>, input: i64) -> Self {
        let pyramid = scope.sub("0");
        let branch = pyramid.sub("convs");
        let width = outputs(&branch.at(0), "0.weight");
        let classes = outputs(&scope.at(4), "weight");
        let narrow = Conv::normed(&branch.at(0), "0", "1", shape(width, input, 1));
        let wide = RATES.iter().enumerate().map(|(i, &rate)| {
            Conv::normed(&branch.at(i + 1), "0", "1", shape(width, input, 3)).dilation(rate)
        });
        Self {
            branches: std::iter::once(narrow).chain(wide).collect(),
            pooled: Conv::normed(&branch.at(4), "1", "2", shape(width, input, 1)),
            project: Conv::normed(&pyramid.sub("project"), "0", "1", shape(width, 5 * width, 1)),
            mix: Conv::normed(scope, "1", "2", shape(width, width, 3)),
            classify: Conv::plain(&scope.at(4), shape(classes, width, 1)),
            classes,
        }
    }

    pub(crate) fn classes(&self) -> i64 {
        self.classes
    }

    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let others = [&self.pooled, &self.project, &self.mix, &self.classify];
        self.branches.iter().chain(others).flat_map(Conv::tensors)
    }

    pub(crate) fn fold(&mut self) {
        let others = [&mut self.pooled, &mut self.project, &mut self.mix, &mut self.classify];
        self.branches.iter_mut().chain(others).for_each(Conv::fold);
    }

    /// `[n, c, h, w]` → `[n, classes, h, w]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let mut views: Vec<Tensor> = self.branches.iter().map(|conv| conv.forward(x).relu()).collect();
        let mean = x.mean_dim([2, 3].as_slice(), true, None::<Kind>); // [n, c, 1, 1]
        let (_, _, height, width) = size4(x);
        views.push(self.pooled.forward(&mean).relu().expand([-1, -1, height, width], false));
        let y = self.project.forward(&Tensor::cat(&views, 1)).relu();
        let y = self.mix.forward(&y).relu();
        self.classify.forward(&y)
    }
}

/// The four sides of a batch of feature maps.
pub(crate) fn size4(x: &Tensor) -> (i64, i64, i64, i64) {
    x.size4().unwrap_or_else(|_| panic!("expected [n, c, h, w], got {:?}", x.size()))
}
