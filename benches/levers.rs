//! Gain of each lever by itself: the method of the reference implementations beside ours, forward
//! and backward to the input, on shapes of BigGAN-deep-512 and ViT-B/32, in turns.
//!
//!     cargo run --release --example levers -- --rounds 15

use std::time::Instant;

use clap::Parser;
use tch::{Device, Kind, Tensor};

#[derive(Parser)]
struct Cli {
    /// Times that each way is measured, after one that is not
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Threads of libtorch
    #[arg(long, default_value_t = 2)]
    threads: i32,
}

struct Lever {
    name: &'static str,
    shapes: &'static str,
    /// Without and with.
    inputs: [Tensor; 2],
    theirs: Box<dyn Fn(&Tensor) -> Tensor>,
    ours: Box<dyn Fn(&Tensor) -> Tensor>,
}

#[expect(clippy::print_stdout, reason = "the measurement")]
fn main() {
    let Cli { rounds, threads } = Cli::parse();
    tch::set_num_threads(threads);
    tch::manual_seed(0);
    println!(
        "| lever | on | without, ms | with, ms | gain | difference |\n| --- | --- | --- | --- | --- | --- |"
    );
    for lever in generator().into_iter().chain(perceptor()) {
        let Lever { name, shapes, inputs: [input, input_of_ours], theirs, ours } = lever;
        let (mut without, mut with) = (Vec::new(), Vec::new());
        let difference = (theirs(&input) - ours(&input_of_ours)).abs().max().double_value(&[]);
        for round in 0..=rounds {
            let times = [milliseconds(&input, &*theirs), milliseconds(&input_of_ours, &*ours)];
            if round > 0 {
                without.push(times[0]);
                with.push(times[1]);
            }
        }
        let (without, with) = (median(without), median(with));
        let gain = without / with;
        println!("| {name} | {shapes} | {without:.2} | {with:.2} | {gain:.2} | {difference:.0e} |");
    }
}

