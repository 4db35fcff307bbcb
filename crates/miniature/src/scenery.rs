use std::path::Path;

use tch::{Kind, Tensor};

use crate::{MiniatureError, Style, Table, art::sprite};

/// The background of the scene `name`, without anything before it: `[3, side, side]` in [0, 1].
///
/// # Errors
/// When nobody has said how to draw it, or a picture it needs is missing.
pub(crate) fn draw(
    name: &str,
    table: &Table,
    data: &Path,
    style: Style,
    side: u32,
) -> Result<Tensor, MiniatureError> {
    let prop = |prop: &'static str| {
        let known = table.props.iter().find(|known| known.name == prop);
        sprite(data, style, &known.ok_or(MiniatureError::Prop { name: prop })?.codepoint, side)
    };
    let side = i64::from(side);
    match name {
        "forest" => Ok(planted(ground(FOREST, side), &prop("pine tree")?, &PINES)),
        "woods" => Ok(planted(ground(WOODS, side), &prop("oak tree")?, &OAKS)),
        "grass" => Ok(ground(MEADOW, side)),
        "sea" => Ok(waves(ground(SEA, side))),
        "night" => Ok(planted(stars(ground(NIGHT, side)), &prop("moon")?, &[(0.84, 0.16, 0.24)])),
        _ => Err(MiniatureError::Scene { name: name.to_owned() }),
    }
}

type Color = [f64; 3];

/// A sky that changes from `top` to `horizon`, and a floor of one color below the height `at` (0
/// is the top).
#[derive(Clone, Copy)]
struct Ground {
    top: Color,
    horizon: Color,
    floor: Color,
    at: f64,
}

const FOREST: Ground =
    Ground { top: [0.75, 0.88, 0.8], horizon: [0.55, 0.75, 0.55], floor: [0.25, 0.45, 0.2], at: 0.7 };
const WOODS: Ground =
    Ground { top: [0.9, 0.93, 0.7], horizon: [0.8, 0.85, 0.55], floor: [0.55, 0.45, 0.25], at: 0.7 };
const MEADOW: Ground =
    Ground { top: [0.55, 0.8, 1.0], horizon: [0.85, 0.95, 1.0], floor: [0.45, 0.75, 0.25], at: 0.55 };
const SEA: Ground =
    Ground { top: [0.6, 0.85, 1.0], horizon: [0.9, 0.97, 1.0], floor: [0.1, 0.4, 0.75], at: 0.45 };
const NIGHT: Ground =
    Ground { top: [0.03, 0.05, 0.2], horizon: [0.12, 0.14, 0.38], floor: [0.05, 0.1, 0.12], at: 0.75 };

/// Positions from the back to the front: the middle's x and y and the width, in sides of the
/// picture.
type Places = [(f64, f64, f64)];

const PINES: [(f64, f64, f64); 6] = [
    (0.08, 0.35, 0.6),
    (0.38, 0.3, 0.55),
    (0.66, 0.33, 0.58),
    (0.95, 0.36, 0.6),
    (0.22, 0.45, 0.6),
    (0.82, 0.45, 0.62),
];
const OAKS: [(f64, f64, f64); 5] =
    [(0.1, 0.3, 0.62), (0.5, 0.25, 0.55), (0.9, 0.3, 0.62), (0.3, 0.4, 0.6), (0.72, 0.42, 0.6)];

fn ground(ground: Ground, side: i64) -> Tensor {
    let color = |color: Color| Tensor::from_slice(&color).to_kind(Kind::Float).view([3, 1, 1]);
    let height = heights(side);
    let sky = color(ground.top).lerp_tensor(&color(ground.horizon), &(&height / ground.at));
    let above = height.less(ground.at).expand([3, side, side], false);
    sky.expand([3, side, side], false).where_self(&above, &color(ground.floor))
}

