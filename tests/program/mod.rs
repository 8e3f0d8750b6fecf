//! The program as other tests run it: the demo on free ports, and the client with
//! its lines from a pipe.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};

/// The demo, with the addresses that it chose.
pub struct Demo {
    process: Child,
    ready: Value,
}

impl Demo {
    /// Starts it with these flags and variables besides.
    pub fn start(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = trestle(&["demo", "--listen", "127.0.0.1:0"])
            .args(flags)
            .envs(variables.iter().copied())
            .args(["--admin-listen", "127.0.0.1:0"])
            .args(["--backend-listen", "127.0.0.1:0", "--backend-admin-listen"])
            .arg("127.0.0.1:0")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        log.read_line(&mut line).unwrap();
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            process,
            ready: serde_json::from_str(&line).unwrap(),
        }
    }

    pub fn url(&self, of: &str) -> &str {
        self.ready[of].as_str().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn trestle(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trestle"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TRESTLE_") || name.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the client on these lines: exit code, stdout, stderr.
pub fn client(
    arguments: &[&str],
    lines: &str,
    variables: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let mut process = trestle(&["client"])
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).unwrap();
    drop(input);
    let Output {
        status,
        stdout,
        stderr,
    } = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}