fn generator() -> Vec<Lever> {
    let (hidden, wide) = (random(&[64, 64, 3, 3]) * 0.05, random(&[128, 128, 3, 3]) * 0.03);
    let trained = hidden.copy().set_requires_grad(true);
    let frozen = hidden.shallow_clone();
    let conv = |x: &Tensor, weight: &Tensor| x.conv2d(weight, None::<Tensor>, [1, 1], [1, 1], [1, 1], 1);

    let deep = random(&[512, 512, 3, 3]) * 0.01;
    let (v, u) = (random(&[512 * 9]), random(&[512]));
    let sigma = |weight: &Tensor, u: &Tensor, v: &Tensor| u.dot(&weight.view([512, -1]).mv(v));
    let folded = &deep / sigma(&deep, &u, &v);

    let channels = |n: i64| random(&[1, n, 1, 1]);
    let [mean, gain, bias] = [channels(64), channels(64), channels(64)];
    let var = channels(64).abs() + 0.5;
    let scale = &gain / (&var + 1e-4).sqrt();
    let offset = &bias - &mean * &scale;

    let three = wide.narrow(0, 0, 3).contiguous();
    let [_, last] = channels_last(hidden.shallow_clone());
    let twice = hidden.shallow_clone();

    let with_gradient = |tensor: &Tensor| [0, 1].map(|_| tensor.copy().set_requires_grad(true));
    let [[factor, our_factor], [sum, our_sum]] = [channels(64), channels(64)].map(|x| with_gradient(&x));
    let doubled = |x: &Tensor| {
        let side = 2 * x.size()[2];
        x.upsample_nearest2d([side, side], None, None)
    };
    let after_doubling = last.shallow_clone();
    let sums_of_four =
        hidden.constant_pad_nd([1, 1, 1, 1]).avg_pool2d([2, 2], [1, 1], [0, 0], false, true, 1).flip([2, 3]);
    let [_, in_one] = channels_last(sums_of_four.transpose(0, 1));
    let [_, small] = channels_last(random(&[1, 64, 128, 128]));
    let [_, skipped] = channels_last(random(&[1, 128, 128, 128]));
    let [_, large] = channels_last(random(&[1, 64, 256, 256]));
    let [beside, our_beside] = with_gradient(&large);
    vec![
        Lever {
            name: "frozen weights",
            shapes: "convolution 3 × 3 of 64 channels, 256 px",
            inputs: same(random(&[1, 64, 256, 256])),
            theirs: Box::new(move |x| conv(x, &trained)),
            ours: Box::new(move |x| conv(x, &frozen)),
        },
        Lever {
            name: "spectral norm folded",
            shapes: "convolution 3 × 3 of 512 channels, 16 px",
            inputs: same(random(&[1, 512, 16, 16])),
            theirs: Box::new(move |x| conv(x, &(&deep / sigma(&deep, &u, &v)))),
            ours: Box::new(move |x| conv(x, &folded)),
        },
        Lever {
            name: "norm folded: a scale and an offset",
            shapes: "64 channels, 256 px",
            inputs: same(random(&[1, 64, 256, 256])),
            theirs: Box::new(move |x| (x - &mean) / (&var + 1e-4).sqrt() * &gain + &bias),
            ours: Box::new(move |x| (x * &scale).g_add_(&offset)),
        },
        Lever {
            name: "a product and a sum, not `addcmul`",
            shapes: "64 channels, 256 px, with a scale that has a gradient",
            inputs: same(random(&[1, 64, 256, 256])),
            theirs: Box::new(move |x| sum.addcmul(x, &factor)),
            ours: Box::new(move |x| (x * &our_factor).g_add_(&our_sum)),
        },
        Lever {
            name: "upsampling in the convolution",
            shapes: "to 256 px, then 3 × 3 of 64 channels, channels last",
            inputs: [small.shallow_clone(), small],
            theirs: Box::new(move |x| conv(&doubled(x), &after_doubling)),
            ours: Box::new(move |x| x.conv_transpose2d(&in_one, None::<Tensor>, 2, 1, 0, 1, 1)),
        },
        Lever {
            name: "the skip's gradient with channels last",
            shapes: "64 of 128 channels, doubled to 256 px",
            inputs: [skipped.shallow_clone(), skipped],
            theirs: Box::new(move |x| doubled(&x.narrow(1, 0, 64)) + &beside),
            ours: Box::new(move |x| {
                let first = x.permute([0, 2, 3, 1]).narrow(3, 0, 64).permute([0, 3, 1, 2]);
                doubled(&first) + &our_beside
            }),
        },
        Lever {
            name: "three output channels",
            shapes: "convolution 3 × 3 from 128 channels, 512 px",
            inputs: same(random(&[1, 128, 512, 512])),
            theirs: Box::new(move |x| conv(x, &wide).narrow(1, 0, 3)),
            ours: Box::new(move |x| conv(x, &three)),
        },
        Lever {
            name: "channels last",
            shapes: "two convolutions 3 × 3 of 64 channels with ReLU, 256 px",
            inputs: channels_last(random(&[1, 64, 256, 256])),
            theirs: Box::new(move |x| conv(&conv(x, &twice).relu(), &twice)),
            ours: Box::new(move |x| conv(&conv(x, &last).relu(), &last)),
        },
    ]
}

