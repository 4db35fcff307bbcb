//! Line style of an optimizer: a function of its name alone, so that it is the same in every figure
//! of every run.

use plotters::style::RGBColor;
use records::OPTIMIZERS;

/// Okabe & Ito's palette for color-blind readers, without the yellow, which white paper swallows.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),   // blue
    RGBColor(86, 180, 233),  // sky blue
    RGBColor(213, 94, 0),    // vermilion
    RGBColor(0, 158, 115),   // bluish green
    RGBColor(204, 121, 167), // reddish purple
    RGBColor(0, 0, 0),       // black
    RGBColor(230, 159, 0),   // orange
];

/// Marker of a line's points, for readers without colors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Marker {
    Circle,
    Square,
    TriangleUp,
    Diamond,
    Cross,
    Plus,
    TriangleDown,
    Ring,
}

const MARKERS: [Marker; 8] = [
    Marker::Circle,
    Marker::Square,
    Marker::TriangleUp,
    Marker::Diamond,
    Marker::Cross,
    Marker::Plus,
    Marker::TriangleDown,
    Marker::Ring,
];

/// Dash pattern of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

const DASHES: [Dash; 3] = [Dash::Solid, Dash::Dashed, Dash::Dotted];

/// The look of one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LineStyle {
    pub(crate) color: RGBColor,
    pub(crate) dash: Dash,
    pub(crate) marker: Marker,
}

/// The look of the `variant`-th setting of the optimizer called `name`: the color is the
/// optimizer's. The list's first seven have solid lines, the next seven dashed ones; a name that is
/// not on it has a look that is a hash of it.
pub(crate) fn look(name: &str, variant: usize) -> LineStyle {
    let known = OPTIMIZERS.iter().position(|known| *known == name);
    let place = known.unwrap_or_else(|| fnv1a(name) as usize % (COLORS.len() * DASHES.len()));
    LineStyle {
        color: COLORS[place % COLORS.len()],
        dash: DASHES[(place / COLORS.len() + variant) % DASHES.len()],
        marker: MARKERS[(place + variant) % MARKERS.len()],
    }
}

/// The place of a color in the palette.
pub(crate) fn color_index(color: RGBColor) -> usize {
    COLORS.iter().position(|known| *known == color).unwrap_or(0)
}

/// Fowler, Noll & Vo's hash: the same on every machine, which the standard library's does not
/// promise.
fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_optimizers_and_no_two_of_their_settings_look_alike() {
        let looks: Vec<LineStyle> = OPTIMIZERS.iter().map(|name| look(name, 0)).collect();
        let variants: Vec<LineStyle> = (0..20).map(|variant| look("adam", variant)).collect();
        for looks in [looks, variants] {
            for (place, one) in looks.iter().enumerate() {
                assert!(!looks[..place].contains(one), "{place}: {one:?}");
            }
        }
    }

    #[test]
    fn the_reports_six_differ_in_color_alone_and_in_marker_alone() {
        let looks: Vec<LineStyle> = OPTIMIZERS[..6].iter().map(|name| look(name, 0)).collect();
        for (place, one) in looks.iter().enumerate() {
            assert!(
                looks[..place].iter().all(|other| other.color != one.color && other.marker != one.marker)
            );
        }
    }
}
