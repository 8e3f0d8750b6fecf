//! The programs that the benches start: the gateways under measurement and what
//! is behind them. Cargo puts our own binaries and trestle's into one folder.

use crate::process::{self, Process};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The services as trestle reads them.
const DESCRIPTORS: &str = concat!(env!("OUT_DIR"), "/benches.binpb");

/// The folder of the programs, with trestle in it as it is released.
pub struct Programs(PathBuf);

impl Programs {
    /// Builds trestle; `ours` is the path of one of our own binaries.
    pub fn build(ours: &str) -> Result<Self, Box<dyn Error>> {
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--release",
                "--package",
                "trestle-gateway",
                "--bin",
                "trestle",
            ])
            .args([
                "--manifest-path",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
            ])
            .status()?;
        if !status.success() {
            return Err(format!("cannot build trestle: cargo ended with {status}").into());
        }
        let trestle = Path::new(ours).with_file_name("trestle");
        if !trestle.is_file() {
            return Err(format!("trestle was built, but is not at {}", trestle.display()).into());
        }
        Ok(Self(trestle.with_file_name("")))
    }

    /// Trestle in front of a backend.
    pub fn trestle(&self, upstream: &str) -> Result<Process, Box<dyn Error>> {
        self.trestle_with(upstream, &[], &[])
    }

    /// The same with further variables and arguments.
    pub fn trestle_with(
        &self,
        upstream: &str,
        environment: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Process, Box<dyn Error>> {
        let mut command = self.command("trestle");
        command.args([
            "serve",
            "--upstream",
            upstream,
            "--descriptor-set",
            DESCRIPTORS,
        ]);
        command.args(["--admin-listen", "127.0.0.1:0"]);
        command.args(arguments).envs(environment.iter().copied());
        Process::start(command, process::free_address()?)
    }

    /// The hand-written gateway in front of a backend.
    pub fn handwritten(&self, upstream: &str) -> Result<Process, Box<dyn Error>> {
        let mut command = self.command("handwritten");
        command.args(["--upstream", upstream]);
        Process::start(command, process::free_address()?)
    }

    /// fetchIt.
    pub fn fetchit(&self) -> Result<Process, Box<dyn Error>> {
        let mut command = self.command("trestle");
        command.args(["backend", "--admin-listen", "127.0.0.1:0"]);
        command.env("OTEL_SDK_DISABLED", "true");
        Process::start(command, process::free_address()?)
    }

    /// The backend of streams.
    pub fn ticker(&self) -> Result<Process, Box<dyn Error>> {
        Process::start(self.command("ticker"), process::free_address()?)
    }

    /// The backend of raw bodies.
    pub fn store(&self) -> Result<Process, Box<dyn Error>> {
        Process::start(self.command("store"), process::free_address()?)
    }

    fn command(&self, name: &str) -> Command {
        Command::new(self.0.join(name))
    }
}
