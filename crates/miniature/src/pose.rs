use tch::{Kind, Tensor};

/// Variation between pictures of one object. Each quantity is given by one of the first
/// [`Variation::ENTRIES`] entries of a latent vector, each squeezed into (-1, 1) by tanh: the rest
/// of the vector is without effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Range of the shift, in sides of the picture.
    pub shift: f64,
    /// Range of the change of size, as a fraction.
    pub scale: f64,
    /// Range of the rotation, in degrees; counterclockwise for positive entries.
    pub turn: f64,
    /// True if half of the pictures are mirrored.
    pub mirror: bool,
    /// The middle of each color channel of a plain background, in [0, 1].
    pub backdrop: f64,
    /// Spread of the channels around that.
    pub backdrop_spread: f64,
}

impl Variation {
    /// For the generator: a small one learns no more than this without becoming blurred.
    pub const NARROW: Self =
        Self { shift: 0.06, scale: 0.05, turn: 3.0, mirror: false, backdrop: 0.82, backdrop_spread: 0.16 };
    /// For those who look at pictures.
    pub const WIDE: Self =
        Self { shift: 0.12, scale: 0.2, turn: 12.0, mirror: true, backdrop: 0.6, backdrop_spread: 0.4 };

    /// Entries of a latent vector that mean something: shift to the right, shift down, scale, turn,
    /// red, green and blue of the background, mirror.
    pub const ENTRIES: i64 = 8;

    /// For `z: [n, at least ENTRIES]` the map from places in the picture to places in the sprite,
    /// as `affine_grid_generator` wants it: `[n, 2, 3]`.
    pub(crate) fn theta(&self, z: &Tensor) -> Tensor {
        let entry = |i: i64| z.select(1, i).tanh();
        let zoom = ((entry(2) * self.scale + 1.0) * SIZE).reciprocal();
        let angle = entry(3) * self.turn.to_radians();
        let (cos, sin) = (angle.cos() * &zoom, angle.sin() * &zoom);
        let mirror = if self.mirror { z.select(1, 7).sign() } else { z.select(1, 7).ones_like() };
        // Coordinates run from -1 to 1, so a side is 2 long.
        let (right, down) = (entry(0) * (2.0 * self.shift), entry(1) * (2.0 * self.shift));
        let across = [&cos * &mirror, &sin * -1.0 * &mirror];
        let along = [sin, cos];
        let row = |[x, y]: [Tensor; 2]| {
            let offset = (&x * &right + &y * &down) * -1.0;
            Tensor::stack(&[x, y, offset], 1)
        };
        Tensor::stack(&[row(across), row(along)], 1)
    }

    /// The plain background's color: `z: [n, ..]` → `[n, 3, 1, 1]` in [0, 1].
    pub(crate) fn color(&self, z: &Tensor) -> Tensor {
        (z.narrow(1, 4, 3).tanh() * self.backdrop_spread + self.backdrop).unsqueeze(-1).unsqueeze(-1)
    }
}

/// Width of an object that is neither enlarged nor shrunk, in sides of the picture: scenery shows
/// around it.
const SIZE: f64 = 0.86;

/// Moves pictures, nothing beyond their edges: `pictures: [n, c, h, w]`, `theta: [n, 2, 3]` → `[n,
/// c, h, w]`.
pub(crate) fn warp(pictures: &Tensor, theta: &Tensor) -> Tensor {
    let grid = Tensor::affine_grid_generator(&theta.to_kind(Kind::Float), pictures.size(), false);
    pictures.grid_sampler(&grid, 0, 0, false)
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// One dark point, and where its light falls: the mean place, from -1 to 1.
    fn moved(z: [f32; 8], variation: Variation) -> (f64, f64) {
        let side = 65;
        let picture = Tensor::zeros([1, 1, side, side], (Kind::Float, Device::Cpu));
        let _ = picture.narrow(2, 32, 1).narrow(3, 48, 1).fill_(1.0); // half of the way to the right edge
        let warped =
            warp(&picture, &variation.theta(&Tensor::from_slice(&z).view([1, 8]))).view([side, side]);
        let places = (Tensor::arange(side, (Kind::Float, Device::Cpu)) - 32.0) / 32.5;
        let sum = warped.sum(Kind::Float);
        let mean = |dim: i64| {
            let profile = warped.sum_dim_intlist(dim, false, Kind::Float);
            ((profile * &places).sum(Kind::Float) / &sum).double_value(&[])
        };
        (mean(0), mean(1))
    }

    const STILL: [f32; 8] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    const FAR: f32 = 20.0; // tanh is 1

    #[test]
    fn an_object_moves_grows_turns_and_is_mirrored_as_told() {
        let all = Variation { shift: 0.1, scale: 0.2, turn: 30.0, mirror: true, ..Variation::NARROW };
        let (x, y) = moved(STILL, all);
        let at = 16.0 / 32.5;
        assert!((x - at * SIZE).abs() < 0.02 && y.abs() < 0.02, "{x} {y}");
        let with = |entry: usize, value: f32| {
            let mut z = STILL;
            z[entry] = value;
            moved(z, all)
        };
        let (right, _) = with(0, FAR);
        assert!((right - x - 0.2).abs() < 0.02, "{right}");
        let (_, down) = with(1, FAR);
        assert!((down - y - 0.2).abs() < 0.02, "{down}");
        let (larger, _) = with(2, FAR);
        assert!((larger - 1.2 * x).abs() < 0.02, "{larger}");
        let (turned_x, turned_y) = with(3, FAR);
        assert!(((-turned_y / turned_x).atan().to_degrees() - 30.0).abs() < 2.0, "{turned_x} {turned_y}");
        let (mirrored, _) = with(7, -1.0);
        assert!((mirrored + x).abs() < 0.02, "{mirrored}");
    }
}
