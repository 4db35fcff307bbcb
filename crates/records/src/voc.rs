/// The color, in sRGB, in which Pascal VOC draws a class: black for the background, strong ones for
/// the others.
///
/// The bits of the number, taken three at a time from the low end, go to red, green and blue from
/// the high end (`VOClabelcolormap` of VOC's development kit).
#[must_use]
pub fn voc_color(class: u8) -> [u8; 3] {
    let mut color = [0; 3];
    for bit in 0..8 {
        color[bit % 3] |= (class >> bit & 1) << (7 - bit / 3);
    }
    color
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As drawn in VOC's annotations: aeroplane, cat, person, tvmonitor.
    #[test]
    fn colors_are_vocs() {
        assert_eq!(
            [0, 1, 8, 15, 20].map(voc_color),
            [[0, 0, 0], [128, 0, 0], [64, 0, 0], [192, 128, 128], [0, 64, 128],]
        );
    }
}
