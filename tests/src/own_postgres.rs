//! A PostgreSQL of one test's own, to be stopped and started again.

use crate::app::Folder;
use crate::postgres::{as_other_than_root, free_port, newest_bin};
use std::path::PathBuf;
use std::process::Stdio;

/// The server; it is stopped and its files are gone after the test.
pub struct OwnPostgres {
    bin: PathBuf,
    port: u16,
    folder: Folder,
}

impl OwnPostgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let bin = newest_bin().expect("PostgreSQL is installed");
        let server = Self { bin, port: free_port().unwrap(), folder: Folder::fresh() };
        // The folder is ours, and the server runs as somebody else.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&server.folder.0, open).unwrap();
        server.run(
            "initdb",
            &["-U", "yiwang", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        );
        server.start_again();
        server
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://yiwang@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it as a power cut would: nobody is told.
    pub fn stop(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
    }

    /// Starts it over the same data.
    pub fn start_again(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off",
            self.port
        );
        let log = self.folder.0.join("log").display().to_string();
        self.run("pg_ctl", &["start", "-w", "-l", &log, "-o", &options]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = as_other_than_root().unwrap();
        command.arg(self.bin.join(program)).arg("-D").arg(self.folder.0.join("data"));
        // The server keeps what it inherits: no pipe of ours.
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.current_dir("/").status().unwrap();
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let mut command = as_other_than_root().unwrap();
        command.arg(self.bin.join("pg_ctl")).arg("-D").arg(self.folder.0.join("data"));
        command.args(["stop", "-m", "immediate", "-w"]).stdout(Stdio::null()).stderr(Stdio::null());
        // It may have been stopped already.
        let _ = command.current_dir("/").status();
    }
}
