//! Text in figures: its font, its width, and how it is cut.

use std::sync::Once;

use plotters::style::{Color as _, FontFamily, FontStyle, IntoFont as _, RGBColor, TextStyle, register_font};

use crate::characters::clean;

const FAMILY: &str = "sans-serif";
/// plotters' sizes are those of a line, in its SVG so much larger than the font's.
const LINE_OF_EM: f64 = 1.24;

/// The color of text that matters.
pub(crate) const INK: RGBColor = RGBColor(33, 33, 33);
/// The color of text that explains.
pub(crate) const QUIET: RGBColor = RGBColor(95, 95, 95);

/// Text of `size` pixels between its lines' tops.
pub(crate) fn text(size: u32, color: RGBColor) -> TextStyle<'static> {
    style(size, FontStyle::Normal, color)
}

/// Bold text of `size` pixels.
pub(crate) fn bold(size: u32) -> TextStyle<'static> {
    style(size, FontStyle::Bold, INK)
}

fn style(size: u32, weight: FontStyle, color: RGBColor) -> TextStyle<'static> {
    register();
    let font = (FontFamily::SansSerif, f64::from(size), weight).into_font();
    TextStyle { color: color.to_backend_color(), ..TextStyle::from(font) }
}

/// The figures say `sans-serif`, which every viewer has; it is measured, and drawn into PNG, as
/// DejaVu Sans.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Both fonts are part of the program, and the tests draw with them.
        let _ = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        let _ = register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold());
    });
}

/// Width of `words` in `style`, in pixels.
///
/// Letters that DejaVu Sans lacks are drawn in another font; most of them (Han, kana, Hangul,
/// emoji) are as wide as high.
pub(crate) fn width(words: &str, style: &TextStyle) -> u32 {
    let (wide, own): (String, String) = words.chars().partition(|letter| '\u{2E80}' <= *letter);
    let own = style.font.box_size(&own).map_or(0, |(width, _)| width);
    let em = style.font.get_size() / LINE_OF_EM;
    own + (wide.chars().count() as f64 * em).ceil() as u32
}

/// `words` if they fit into `room` pixels, else their beginning with an ellipsis.
pub(crate) fn fit(words: &str, style: &TextStyle, room: u32) -> String {
    let words: String = clean(words).split_whitespace().collect::<Vec<_>>().join(" ");
    if width(&words, style) <= room {
        return words;
    }
    let letters: Vec<char> = words.chars().collect();
    let kept =
        (0..letters.len()).rev().map(|n| letters[..n].iter().collect::<String>().trim_end().to_owned() + "…");
    kept.into_iter().find(|kept| width(kept, style) <= room).unwrap_or_default()
}

/// `words` broken into at most `most` lines of `room` pixels; what is more is cut.
pub(crate) fn lines(words: &str, style: &TextStyle, room: u32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let words = clean(words);
    let mut rest: Vec<&str> = words.split_whitespace().rev().collect();
    while let (Some(word), true) = (rest.pop(), lines.len() < most) {
        let mut line = word.to_owned();
        while let Some(next) = rest.last().filter(|next| width(&format!("{line} {next}"), style) <= room) {
            line = format!("{line} {next}");
            rest.pop();
        }
        lines.push(line);
    }
    if let (Some(last), false) = (lines.last_mut(), rest.is_empty()) {
        rest.reverse();
        *last = format!("{last} {}", rest.join(" "));
    }
    lines.iter().map(|line| fit(line, style, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_to_the_room_and_says_so() {
        let style = text(20, INK);
        assert_eq!(fit("bicycle", &style, 400), "bicycle");
        let cut = fit(&"a bear in the forest ".repeat(15), &style, 200);
        assert!(cut.starts_with("a bear in the") && cut.ends_with('…'), "{cut}");
        assert!(150 < width(&cut, &style) && width(&cut, &style) <= 200);
    }

    #[test]
    fn japanese_is_as_wide_as_high() {
        let style = text(31, INK); // letters of 25 pixels
        let cut = fit(&"自転車に乗る猫".repeat(43), &style, 200);
        assert!((7..=8).contains(&cut.chars().count()) && cut.ends_with('…'), "{cut}");
    }
}
