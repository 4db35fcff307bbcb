use super::{ATTENTION_BOTTLENECK, BOTTLENECK, Config, Layer, SIDE_AT_START, WIDTH_AT_START};

/// Why a configuration describes no generator.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) key: &'static str,
    /// The value found and the values allowed, phrased to follow the key.
    pub(crate) reason: String,
}

/// The first fault of a configuration. One without is safe to compute sizes from.
pub(crate) fn check(config: &Config) -> Result<(), Fault> {
    let &Config { output_dim, z_dim, class_embed_dim, channel_width, num_classes, n_stats, eps, .. } = config;
    let sizes = [
        ("output_dim", output_dim, 1),
        ("z_dim", z_dim, 1),
        ("class_embed_dim", class_embed_dim, 1),
        ("channel_width", channel_width, 1),
        ("num_classes", num_classes, 1),
        ("n_stats", n_stats, 2),
    ];
    for (key, size, least) in sizes {
        ensure((least..=MAX_SIZE).contains(&size), key, || {
            format!("is {size}, expected {least} to {MAX_SIZE}")
        })?;
    }
    ensure(class_embed_dim == z_dim, "class_embed_dim", || {
        format!("is {class_embed_dim}, expected z_dim's {z_dim}")
    })?;
    ensure(eps.is_finite() && eps > 0.0, "eps", || format!("is {eps}, expected a positive number"))?;

    let (width, side) = check_layers(config)?;
    ensure(width == 1, "layers", || format!("end at a width of {width}, expected 1"))?;
    ensure(side == output_dim, "output_dim", || {
        format!("is {output_dim}, but the layers make an image of {side}")
    })
}

/// No size beyond this is believed: products of two of them still fit an `i64` with room to spare.
const MAX_SIZE: i64 = 1 << 20;

/// Gives the width and the side that the layers end at.
fn check_layers(config: &Config) -> Result<(i64, i64), Fault> {
    let mut width = WIDTH_AT_START;
    let mut side = SIDE_AT_START;
    for (i, &Layer { upsample, width_in, width_out }) in config.layers.iter().enumerate() {
        ensure(width_in == width, "layers", || {
            format!("gives block {i} an input width of {width_in}, but what comes before it has {width}")
        })?;
        let halved = width_in % 2 == 0 && width_out == width_in / 2;
        ensure(width_out == width_in || halved, "layers", || {
            format!("gives block {i} an output width of {width_out}, expected {width_in} or half of it")
        })?;
        let narrowing = if i == config.attention_layer_position { ATTENTION_BOTTLENECK } else { BOTTLENECK };
        let channels = width_in * config.channel_width;
        ensure(channels % narrowing == 0, "channel_width", || {
            format!("makes {channels} channels of block {i}'s input, expected a multiple of {narrowing}")
        })?;
        width = width_out;
        side = if upsample { (side * 2).min(2 * MAX_SIZE) } else { side };
    }
    Ok((width, side))
}

fn ensure(holds: bool, key: &'static str, reason: impl Fn() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault { key, reason: reason() }) }
}
