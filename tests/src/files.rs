//! Uploads files as a client does.

use crate::citizen::Citizen;
use crate::levers::Http;
use serde_json::Value;

/// A small PDF that differs by the word.
pub fn pdf(word: &str) -> Vec<u8> {
    format!("%PDF-1.7\n% {word}\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n").into_bytes()
}

/// A small photograph that differs by the word.
pub fn jpeg(word: &str) -> Vec<u8> {
    [b"\xFF\xD8\xFF\xE0\0\x10JFIF ".as_slice(), word.as_bytes(), b"\xFF\xD9"].concat()
}

/// A body of one part, as browsers and mini-programs send it; its name and type are a lie.
pub fn multipart(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x.exe\"\r\n\
         Content-Type: application/x-msdownload\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n--b0undary--\r\n"].concat()
}

/// POSTs such a body; status and JSON.
pub async fn sends(base_url: &str, token: &str, body: Vec<u8>) -> (u16, Value) {
    let media_type = "multipart/form-data; boundary=b0undary";
    Http::default().send(&format!("{base_url}/files"), token, media_type, body).await
}

/// Uploads a file, which must be taken; what the server says of it.
pub async fn uploads(base_url: &str, citizen: &Citizen, content: &[u8]) -> Value {
    let (status, file) = sends(base_url, &citizen.token, multipart("file", content)).await;
    assert_eq!(status, 201, "{file}");
    file
}
