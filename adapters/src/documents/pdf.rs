//! A PDF file around drawn pages: the subset of the font, what its glyphs mean, the structure.

use super::canvas::{Canvas, FONT_NAME};
use domain::receipt::PrintFailed;
use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use ttf_parser::{GlyphId, RawFace, Tag};

/// Small files, without spending long on the last bytes.
const LEVEL: u8 = 7;
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// Six letters and a plus say that the font is a subset.
const SUBSET_NAME: Name<'static> = Name(b"YIWANG+Documents");

/// Numbers of the objects that every file has.
struct Objects {
    next: i32,
}

impl Objects {
    fn next(&mut self) -> Ref {
        self.next += 1;
        Ref::new(self.next)
    }
}

/// The file.
pub(super) fn write(canvas: Canvas<'_>, title: &str) -> Result<Vec<u8>, PrintFailed> {
    let mut pdf = Pdf::new();
    let mut objects = Objects { next: 0 };
    let (catalog, tree, font) = (objects.next(), objects.next(), objects.next());
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("zh-CN"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.document_info(objects.next()).title(TextStr(title)).producer(TextStr("Yiwang"));
    embed(&mut pdf, &mut objects, font, &canvas)?;
    let paper = Rect::new(0.0, 0.0, canvas.width, canvas.height);
    let mut kids = Vec::with_capacity(canvas.pages.len());
    for content in canvas.pages {
        let (page, stream) = (objects.next(), objects.next());
        let mut sheet = pdf.page(page);
        sheet.parent(tree).media_box(paper).contents(stream);
        sheet.resources().fonts().pair(FONT_NAME, font);
        sheet.finish();
        let drawn = compress_to_vec_zlib(&content.finish(), LEVEL);
        pdf.stream(stream, &drawn).filter(Filter::FlateDecode);
        kids.push(page);
    }
    let count = i32::try_from(kids.len()).map_err(|error| PrintFailed(error.into()))?;
    pdf.pages(tree).kids(kids).count(count);
    Ok(pdf.finish())
}

/// The glyphs that were drawn, as a font whose character codes are their numbers.
fn embed(
    pdf: &mut Pdf,
    objects: &mut Objects,
    font: Ref,
    canvas: &Canvas<'_>,
) -> Result<(), PrintFailed> {
    let (cid, descriptor, file, meanings) =
        (objects.next(), objects.next(), objects.next(), objects.next());
    let mut whole = pdf.type0_font(font);
    whole.base_font(SUBSET_NAME).encoding_predefined(Name(b"Identity-H"));
    whole.descendant_font(cid).to_unicode(meanings);
    whole.finish();
    widths(pdf, cid, descriptor, canvas);
    describe(pdf, descriptor, file, canvas);
    program(pdf, file, canvas)?;
    let mut map = UnicodeCmap::new(Name(b"Yiwang"), IDENTITY);
    for (glyph, meaning) in &canvas.meanings {
        map.pair(*glyph, *meaning);
    }
    let map = compress_to_vec_zlib(map.finish().as_slice(), LEVEL);
    pdf.cmap(meanings, &map).filter(Filter::FlateDecode);
    Ok(())
}

fn is_cff(canvas: &Canvas<'_>) -> bool {
    canvas.face.tables().cff.is_some()
}

/// Thousandths of the size of a text, from units of the font.
fn scale(canvas: &Canvas<'_>) -> f32 {
    1000.0 / f32::from(canvas.face.units_per_em())
}

fn widths(pdf: &mut Pdf, cid: Ref, descriptor: Ref, canvas: &Canvas<'_>) {
    let scale = scale(canvas);
    let mut inner = pdf.cid_font(cid);
    inner.subtype(if is_cff(canvas) { CidFontType::Type0 } else { CidFontType::Type2 });
    inner.base_font(SUBSET_NAME).system_info(IDENTITY).font_descriptor(descriptor);
    inner.default_width(1000.0);
    if !is_cff(canvas) {
        inner.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let advance = |glyph| canvas.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
    let widths = canvas.glyphs.remapped_gids().map(|glyph| f32::from(advance(glyph)) * scale);
    inner.widths().consecutive(0, widths);
}

fn describe(pdf: &mut Pdf, descriptor: Ref, file: Ref, canvas: &Canvas<'_>) {
    let (face, scale) = (&canvas.face, scale(canvas));
    let scaled = |value: i16| f32::from(value) * scale;
    let bounds = face.global_bounding_box();
    let (low, high) = ((bounds.x_min, bounds.y_min), (bounds.x_max, bounds.y_max));
    let mut told = pdf.font_descriptor(descriptor);
    told.name(SUBSET_NAME).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(80.0);
    told.bbox(Rect::new(scaled(low.0), scaled(low.1), scaled(high.0), scaled(high.1)));
    told.ascent(scaled(face.ascender())).descent(scaled(face.descender()));
    told.cap_height(scaled(face.capital_height().unwrap_or_else(|| face.ascender())));
    if is_cff(canvas) {
        told.font_file3(file);
    } else {
        told.font_file2(file);
    }
}

/// The outlines of the glyphs that are used. Of an OpenType font only its table `CFF ` goes in.
fn program(pdf: &mut Pdf, file: Ref, canvas: &Canvas<'_>) -> Result<(), PrintFailed> {
    let subset = subsetter::subset(canvas.font.data(), canvas.font.index(), &canvas.glyphs);
    let subset = subset.map_err(|error| PrintFailed(error.to_string().into()))?;
    let outlines = if is_cff(canvas) {
        let raw = RawFace::parse(&subset, 0).map_err(|error| PrintFailed(error.into()))?;
        let table = raw.table(Tag::from_bytes(b"CFF "));
        table.ok_or_else(|| PrintFailed("the subset has no outlines".into()))?
    } else {
        &subset
    };
    let packed = compress_to_vec_zlib(outlines, LEVEL);
    let mut stream = pdf.stream(file, &packed);
    stream.filter(Filter::FlateDecode);
    if is_cff(canvas) {
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    }
    Ok(())
}
