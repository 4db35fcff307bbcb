//! A network in training, and what becomes of it.

use checkpoint::Weights;
use deeplab::{Config, DeepLab, TrainableDeepLab};
use tch::{Device, Kind, Tensor};

fn config() -> Config {
    Config { stem: 8, widths: [4, 4, 8, 8], blocks: [1, 1, 2, 1], head: 8, classes: 3 }
}

/// Left half class 1, right half class 2, in colors that say so.
fn halves() -> (Tensor, Tensor) {
    let classes = Tensor::ones([4, 32, 32], (Kind::Int64, Device::Cpu));
    let _ = classes.narrow(2, 16, 16).fill_(2);
    let shade = classes.to_kind(Kind::Float).unsqueeze(1) - 1.5;
    let bright = Tensor::from_slice(&[0.5f32, 1.0, 1.5, 2.0]).view([4, 1, 1, 1]);
    (Tensor::cat(&[&(&shade * &bright), &(&shade * -1.0 * &bright), &(&shade * 0.0 + bright)], 1), classes)
}

#[test]
fn it_learns_and_is_loaded_frozen() {
    tch::set_num_threads(1); // too little work for more
    let network = TrainableDeepLab::new(&config(), Device::Cpu, 0).unwrap();
    let (pixels, classes) = halves();
    let loss = || {
        network.forward(&pixels).cross_entropy_loss::<Tensor>(&classes, None, tch::Reduction::Mean, -100, 0.0)
    };
    let first = loss().double_value(&[]);
    for step in 0..30 {
        let variables = network.trainable_variables();
        let tensors: Vec<&Tensor> = variables.iter().map(|(_, tensor)| tensor).collect();
        let gradients = Tensor::run_backward(&[loss()], &tensors, false, false);
        torch_ext::no_grad(|| {
            for ((name, tensor), gradient) in variables.iter().zip(&gradients) {
                assert!(step > 0 || gradient.abs().max().double_value(&[]) > 0.0, "{name} takes no part");
                let _ = tensor.shallow_clone().g_sub_(&(gradient * 0.1));
            }
        });
    }
    let last = loss().double_value(&[]);
    assert!(last < 0.5 * first, "from {first} to {last}");

    let copies = network.trainable_variables().into_iter().chain(network.statistics());
    let copies = copies.map(|(name, tensor)| (name, tensor.detach().copy()));
    let weights = Weights::from_tensors("trained", copies.collect::<Vec<_>>());
    let frozen = DeepLab::load(weights, Device::Cpu, Kind::Float).unwrap();
    let right = frozen.forward(&pixels).argmax(1, false).eq_tensor(&classes);
    let right = right.to_kind(Kind::Float).mean(Kind::Float).double_value(&[]);
    assert!(right > 0.8, "{right} of the pixels");
}

#[test]
fn a_layer_without_blocks_is_refused() {
    let error =
        TrainableDeepLab::new(&Config { blocks: [1, 0, 1, 1], ..config() }, Device::Cpu, 0).unwrap_err();
    assert!(error.to_string().contains("fresh weights"), "{error}");
}
