//! Stands between a store and PostgreSQL, and cuts the connection around a COMMIT.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The COMMIT never arrives.
    BeforeCommit,
    /// The COMMIT is carried out, and its answer never arrives.
    AfterCommit,
}

/// The proxy; it lives as long as the test.
pub struct CuttingProxy {
    addr: SocketAddr,
    next: Arc<Mutex<Option<Cut>>>,
}

impl CuttingProxy {
    /// In front of the server of this address; answers the address that leads through the proxy.
    pub async fn before(url: &str) -> (Self, String) {
        let (_, behind) = url.split_once('@').unwrap();
        let (server, database) = behind.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self { addr: listener.local_addr().unwrap(), next: Arc::default() };
        let through = url.replace(behind, &format!("{}/{database}", proxy.addr));
        let (server, next) = (server.to_owned(), proxy.next.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(relay(client, server, next.clone()));
            }
        });
        (proxy, through)
    }

    /// The next COMMIT of any connection is cut so.
    pub fn cuts(&self, cut: Cut) {
        *self.next.lock().unwrap() = Some(cut);
    }

    /// Was it?
    pub fn has_cut(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, next: Arc<Mutex<Option<Cut>>>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let sent = &up[..length];
                let commits = sent.windows(7).any(|part| part == b"COMMIT\0");
                let cut = if commits { next.lock().unwrap().take() } else { None };
                if cut == Some(Cut::BeforeCommit) || server.write_all(sent).await.is_err() {
                    return;
                }
                if cut == Some(Cut::AfterCommit) {
                    // Once it answers, it has committed.
                    assert!(server.read(&mut down).await.unwrap() > 0);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
