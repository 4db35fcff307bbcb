//! From SVG to pixels, with the font that this program carries (its license: LICENSE-DEJAVU).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::{Database, ID, Style, Weight};
use resvg::usvg::{FontResolver, Options, Tree, roxmltree};

use super::DrawError;

/// Draws SVG as pixels: text in DejaVu Sans, and what that lacks in a font of the system's, where
/// one has it.
pub(crate) struct Rasterizer {
    own: Arc<Database>,
    with_system: OnceLock<Arc<Database>>,
    looked_for: Mutex<BTreeSet<char>>,
    missing: Mutex<BTreeSet<char>>,
}

impl Rasterizer {
    pub(crate) fn new() -> Self {
        let mut own = Database::new();
        own.load_font_data(dejavu::sans::regular().to_vec());
        own.load_font_data(dejavu::sans::bold().to_vec());
        own.set_sans_serif_family("DejaVu Sans");
        Self {
            own: Arc::new(own),
            with_system: OnceLock::new(),
            looked_for: Mutex::default(),
            missing: Mutex::default(),
        }
    }

    /// `svg` on white, `scale` pixels to its unit.
    pub(crate) fn draw(&self, svg: &str, scale: f32) -> Result<Pixmap, DrawError> {
        let options = Options {
            font_family: "DejaVu Sans".to_owned(),
            font_resolver: FontResolver {
                select_font: FontResolver::default_font_selector(),
                select_fallback: Box::new(|letter, tried, fonts| self.fallback(letter, tried, fonts)),
            },
            fontdb: Arc::clone(&self.own),
            ..Options::default()
        };
        let tree = Tree::from_str(svg, &options)?;
        self.look_for_letters(svg);
        let size = tree.size().to_int_size().scale_by(scale).ok_or(DrawError::Size)?;
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or(DrawError::Size)?;
        pixels.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        Ok(pixels)
    }

    /// The letters asked for so far that no font has.
    pub(crate) fn missing(&self) -> String {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).iter().collect()
    }

    /// Looks for every letter of a figure: the drawing itself gives up a text at the first one that
    /// no font has, and would not ask for the others.
    fn look_for_letters(&self, svg: &str) {
        let own: Vec<ID> = self.own.faces().map(|face| face.id).collect();
        let [first, ..] = own[..] else { return };
        let Ok(document) = roxmltree::Document::parse(svg) else { return };
        let texts = document.descendants().filter_map(|node| node.text());
        let letters = texts.flat_map(str::chars).filter(|letter| !letter.is_whitespace());
        let mut looked_for = self.looked_for.lock().unwrap_or_else(PoisonError::into_inner);
        for letter in letters.filter(|letter| looked_for.insert(*letter)) {
            let mut fonts = Arc::clone(&self.own);
            // The selector leaves out the faces that were tried: each face is asked as another's
            // fallback.
            let mut has = |tried: &ID| {
                FontResolver::default_fallback_selector()(letter, &[*tried], &mut fonts).is_some()
            };
            if !own.iter().any(&mut has) {
                self.fallback(letter, &[first], &mut fonts);
            }
        }
    }

    /// The system's fonts are read only once a letter needs them: it takes a while, and most
    /// reports never do.
    fn fallback(&self, letter: char, tried: &[ID], fonts: &mut Arc<Database>) -> Option<ID> {
        let all = self.with_system.get_or_init(|| Arc::new(with_system_fonts(&self.own)));
        *fonts = Arc::clone(all); // a superset: faces keep their ids
        let found = FontResolver::default_fallback_selector()(letter, tried, fonts);
        if found.is_none() && !letter.is_control() {
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(letter);
        }
        found
    }
}

