use checkpoint::{CheckpointError, Weights};
use tch::{Device, Kind, Tensor};
use torch_ext::no_grad;

use crate::{
    head::{Head, size4},
    resnet::ResNet,
};

/// ImageNet's mean and standard deviation of red, green and blue, which torchvision's files expect.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// DeepLabv3 with a ResNet backbone, in evaluation mode, its batch norms folded into its
/// convolutions.
#[derive(Debug)]
pub struct DeepLab {
    backbone: ResNet,
    classifier: Head,
    device: Device,
    kind: Kind,
}

impl DeepLab {
    /// Takes the weights under torchvision's names; layers and widths are those that the weights
    /// have, so that it reads `deeplabv3_resnet50_coco-*.pth`, `deeplabv3_resnet101_coco-*.pth` and
    /// smaller ones alike. The auxiliary classifier, which only training uses, is dropped.
    ///
    /// # Errors
    /// When the weights are not those of a DeepLabv3, all differences told at once.
    pub fn load(weights: Weights, device: Device, kind: Kind) -> Result<Self, CheckpointError> {
        let (mut backbone, mut classifier) = take(weights, device, kind)?;
        no_grad(|| {
            backbone.fold();
            classifier.fold();
        });
        Ok(Self { backbone, classifier, device, kind })
    }

    /// The number of classes of the DeepLabv3 that a file holds, once it is known that
    /// [`load`](Self::load) would find all its tensors in their shapes. Their numbers are not read.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), but for tensors whose numbers cannot be read.
    pub fn classes_in(weights: Weights) -> Result<i64, CheckpointError> {
        let (_, classifier) = take(weights.without_data(), Device::Cpu, Kind::Float)?;
        Ok(classifier.classes())
    }

    /// The logits `[n, classes, h, w]` of `pixels [n, 3, h, w]`, which are [normalized](normalize);
    /// without gradients.
    ///
    /// # Panics
    /// When shape, kind or device differ from the model's.
    pub fn forward(&self, pixels: &Tensor) -> Tensor {
        no_grad(|| logits(&self.backbone, &self.classifier, pixels))
    }

    /// The class of each pixel, `[n, h, w]` in `0..classes`, of `images [n, 3, h, w]` in `[0, 1]`.
    ///
    /// Images are taken at the size they have. The published models were trained on images whose
    /// shorter side is around 520, and see best there.
    ///
    /// # Panics
    /// When the images are not three-colored.
    pub fn segment(&self, images: &Tensor) -> Tensor {
        let images = images.to_device(self.device).to_kind(self.kind);
        self.forward(&normalize(&images)).argmax(1, false)
    }

    /// Number of classes, background included.
    #[must_use]
    pub fn num_classes(&self) -> i64 {
        self.classifier.classes()
    }
}

/// The tensors as stored, with nothing folded yet.
fn take(weights: Weights, device: Device, kind: Kind) -> Result<(ResNet, Head), CheckpointError> {
    let weights = weights.rename(|name| is_used(name).then(|| name.to_owned()));
    let root = weights.root(kind, device);
    let backbone = ResNet::load(&root.sub("backbone"));
    let classifier = Head::load(&root.sub("classifier"), backbone.channels());
    weights.finish()?;
    Ok((backbone, classifier))
}

/// `pixels [n, 3, h, w]` → `[n, classes, h, w]`.
pub(crate) fn logits(backbone: &ResNet, classifier: &Head, pixels: &Tensor) -> Tensor {
    let (_, _, height, width) = size4(pixels);
    let logits = classifier.forward(&backbone.forward(pixels)); // [n, classes, h/8, w/8]
    logits.upsample_bilinear2d([height, width], false, None, None)
}

/// `images [n, 3, h, w]` in `[0, 1]`, as torchvision's models want them.
pub fn normalize(images: &Tensor) -> Tensor {
    let channels = |values: &[f64; 3]| {
        Tensor::from_slice(values).to_kind(images.kind()).to_device(images.device()).view([3, 1, 1])
    };
    (images - channels(&MEAN)) / channels(&STD)
}

fn is_used(name: &str) -> bool {
    !(name.starts_with("aux_classifier.") || name.ends_with(".num_batches_tracked"))
}
