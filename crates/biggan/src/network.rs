use checkpoint::Scope;
use tch::Tensor;
use torch_ext::no_grad;

use crate::{
    Config,
    attention::SelfAttention,
    block::Block,
    config::{SIDE_AT_START, WIDTH_AT_START},
    conv::Conv,
    named::{Named, Role, under},
    norm::{BatchStatistics, Norm},
    weight::Weight,
};

/// BigGAN-deep, in training or folded for use: the parts and how they follow each other.
///
/// Source: Brock et al. 2019, Appendix B; `pytorch-pretrained-biggan` 0.1.1, `model.py`, whose
/// names the fields have; a row of latents and class weights for each block as in `big-sleep`
/// 0.9.1, `biggan.py`.
#[derive(Debug)]
pub(crate) struct Network {
    embeddings: Tensor,
    gen_z: Weight,
    gen_z_bias: Tensor,
    layers: Vec<Part>,
    bn: Norm,
    conv_to_rgb: Conv,
    /// Of a folded network, some of whose latents have no effect: those that have.
    live: Option<Tensor>,
}

#[derive(Debug)]
enum Part {
    Block(Box<Block>),
    SelfAttention(Box<SelfAttention>),
}

impl Network {
    /// Takes the tensors as stored, with nothing folded yet.
    pub(crate) fn take(scope: &Scope<'_>, config: &Config) -> Self {
        let &Config { channel_width, num_classes, z_dim, n_stats, eps, .. } = config;
        let embeddings = scope.take("embeddings.weight", &[z_dim, num_classes]);
        let scope = scope.sub("generator");
        let pixels = SIDE_AT_START * SIDE_AT_START;
        let start = pixels * WIDTH_AT_START * channel_width;
        Self {
            embeddings,
            gen_z: Weight::take(&scope.sub("gen_z"), &[start, config.condition_dim()], eps),
            gen_z_bias: scope.take("gen_z.bias", &[start]),
            layers: take_layers(&scope.sub("layers"), config),
            bn: Norm::take_plain(&scope.sub("bn"), channel_width, n_stats, eps),
            conv_to_rgb: Conv::take(&scope.sub("conv_to_rgb"), [channel_width, channel_width, 3, 3], eps),
            live: None,
        }
    }

    /// `latents: [n, l, z]`, `class_weights: [n, l, c]` → `[n, 3, s, s]` in `[-1, 1]`.
    pub(crate) fn forward(
        &self,
        latents: &Tensor,
        class_weights: &Tensor,
        statistics: &mut BatchStatistics,
    ) -> Tensor {
        let none = None::<Tensor>;
        let embedded = class_weights.linear(&self.embeddings, none.as_ref()); // [n, l, z], or those that have an effect
        let latents = match &self.live {
            Some(live) => latents.index_select(2, live),
            None => latents.shallow_clone(), // [n, l, z]
        };
        let conditions = Tensor::cat(&[&latents, &embedded], 2); // [n, l, d]
        let mut rows = conditions.unbind(1).into_iter(); // [n, d] each, d = 2z if all have an effect

        let first = rows.next().expect("a row for the input projection");
        let mut x = self.start(&first);
        for layer in &self.layers {
            x = match layer {
                Part::SelfAttention(attention) => attention.forward(&x),
                Part::Block(block) => {
                    let row = rows.next().expect("a row for every block");
                    block.forward(&x, &row, statistics)
                }
            };
        }
        let x = self.bn.forward(&x, &first, statistics).relu_();
        self.conv_to_rgb.forward_first(&x, RGB).tanh_()
    }

    /// `[n, d]` → `[n, 16 w, 4, 4]`, channels last in memory.
    fn start(&self, cond: &Tensor) -> Tensor {
        let x = cond.linear(&self.gen_z.normalized(), Some(&self.gen_z_bias));
        x.view([cond.size()[0], SIDE_AT_START, SIDE_AT_START, -1]).permute([0, 3, 1, 2])
    }

