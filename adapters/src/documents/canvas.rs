//! Paper to draw on: texts, lines, boxes and QR codes, in points from the lower left corner.

use super::font::Font;
use domain::receipt::PrintFailed;
use pdf_writer::{Content, Name, Str};
use qrcode::{Color as Module, EcLevel, QrCode};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

/// Red, green and blue, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink(pub f32, pub f32, pub f32);

/// What is told.
pub(super) const BLACK: Ink = Ink(0.08, 0.08, 0.1);
/// What explains.
pub(super) const GREY: Ink = Ink(0.38, 0.38, 0.42);
/// The form, as on the paper ones.
pub(super) const BROWN: Ink = Ink(0.52, 0.27, 0.12);
/// What is taken back.
pub(super) const RED: Ink = Ink(0.8, 0.05, 0.1);

/// The name of the only font in the resources of every page.
pub(super) const FONT_NAME: Name<'static> = Name(b"F1");

/// Where a text stands: the left end, the middle or the right end of it is at `x`.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Left(f32, f32),
    Middle(f32, f32),
    Right(f32, f32),
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub size: f32,
    pub ink: Ink,
}

/// Pages of one size under way.
pub(super) struct Canvas<'a> {
    pub font: &'a Font,
    pub face: Face<'a>,
    pub width: f32,
    pub height: f32,
    pub pages: Vec<Content>,
    /// Which glyphs of the font the file needs.
    pub glyphs: GlyphRemapper,
    /// What each of them means, by its number in the file.
    pub meanings: BTreeMap<u16, char>,
    content: Content,
}

impl<'a> Canvas<'a> {
    /// An empty first page.
    pub fn new(font: &'a Font, (width, height): (f32, f32)) -> Result<Self, PrintFailed> {
        let face = font.face().map_err(|error| PrintFailed(error.into()))?;
        let (glyphs, meanings) = (GlyphRemapper::new(), BTreeMap::new());
        let (pages, content) = (Vec::new(), Content::new());
        Ok(Self { font, face, width, height, pages, glyphs, meanings, content })
    }

    /// Ends the page.
    pub fn turn(&mut self) {
        self.pages.push(std::mem::replace(&mut self.content, Content::new()));
    }

    /// The font's glyph for a character; 〓 stands for one that the font does not have.
    fn glyph(&self, c: char) -> GlyphId {
        let known = |c| self.face.glyph_index(c).filter(|glyph| *glyph != GlyphId(0));
        known(c).or_else(|| known('〓')).unwrap_or(GlyphId(0))
    }

    /// In points.
    pub fn width_of(&self, text: &str, size: f32) -> f32 {
        let advance = |c| f32::from(self.face.glyph_hor_advance(self.glyph(c)).unwrap_or(0));
        text.chars().map(advance).sum::<f32>() * size / f32::from(self.face.units_per_em())
    }

    /// Writes one line.
    pub fn text(&mut self, at: At, style: Style, text: &str) {
        let Style { size, ink } = style;
        let (x, y) = match at {
            At::Left(x, y) => (x, y),
            At::Middle(x, y) => (x - self.width_of(text, size) / 2.0, y),
            At::Right(x, y) => (x - self.width_of(text, size), y),
        };
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            let glyph = self.glyph(c);
            let number = self.glyphs.remap(glyph.0);
            self.meanings.entry(number).or_insert(c);
            bytes.extend(number.to_be_bytes());
        }
        self.fill(ink);
        self.content.begin_text().set_font(FONT_NAME, size).next_line(x, y);
        self.content.show(Str(&bytes)).end_text();
    }

    /// Breaks a text into lines no wider than `width`; Chinese breaks anywhere. What does not
    /// fit into `most` lines ends in an ellipsis.
    pub fn lines(&self, text: &str, size: f32, width: f32, most: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for c in text.chars() {
            let last = lines.len() - 1;
            let longer = format!("{}{c}", lines[last]);
            if self.width_of(&longer, size) <= width {
                lines[last] = longer;
            } else if lines.len() < most {
                lines.push(c.to_string());
            } else {
                while self.width_of(&format!("{}…", lines[last]), size) > width {
                    if lines[last].pop().is_none() {
                        break;
                    }
                }
                lines[last].push('…');
                break;
            }
        }
        lines
    }

    fn fill(&mut self, ink: Ink) {
        self.content.set_fill_rgb(ink.0, ink.1, ink.2);
    }

    /// A line between two points.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), thick: f32, ink: Ink) {
        self.content.set_stroke_rgb(ink.0, ink.1, ink.2).set_line_width(thick);
        self.content.move_to(from.0, from.1).line_to(to.0, to.1).stroke();
    }

    /// The outline of a box; `corner` is the lower left one.
    pub fn frame(&mut self, corner: (f32, f32), size: (f32, f32), thick: f32, ink: Ink) {
        self.content.set_stroke_rgb(ink.0, ink.1, ink.2).set_line_width(thick);
        self.content.rect(corner.0, corner.1, size.0, size.1).stroke();
    }

    /// A QR code, `side` points wide without its margin; `corner` is the lower left one.
    pub fn qr(&mut self, corner: (f32, f32), side: f32, text: &str) -> Result<(), PrintFailed> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(|error| PrintFailed(error.to_string().into()))?;
        let (width, modules) = (code.width(), code.to_colors());
        let one = side / f32::from(u16::try_from(width).unwrap_or(u16::MAX));
        self.fill(BLACK);
        for (row, line) in modules.chunks(width).enumerate() {
            let mut column = 0;
            for run in line.chunk_by(|a, b| a == b) {
                if run[0] == Module::Dark {
                    let place = |count: usize| one * f32::from(u16::try_from(count).unwrap_or(0));
                    let (x, y) = (corner.0 + place(column), corner.1 + side - place(row + 1));
                    self.content.rect(x, y, place(run.len()), one);
                }
                column += run.len();
            }
        }
        self.content.fill_nonzero();
        Ok(())
    }
}
