//! What a file is, by its content; its name and what the client says of it are not believed.

/// A kind of file that departments take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A photograph.
    Jpeg,
    /// A picture.
    Png,
    /// A document.
    Pdf,
}

/// How much of the end of a file is looked at for its last mark.
const TAIL: usize = 1024;

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Pdf];

    /// The kind of this content; `None` for anything else, and for what was cut off on its way.
    pub fn of(content: &[u8]) -> Option<Self> {
        let tail = &content[content.len().saturating_sub(TAIL)..];
        let holds = |part: &[u8], mark: &[u8]| part.windows(mark.len()).any(|at| at == mark);
        if content.starts_with(b"\xFF\xD8\xFF") {
            // Cameras put films behind the picture: its end need not be the file's.
            return holds(content, b"\xFF\xD9").then_some(Self::Jpeg);
        }
        if content.starts_with(b"\x89PNG\r\n\x1A\n") {
            let headed = content.get(12..16) == Some(b"IHDR");
            return (headed && holds(tail, b"IEND")).then_some(Self::Png);
        }
        let is_pdf = content.starts_with(b"%PDF-") && holds(tail, b"%%EOF");
        is_pdf.then_some(Self::Pdf)
    }

    /// The kind's word, in the database and in files of apps.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    /// The kind of that word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As browsers name it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// As citizens name it.
    pub const fn name_zh(self) -> &'static str {
        match self {
            Self::Jpeg => "JPG照片",
            Self::Png => "PNG图片",
            Self::Pdf => "PDF文件",
        }
    }
}

/// What a field takes. A closed list of kinds and a size, not a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRule {
    /// At least one.
    pub kinds: Vec<FileKind>,
    /// The largest file, in bytes.
    pub most_bytes: u64,
}

impl FileRule {
    /// No field takes larger files, whatever its app says: 10 MB.
    pub const MOST_BYTES: u64 = 10 * 1024 * 1024;

    /// Every kind, up to [`FileRule::MOST_BYTES`].
    pub fn any() -> Self {
        Self { kinds: FileKind::ALL.to_vec(), most_bytes: Self::MOST_BYTES }
    }
}