/// `own`, then the system's fonts, those first that go best with DejaVu Sans: upright, regular,
/// without serifs.
///
/// Han letters look different in Japanese and Chinese; the Japanese ones are taken, if there are
/// both.
fn with_system_fonts(own: &Database) -> Database {
    let mut system = Database::new();
    system.load_system_fonts();
    let mut faces: Vec<_> = system.faces().cloned().collect();
    faces.sort_by_cached_key(|face| {
        let name = face.families.first().map_or("", |(name, _)| name.as_str());
        let regular = face.style == Style::Normal && face.weight == Weight::NORMAL;
        (
            !regular,
            !name.contains("Sans"),
            !name.contains("JP"),
            name.contains("Mono"),
            face.post_script_name.clone(),
        )
    });
    let mut all = own.clone(); // its faces keep their ids, and its idea of sans-serif
    for face in faces {
        all.push_face_info(face);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text x="5" y="30" font-family="sans-serif" font-size="20">{words}</text></svg>"#
        )
    }

    fn ink(pixels: &Pixmap) -> usize {
        pixels.pixels().iter().filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn text_needs_no_font_of_the_systems() {
        let rasterizer = Rasterizer::new();
        let pixels = rasterizer.draw(&text("adam"), 2.0).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (400, 80));
        assert!(100 < ink(&pixels));
        assert!(rasterizer.with_system.get().is_none());
    }

    #[test]
    fn a_letter_that_no_font_has_is_told_and_does_no_harm() {
        let rasterizer = Rasterizer::new();
        rasterizer.draw(&text("\u{10FFFD}"), 1.0).unwrap(); // private use: no font of a system's has it
        assert_eq!(rasterizer.missing(), "\u{10FFFD}");
    }

    /// As on a machine without a CJK font: a text is given up at its first letter without a glyph,
    /// and all of them are told.
    #[test]
    fn every_letter_without_a_glyph_is_told() {
        let rasterizer = Rasterizer::new();
        let _no_system_fonts = rasterizer.with_system.set(Arc::clone(&rasterizer.own));
        rasterizer.draw(&text("自転車 adam 自"), 1.0).unwrap();
        assert_eq!(rasterizer.missing(), "自車転");
    }

    /// DejaVu Sans has some letters in its regular face alone.
    #[test]
    fn no_letter_of_its_own_font_is_told() {
        let rasterizer = Rasterizer::new();
        let _no_system_fonts = rasterizer.with_system.set(Arc::clone(&rasterizer.own));
        rasterizer.draw(&text("adam ± τ 𝖠 𝟢"), 1.0).unwrap();
        assert_eq!(rasterizer.missing(), "");
    }

    /// The README of the results names the font. What this machine's fonts lack is told, and the
    /// figure is drawn all the same.
    #[test]
    fn japanese_is_drawn_where_a_font_has_it() {
        let rasterizer = Rasterizer::new();
        let pixels = rasterizer.draw(&text("自転車"), 1.0).unwrap();
        if rasterizer.missing().is_empty() {
            // Each letter is its own picture: boxes would be alike.
            let halves = ["自", "転"].map(|letter| rasterizer.draw(&text(letter), 1.0).unwrap());
            assert!(halves[0] != halves[1] && 150 < ink(&pixels), "{}", ink(&pixels));
        } else {
            assert!(rasterizer.missing().chars().all(|letter| "自転車".contains(letter)));
        }
    }

    #[test]
    fn text_after_a_letter_from_elsewhere_looks_as_before() {
        let rasterizer = Rasterizer::new();
        let before = rasterizer.draw(&text("adam"), 1.0).unwrap();
        rasterizer.draw(&text("\u{10FFFD}"), 1.0).unwrap();
        let both = text("adam").replace("</svg>", "<text y=\"900\">\u{10FFFD}</text></svg>");
        let other_order = text("adam").replace("<text", "<text y=\"900\">\u{10FFFD}</text><text");
        for svg in [text("adam"), both, other_order] {
            assert_eq!(rasterizer.draw(&svg, 1.0).unwrap(), before, "{svg}");
        }
    }
}