/// The picture with the thing in each of the places.
fn planted(mut picture: Tensor, thing: &Tensor, places: &Places) -> Tensor {
    for &(x, y, width) in places {
        let placed = place(thing, x, y, width);
        let through = 1.0 - placed.narrow(0, 3, 1);
        picture = picture * through + placed.narrow(0, 0, 3);
    }
    picture
}

/// `thing: [4, side, side]` shrunk to `width` with its middle at (x, y); transparent elsewhere.
fn place(thing: &Tensor, x: f64, y: f64, width: f64) -> Tensor {
    let theta = [1.0 / width, 0.0, (1.0 - 2.0 * x) / width, 0.0, 1.0 / width, (1.0 - 2.0 * y) / width];
    let theta = Tensor::from_slice(&theta).to_kind(Kind::Float).view([1, 2, 3]);
    let size = thing.unsqueeze(0).size();
    let grid = Tensor::affine_grid_generator(&theta, &size, false);
    thing.unsqueeze(0).grid_sampler(&grid, 0, 0, false).squeeze_dim(0)
}

/// Crests of foam on the lower half.
fn waves(picture: Tensor) -> Tensor {
    let side = picture.size()[1];
    let (height, along) = (heights(side), widths(side));
    let foam = Tensor::from_slice(&[0.7f32, 0.88, 1.0]).view([3, 1, 1]);
    (0..4).fold(picture, |picture, row| {
        let row = f64::from(row);
        let crest = (along.shallow_clone() + 0.11 * row) * (8.0 * std::f64::consts::PI);
        let crest = crest.sin() * 0.03 + (0.51 + 0.13 * row);
        let near = (&height - crest).abs().less(0.016).expand([3, side, side], false);
        foam.expand([3, side, side], false).where_self(&near, &picture)
    })
}

/// White points in the upper part, always the same.
fn stars(picture: Tensor) -> Tensor {
    const STARS: u64 = 26;
    let side = picture.size()[1];
    for star in 0..STARS {
        let hash = (star + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (x, y) = ((hash >> 40) as i64 % side, (hash >> 20 & 0xF_FFFF) as i64 % (side * 7 / 10));
        let _ = picture.narrow(1, y, 1).narrow(2, x, 1).fill_(1.0);
    }
    picture
}

/// The height of each row's middle, 0 at the top: `[1, side, 1]`.
fn heights(side: i64) -> Tensor {
    middles(side).view([1, side, 1])
}

/// The distance of each column's middle from the left: `[1, 1, side]`.
fn widths(side: i64) -> Tensor {
    middles(side).view([1, 1, side])
}

fn middles(side: i64) -> Tensor {
    (Tensor::arange(side, (Kind::Float, tch::Device::Cpu)) + 0.5) / side as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ground_is_sky_above_and_floor_below() {
        let picture = ground(MEADOW, 20);
        let pixel = |y: i64| Vec::<f32>::try_from(picture.select(1, y).select(1, 3)).expect("three numbers");
        assert!(pixel(0)[2] > 0.99 && pixel(10)[0] > 0.8, "{:?} {:?}", pixel(0), pixel(10));
        assert_eq!(pixel(11), [0.45, 0.75, 0.25]);
    }

    #[test]
    fn a_thing_is_placed_where_it_was_told() {
        let thing = Tensor::ones([4, 32, 32], (Kind::Float, tch::Device::Cpu));
        let placed = place(&thing, 0.75, 0.25, 0.5); // the upper right quarter
        let cover = |x: i64, y: i64| placed.double_value(&[3, y, x]);
        assert_eq!((cover(24, 8), cover(17, 14), cover(14, 8), cover(24, 17)), (1.0, 1.0, 0.0, 0.0));
        assert!((placed.mean(Kind::Float).double_value(&[]) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn every_scene_of_the_table_can_be_drawn() {
        let table = Table::embedded();
        for scene in &table.scenes {
            let drawn = draw(&scene.name, &table, Path::new("nowhere"), Style::Noto, 64);
            assert!(
                !matches!(drawn, Err(MiniatureError::Scene { .. } | MiniatureError::Prop { .. })),
                "{drawn:?}"
            );
        }
    }
}
