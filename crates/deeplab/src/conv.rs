use checkpoint::Scope;
use tch::Tensor;

/// torchvision's batch norms all have PyTorch's defaults.
const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// A convolution and the batch norm behind it, which normalizes by the batch until it becomes part
/// of the convolution by [`fold`](Self::fold).
#[derive(Debug)]
pub(crate) struct Conv {
    weight: Tensor,
    bias: Option<Tensor>,
    norm: Option<Norm>,
    stride: i64,
    dilation: i64,
}

#[derive(Debug)]
struct Norm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

/// The shape `[out, in, side, side]` of a square convolution's weight.
pub(crate) fn shape(out: i64, input: i64, side: i64) -> [i64; 4] {
    [out, input, side, side]
}

impl Conv {
    /// A convolution without bias named `conv`, and a batch norm named `norm`.
    pub(crate) fn normed(scope: &Scope<'_>, conv: &str, norm: &str, shape: [i64; 4]) -> Self {
        let norm = scope.sub(norm);
        let channel = |name| norm.take(name, &shape[..1]);
        let norm = Norm {
            weight: channel("weight"),
            bias: channel("bias"),
            running_mean: channel("running_mean"),
            running_var: channel("running_var"),
        };
        let weight = scope.sub(conv).take("weight", &shape);
        Self { weight, bias: None, norm: Some(norm), stride: 1, dilation: 1 }
    }

    /// A convolution with a bias, and no batch norm.
    pub(crate) fn plain(scope: &Scope<'_>, shape: [i64; 4]) -> Self {
        let weight = scope.take("weight", &shape);
        let bias = Some(scope.take("bias", &shape[..1]));
        Self { weight, bias, norm: None, stride: 1, dilation: 1 }
    }

    pub(crate) fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub(crate) fn dilation(self, dilation: i64) -> Self {
        Self { dilation, ..self }
    }

    /// In the order in which [`Config`](crate::Config) names them.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let norm = self.norm.as_ref();
        let of_norm = norm.map(|norm| [&norm.weight, &norm.bias, &norm.running_mean, &norm.running_var]);
        std::iter::once(&self.weight).chain(&self.bias).chain(of_norm.into_iter().flatten())
    }

    /// In evaluation mode a batch norm is a fixed scale and offset for each channel.
    pub(crate) fn fold(&mut self) {
        if let Some(norm) = self.norm.take() {
            let scale = norm.weight / (norm.running_var + EPS).sqrt();
            self.weight = &self.weight * scale.view([-1, 1, 1, 1]);
            self.bias = Some(norm.bias - norm.running_mean * scale);
        }
    }

    /// `[n, in, h, w]` → `[n, out, h / stride, w / stride]`, rounded up.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let padding = (self.weight.size()[2] / 2) * self.dilation; // sides are odd: keeps the size at stride 1
        let bias = self.bias.as_ref();
        let y = x.conv2d(&self.weight, bias, [self.stride; 2], [padding; 2], [self.dilation; 2], 1);
        self.norm.as_ref().map_or_else(|| y.shallow_clone(), |norm| norm.forward(&y))
    }
}

impl Norm {
    /// By the mean and variance of the batch, which the running ones follow.
    fn forward(&self, x: &Tensor) -> Tensor {
        let Self { weight, bias, running_mean, running_var } = self;
        let (mean, var) = (Some(running_mean), Some(running_var));
        x.batch_norm(Some(weight), Some(bias), mean, var, true, MOMENTUM, EPS, false)
    }
}
