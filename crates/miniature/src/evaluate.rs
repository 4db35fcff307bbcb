use std::path::Path;

use biggan::Generator;
use checkpoint::Weights;
use clip::{Activation, Clip, ZeroShot, normalize};
use tch::{Device, Kind, Tensor};

use crate::{
    MiniatureError, ModelSet, Renderer, Settings, Stream, Style, Table, Variation, numbers, random, sheet,
    wide::Wide,
};

/// Quality measures of a model set, for its card.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// The model.
    pub of: String,
    /// Name of the measure.
    pub measure: &'static str,
    /// The figure.
    pub value: f64,
}

/// Measures a set, and leaves sheets of what its generator draws in `out`: `truncation-1.0.png` and
/// `truncation-0.5.png`.
///
/// # Errors
/// When a model of the set or a picture cannot be read, or a sheet cannot be written.
pub fn evaluate(
    set: &ModelSet,
    settings: &Settings,
    data: &Path,
    out: &Path,
) -> Result<Vec<Quality>, MiniatureError> {
    let table = Table::embedded();
    let rendered = rendered(&table, data, settings.seed)?;
    let drawn =
        if set.weights("generator").exists() { Some(drawn(set, settings, &table, data, out)?) } else { None };
    let mut figures = Vec::new();
    if let Some(drawn) = &drawn {
        figures.extend(drawn.quality.iter().cloned());
    }
    for model in ["perceptor", "judge"] {
        if !set.weights(model).exists() {
            continue;
        }
        let clip = Clip::load(
            Weights::open(&set.weights(model))?,
            Some(Activation::QuickGelu),
            Device::Cpu,
            Kind::Float,
        )?;
        let images = [
            ("right among all classes, rendered pictures", Some(&rendered)),
            ("right among all classes, drawn images", drawn.as_ref().map(|drawn| &drawn.images)),
        ];
        for (measure, images) in images {
            let Some(images) = images else { continue };
            figures.push(Quality { of: model.to_owned(), measure, value: right(&clip, &table, images)? });
        }
    }
    Ok(figures)
}

/// Images of known objects.
struct Labelled {
    images: Tensor, // [n, 3, s, s] in [0, 1]
    objects: Vec<usize>,
}

/// Pictures of every object in every style, as wide apart as the perceptors were trained on; these
/// draws were not trained on.
fn rendered(table: &Table, data: &Path, seed: u64) -> Result<Labelled, MiniatureError> {
    let renderer = Renderer::new(table, data, &Style::ALL, SIDE, Variation::WIDE, Device::Cpu)?;
    let n = renderer.num_objects();
    let z = random::normal(&[n, Variation::ENTRIES], &mut numbers(seed, Stream::Evaluation, 1));
    let images = torch_ext::no_grad(|| {
        (renderer.render(&z, &one_of_each(n, renderer.num_classes())).image + 1.0) * 0.5
    });
    Ok(Labelled { images, objects: (0..n as usize).map(|i| i % table.classes.len()).collect() })
}

const SIDE: u32 = 64;

/// Draws of a generator, and how near they are to the pictures.
struct Drawn {
    images: Labelled,
    quality: Vec<Quality>,
}

fn drawn(
    set: &ModelSet,
    settings: &Settings,
    table: &Table,
    data: &Path,
    out: &Path,
) -> Result<Drawn, MiniatureError> {
    let settings_of = &settings.generator;
    let config = biggan::Config::read(&set.generator_config())?;
    let renderer = Renderer::new(
        table,
        data,
        &settings_of.styles,
        config.output_dim as u32,
        Variation::NARROW,
        Device::Cpu,
    )?;
    let n = renderer.num_objects();
    let classes = one_of_each(n, renderer.num_classes());
    let rows = [-1, config.num_latent_rows(), -1];
    let z = random::normal(&[n, config.z_dim], &mut numbers(settings.seed, Stream::Evaluation, 2));
    let draw = |truncation: f64| -> Result<Tensor, MiniatureError> {
        let generator =
            Generator::load(Weights::open(&set.weights("generator"))?, &config, truncation, Device::Cpu)?;
        let latents = (&z * truncation).unsqueeze(1).expand(rows, false);
        let weights = Wide::class_weights(&classes);
        let images =
            torch_ext::no_grad(|| generator.forward(&latents, &weights.unsqueeze(1).expand(rows, false)));
        sheet::write(&images, 12, 2, &out.join(format!("truncation-{truncation:.1}.png")))?;
        Ok(images)
    };
    let (whole, half) = (draw(1.0)?, draw(0.5)?);
    let wanted = torch_ext::no_grad(|| renderer.render(&z, &classes).image);
    let figure = |measure, value: Tensor| Quality {
        of: "generator".to_owned(),
        measure,
        value: value.double_value(&[]),
    };
    let quality = vec![
        figure("mean absolute error of a pixel, of 0 to 1", (&whole - wanted).abs().mean(Kind::Float) * 0.5),
        figure("spread of backgrounds at truncation 1.0", spread(&whole)),
        figure("spread of backgrounds at truncation 0.5", spread(&half)),
    ];
    let objects = (0..n as usize).map(|i| i % table.classes.len()).collect();
    Ok(Drawn { images: Labelled { images: (whole + 1.0) * 0.5, objects }, quality })
}

/// Spread of the colors at the images' left edges, where no object is: the mean standard deviation,
/// of 0 to 1.
fn spread(images: &Tensor) -> Tensor {
    images.select(3, 0).mean_dim(2, false, Kind::Float).std_dim(0, true, false).mean(Kind::Float) * 0.5
}

fn one_of_each(n: i64, classes: i64) -> Tensor {
    Tensor::eye(classes, (Kind::Float, Device::Cpu)).narrow(0, 0, n)
}

/// The share of images whose own class is first among all.
fn right(clip: &Clip, table: &Table, labeled: &Labelled) -> Result<f64, MiniatureError> {
    let names: Vec<&str> = table.classes.iter().map(|class| class.name.as_str()).collect();
    let zero_shot = ZeroShot::new(clip, &names, "{}")?;
    let side = clip.image_size();
    let seen = labeled.images.internal_upsample_bilinear2d_aa([side, side], false, None, None);
    let ranks = zero_shot.rank(&torch_ext::no_grad(|| clip.encode_image(&normalize(&seen))));
    let right =
        ranks.iter().zip(&labeled.objects).filter(|(guesses, object)| guesses[0].label == names[**object]);
    Ok(right.count() as f64 / labeled.objects.len() as f64)
}
