//! A web socket by hand, for frames that no proper client sends.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What kind a frame is, RFC 6455, section 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// More of the message before.
    More,
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// The end.
    Close,
    /// Are you there?
    Ping,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::More => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
        }
    }
}

/// One open socket.
pub struct RawSocket(TcpStream);

impl RawSocket {
    /// Opens one to `http://host:port/graphql`.
    pub async fn open(base_url: &str) -> Self {
        let host = base_url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "GET /graphql HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        Self(stream)
    }

    /// Sends one frame; what the other end does not take any more is not sent.
    pub async fn frame(&mut self, kind: Kind, last: bool, payload: &[u8]) {
        let mut frame = vec![kind.code() | if last { 0x80 } else { 0 }];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            middle @ 126..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
            }
            long => {
                frame.push(0x80 | 127);
                frame.extend((long as u64).to_be_bytes());
            }
        }
        // A mask of nought leaves the bytes as they are.
        frame.extend([0; 4]);
        frame.extend_from_slice(payload);
        // The other end may have closed meanwhile; what it said is read afterwards.
        let _ = self.0.write_all(&frame).await;
    }

    /// Sends a message as one frame.
    pub async fn text(&mut self, text: &str) {
        self.frame(Kind::Text, true, text.as_bytes()).await;
    }

    /// Says hello, and waits for the answer.
    pub async fn hello(base_url: &str) -> Self {
        let mut socket = Self::open(base_url).await;
        socket.text(r#"{"type":"connection_init"}"#).await;
        assert_eq!(socket.hears().await, Ok(r#"{"type":"connection_ack"}"#.to_owned()));
        socket
    }

    /// The next text.
    ///
    /// # Errors
    /// The code with which the socket was closed; 0 where it ended without one.
    pub async fn hears(&mut self) -> Result<String, u16> {
        loop {
            let (kind, payload) = self.next().await.ok_or(0_u16)?;
            match kind {
                1 => return Ok(String::from_utf8(payload).unwrap()),
                8 => {
                    let code = payload.first_chunk().copied().map_or(0, u16::from_be_bytes);
                    return Err(code);
                }
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.0.read_u8().await.ok()? & 0x0f;
        let length = match self.0.read_u8().await.ok()? & 0x7f {
            126 => u64::from(self.0.read_u16().await.ok()?),
            127 => self.0.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((kind, payload))
    }
}
