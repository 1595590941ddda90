//! The font of documents: a TrueType or OpenType file, or one face of a collection.

use std::io;
use std::path::{Path, PathBuf};
use ttf_parser::{Face, FaceParsingError, GlyphId, fonts_in_collection, name_id};

/// Glyphs without which no document of ours can be read.
const NEEDED: &str =
    "财政电子票据缴款书收单位项目金额零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整负¥（）：0123456789";
/// Larger files are no fonts.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why documents cannot be printed with a font.
#[derive(Debug, thiserror::Error)]
pub enum FontFault {
    /// The file cannot be read.
    #[error("font file {path} cannot be read")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Not a font, or one whose glyphs have no outlines in `glyf` or `CFF`.
    #[error("{path} is not a TrueType or OpenType font with outlines")]
    NotAFont {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Option<FaceParsingError>,
    },
    /// The maker of the font forbids it.
    #[error("{path} may not be embedded in documents")]
    NotEmbeddable {
        /// Which file.
        path: PathBuf,
    },
    /// Not a font for Chinese.
    #[error("{path} has no glyphs for Chinese, for instance none for {missing}")]
    NoGlyph {
        /// Which file.
        path: PathBuf,
        /// One that is missing.
        missing: char,
    },
}

/// A font that has every glyph that documents need.
#[derive(Debug)]
pub struct Font {
    data: Vec<u8>,
    index: u32,
}

impl Font {
    /// Reads the file. Of a collection it takes the face for simplified Chinese, where one says
    /// that it is, else the first that has the glyphs.
    ///
    /// # Errors
    /// [`FontFault`] names the file.
    pub fn load(path: &Path) -> Result<Self, FontFault> {
        let failed = |source| FontFault::Io { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > MAX_BYTES {
            return Err(FontFault::NotAFont { path: path.to_owned(), source: None });
        }
        let data = std::fs::read(path).map_err(failed)?;
        let count = fonts_in_collection(&data).unwrap_or(1);
        let mut fault = None;
        let mut fitting = Vec::new();
        for index in 0..count.min(64) {
            match judge(&data, index, path) {
                Ok(simplified) => fitting.push((!simplified, index)),
                Err(why) => fault = fault.or(Some(why)),
            }
        }
        match (fitting.into_iter().min(), fault) {
            (Some((_, index)), _) => Ok(Self { data, index }),
            (None, Some(why)) => Err(why),
            (None, None) => Err(FontFault::NotAFont { path: path.to_owned(), source: None }),
        }
    }

    /// The whole file.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Which face of the file.
    pub(super) fn index(&self) -> u32 {
        self.index
    }

    /// The face, ready to be asked; it was read once before.
    pub(super) fn face(&self) -> Result<Face<'_>, FaceParsingError> {
        Face::parse(&self.data, self.index)
    }
}

/// Can we print with this face? Answers whether it says that it is for simplified Chinese.
fn judge(data: &[u8], index: u32, path: &Path) -> Result<bool, FontFault> {
    let path = || path.to_owned();
    let face = Face::parse(data, index)
        .map_err(|source| FontFault::NotAFont { path: path(), source: Some(source) })?;
    if face.tables().glyf.is_none() && face.tables().cff.is_none() {
        return Err(FontFault::NotAFont { path: path(), source: None });
    }
    if !face.is_subsetting_allowed() || !face.is_outline_embedding_allowed() {
        return Err(FontFault::NotEmbeddable { path: path() });
    }
    let lacks = |c: &char| face.glyph_index(*c).is_none_or(|glyph| glyph == GlyphId(0));
    if let Some(missing) = NEEDED.chars().find(lacks) {
        return Err(FontFault::NoGlyph { path: path(), missing });
    }
    let families = face.names().into_iter().filter(|name| name.name_id == name_id::FAMILY);
    let mut families = families.filter_map(|name| name.to_string());
    Ok(families.any(|family| family.split(' ').any(|word| word == "SC")))
}