    /// A constant function of its inputs' kind: see [`Weight::fold`] and [`Norm::fold`].
    pub(crate) fn fold(self, truncation: f64) -> Self {
        let mut side = SIDE_AT_START;
        let fold = |part| match part {
            Part::Block(block) => {
                let side_of_input = side;
                side *= block.growth();
                Part::Block(Box::new(block.fold(truncation, side_of_input)))
            }
            Part::SelfAttention(attention) => Part::SelfAttention(Box::new(attention.fold())),
        };
        let folded = Self {
            gen_z: self.gen_z.fold(),
            layers: self.layers.into_iter().map(fold).collect(),
            bn: self.bn.fold(truncation),
            conv_to_rgb: self.conv_to_rgb.fold(),
            ..self
        };
        no_grad(|| folded.without_dead_conditions())
    }

    /// A network whose latents were made more than it was trained with reads its conditions a third
    /// as fast as need be.
    fn without_dead_conditions(mut self) -> Self {
        let blocks = self.layers.iter_mut().filter_map(|part| match part {
            Part::Block(block) => block.reader_mut(),
            Part::SelfAttention(_) => None,
        });
        let mut readers: Vec<_> = blocks.collect(); // [_, d] each
        readers.extend(self.gen_z.folded_mut());
        let used = readers.iter().map(|matrix| matrix.not_equal(0.0).any_dim(0, false));
        let used = used.reduce(|one, other| one.logical_or(&other)).expect("the input projection");
        if !bool::try_from(used.all()).unwrap_or(true) {
            let live = used.nonzero().squeeze_dim(1);
            readers.into_iter().for_each(|matrix| *matrix = matrix.index_select(1, &live));
            let halves = used.chunk(2, 0); // latents, embedding
            self.live = Some(halves[0].nonzero().squeeze_dim(1));
            self.embeddings = self.embeddings.index_select(0, &halves[1].nonzero().squeeze_dim(1));
        }
        self
    }

    /// In the order in which a forward pass meets them.
    pub(crate) fn norms_mut(&mut self) -> impl Iterator<Item = &mut Norm> {
        let blocks = self.layers.iter_mut().filter_map(|part| match part {
            Part::Block(block) => Some(block.norms_mut()),
            Part::SelfAttention(_) => None,
        });
        blocks.flatten().chain([&mut self.bn])
    }

    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weight> {
        let mut weights = vec![&mut self.gen_z, self.conv_to_rgb.weight_mut()];
        weights.extend(self.layers.iter_mut().flat_map(|part| match part {
            Part::Block(block) => block.weights_mut(),
            Part::SelfAttention(attention) => attention.weights_mut(),
        }));
        weights
    }

    /// Under the published names.
    pub(crate) fn tensors(&self) -> Vec<Named> {
        let layers = self.layers.iter().enumerate().flat_map(|(i, part)| {
            let tensors = match part {
                Part::Block(block) => block.tensors(),
                Part::SelfAttention(attention) => attention.tensors(),
            };
            under(format!("layers.{i}"), tensors)
        });
        let mut generator = under("gen_z", self.gen_z.tensors());
        generator.push(Named::new("gen_z.bias", &self.gen_z_bias, Role::Parameter));
        generator.extend(layers);
        generator.extend(under("bn", self.bn.tensors()));
        generator.extend(under("conv_to_rgb", self.conv_to_rgb.tensors()));

        let mut tensors = vec![Named::new("embeddings.weight", &self.embeddings, Role::Parameter)];
        tensors.extend(under("generator", generator));
        tensors
    }
}

/// The output convolution makes as many channels as the last block; only these are an image.
const RGB: i64 = 3;

/// The attention has a number of its own among the layers, and moves those after it up by one.
fn take_layers(scope: &Scope<'_>, config: &Config) -> Vec<Part> {
    let mut parts = Vec::new();
    for (i, &layer) in config.layers.iter().enumerate() {
        if i == config.attention_layer_position {
            let channels = layer.width_in * config.channel_width;
            let attention = SelfAttention::take(&scope.at(parts.len()), channels, config.eps);
            parts.push(Part::SelfAttention(Box::new(attention)));
        }
        parts.push(Part::Block(Box::new(Block::take(&scope.at(parts.len()), layer, config))));
    }
    parts
}