/// A chunk of 32 cutouts goes through the perceptor at once.
fn perceptor() -> Vec<Lever> {
    let corners: Vec<[i64; 3]> = (0..32).map(|i| [i * 37 % 170, i * 53 % 170, 252 + 28 * (i % 4)]).collect();
    let places = gathered(&corners);
    let normalized = |x: Tensor| (x - channel([0.481, 0.458, 0.408])) / channel([0.269, 0.261, 0.276]);
    let patches = random(&[768, 3, 32, 32]) * 0.02;
    let embed = |x: &Tensor, weight: &Tensor, bias: Option<&Tensor>| {
        x.conv2d(weight, bias, [32, 32], [0, 0], [1, 1], 1)
    };
    let scaled = &patches / channel([0.269, 0.261, 0.276]);
    let shift = -(&scaled * channel([0.481, 0.458, 0.408])).sum_dim_intlist(
        [1i64, 2, 3].as_slice(),
        false,
        Kind::Float,
    );
    let heads = |x: &Tensor| {
        let of_one = |i: i64| x.narrow(2, 768 * i, 768).unflatten(-1, [12, 64]).transpose(1, 2);
        [0, 1, 2].map(of_one)
    };
    let (up, down) = (random(&[3072, 768]) * 0.03, random(&[768, 3072]) * 0.03);
    let all = mlp(&up, &down);
    let one = mlp(&up, &down);
    vec![
        Lever {
            name: "cutouts gathered in one indexed read",
            shapes: "32 cutouts of 512 px at 224 px, nearest",
            inputs: same(random(&[3, 512, 512])),
            theirs: Box::new(move |image| {
                let cut = |&[top, left, side]: &[i64; 3]| {
                    let crop = image.narrow(1, top, side).narrow(2, left, side).unsqueeze(0);
                    crop.upsample_nearest2d([224, 224], None, None)
                };
                Tensor::cat(&corners.iter().map(cut).collect::<Vec<_>>(), 0)
            }),
            ours: Box::new(move |image| {
                image.flatten(1, 2).index_select(1, &places).view([3, 32, 224, 224]).transpose(0, 1)
            }),
        },
        Lever {
            name: "normalization folded into the patch embedding",
            shapes: "32 cutouts of 224 px",
            inputs: same(random(&[32, 3, 224, 224])),
            theirs: Box::new(move |x| embed(&normalized(x.shallow_clone()), &patches, None)),
            ours: Box::new(move |x| embed(x, &scaled, Some(&shift))),
        },
        Lever {
            name: "SDPA",
            shapes: "32 × 50 tokens × 12 heads × 64",
            inputs: same(random(&[32, 50, 3 * 768])),
            theirs: Box::new(move |x| {
                let [q, k, v] = heads(x);
                let attended = (q.matmul(&k.transpose(-2, -1)) / 8.0).softmax(-1, None).matmul(&v);
                attended.transpose(1, 2).flatten(2, 3)
            }),
            ours: Box::new(move |x| {
                let [q, k, v] = heads(x);
                let attended =
                    Tensor::scaled_dot_product_attention(&q, &k, &v, None::<Tensor>, 0.0, false, None, false);
                attended.transpose(1, 2).flatten(2, 3)
            }),
        },
        Lever {
            name: "QuickGELU as SiLU",
            shapes: "32 × 50 × 3072, its factor in the weights",
            inputs: same(random(&[32, 50, 3072])),
            theirs: Box::new(|x| x * (x * 1.0).sigmoid()),
            ours: Box::new(|x| x.silu()),
        },
        Lever {
            name: "the last block for the class token alone",
            shapes: "its MLP, 32 × 50 × 768",
            inputs: same(random(&[32, 50, 768])),
            theirs: Box::new(move |x| all(x).narrow(1, 0, 1)),
            ours: Box::new(move |x| one(&x.narrow(1, 0, 1))),
        },
    ]
}

fn random(shape: &[i64]) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu))
}

fn same(input: Tensor) -> [Tensor; 2] {
    [input.shallow_clone(), input]
}

/// An input as it is, and the same with its channels last in memory.
fn channels_last(input: Tensor) -> [Tensor; 2] {
    let last = input.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
    [input, last]
}

/// `[3, 1, 1]`
fn channel(values: [f32; 3]) -> Tensor {
    Tensor::from_slice(&values).view([3, 1, 1])
}

/// Pixel indices in a 512 × 512 image of cutouts `[top, left, side]` at 224 × 224.
fn gathered(cutouts: &[[i64; 3]]) -> Tensor {
    let places = cutouts.iter().flat_map(|&[top, left, side]| {
        let at = move |i: i64| i * side / 224;
        (0..224).flat_map(move |y| (0..224).map(move |x| (top + at(y)) * 512 + left + at(x)))
    });
    Tensor::from_slice(&places.collect::<Vec<_>>())
}

fn mlp(up: &Tensor, down: &Tensor) -> impl Fn(&Tensor) -> Tensor + use<> {
    let (up, down) = (up.shallow_clone(), down.shallow_clone());
    move |x| x.linear::<Tensor>(&up, None).silu().linear::<Tensor>(&down, None)
}

/// Forward, and backward to whatever needs a gradient.
fn milliseconds(input: &Tensor, way: &dyn Fn(&Tensor) -> Tensor) -> f64 {
    let input = input.detach().copy().set_requires_grad(true);
    let begun = Instant::now();
    way(&input).square().sum(Kind::Float).backward();
    begun.elapsed().as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
