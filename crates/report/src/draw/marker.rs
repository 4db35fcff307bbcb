//! The signs on lines.

use plotters::prelude::{Circle, PathElement, Polygon};
use plotters::style::{Color as _, RGBColor, WHITE};

use super::palette::Marker;
use super::{Area, DrawError};

/// Half a marker's width, in pixels.
const R: i32 = 4;

/// Draws a marker at a pixel of `area`.
pub(crate) fn marker(
    area: &Area,
    marker: Marker,
    (x, y): (i32, i32),
    color: RGBColor,
) -> Result<(), DrawError> {
    let pen = color.stroke_width(2);
    let stroke = |from: (i32, i32), to: (i32, i32)| -> Result<(), DrawError> {
        Ok(area.draw(&PathElement::new([(x + from.0, y + from.1), (x + to.0, y + to.1)], pen))?)
    };
    let fill = |corners: &[(i32, i32)]| -> Result<(), DrawError> {
        let corners: Vec<_> = corners.iter().map(|corner| (x + corner.0, y + corner.1)).collect();
        Ok(area.draw(&Polygon::new(corners, color.filled()))?)
    };
    match marker {
        Marker::Circle => Ok(area.draw(&Circle::new((x, y), R, color.filled()))?),
        Marker::Ring => {
            area.draw(&Circle::new((x, y), R, WHITE.filled()))?;
            Ok(area.draw(&Circle::new((x, y), R, pen))?)
        }
        Marker::Cross => stroke((-R, -R), (R, R)).and_then(|()| stroke((-R, R), (R, -R))),
        Marker::Plus => stroke((-R - 1, 0), (R + 1, 0)).and_then(|()| stroke((0, -R - 1), (0, R + 1))),
        Marker::Square => fill(&[(-R, -R), (R, -R), (R, R), (-R, R)]),
        Marker::Diamond => fill(&[(0, -R - 2), (R + 1, 0), (0, R + 2), (-R - 1, 0)]),
        Marker::TriangleUp => fill(&[(0, -R - 1), (R + 1, R), (-R - 1, R)]),
        Marker::TriangleDown => fill(&[(0, R + 1), (R + 1, -R), (-R - 1, -R)]),
    }
}

/// The sign of a run that ends here because it diverged: ⊗.
pub(crate) fn end(area: &Area, (x, y): (i32, i32), color: RGBColor) -> Result<(), DrawError> {
    area.draw(&Circle::new((x, y), 2 * R, WHITE.filled()))?;
    area.draw(&Circle::new((x, y), 2 * R, color.stroke_width(2)))?;
    marker(area, Marker::Cross, (x, y), color)
}
