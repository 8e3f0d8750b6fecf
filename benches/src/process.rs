//! A server in a process of its own: started, waited for, asked for the CPU time
//! it has used, and ended with the bench.

use std::error::Error;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// Lines of standard error that are kept to explain a failure.
const LINES: usize = 20;
/// What `/proc` counts CPU time in: the kernel's interface has it at 100 a
/// second on every architecture, whatever the kernel itself ticks at.
const TICK: Duration = Duration::from_millis(10);

/// A running server.
pub struct Process {
    child: Child,
    address: SocketAddr,
    stderr: Arc<Mutex<Vec<String>>>,
}

/// An address on this machine that was free a moment ago.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

impl Process {
    /// Starts a server with `--listen ADDRESS` and waits until it accepts there.
    pub fn start(mut command: Command, address: SocketAddr) -> Result<Self, Box<dyn Error>> {
        command.arg("--listen").arg(address.to_string());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot start {program}: {error}"))?;
        let stderr = Arc::new(Mutex::new(Vec::new()));
        if let Some(pipe) = child.stderr.take() {
            let lines = Arc::clone(&stderr);
            thread::spawn(move || keep_last_lines(BufReader::new(pipe), &lines));
        }
        let mut process = Self {
            child,
            address,
            stderr,
        };
        process
            .wait_until_listening()
            .map_err(|problem| format!("{program} {problem}; it said:\n{}", process.said()))?;
        Ok(process)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CPU time that all its threads have used, in user and kernel mode.
    pub fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let ticks = cpu_ticks(&stat).ok_or_else(|| format!("{path} is not as proc(5) has it"))?;
        Ok(TICK * ticks)
    }

    /// The memory that it has resident, in KiB.
    pub fn resident(&self) -> Result<u64, Box<dyn Error>> {
        self.status("VmRSS:")
    }

    /// The most memory that it has had resident since its start, or since that was
    /// forgotten, in KiB.
    pub fn peak(&self) -> Result<u64, Box<dyn Error>> {
        self.status("VmHWM:")
    }

    /// Lets the peak begin again with what is resident now.
    pub fn forget_peak(&self) -> Result<(), Box<dyn Error>> {
        let path = format!("/proc/{}/clear_refs", self.child.id());
        fs::write(&path, "5").map_err(|error| format!("{path}: {error}").into())
    }

    fn status(&self, name: &str) -> Result<u64, Box<dyn Error>> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        number.ok_or_else(|| format!("{path} is not as proc(5) has it").into())
    }

    /// Polls, because a server says nowhere that it has begun to listen.
    fn wait_until_listening(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("ended at once with {status}"));
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "does not listen on {} after {PATIENCE:?}",
                    self.address
                ));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn said(&self) -> String {
        self.stderr
            .lock()
            .map(|lines| lines.join("\n"))
            .unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_last_lines(pipe: impl io::BufRead, lines: &Mutex<Vec<String>>) {
    for line in pipe.lines().map_while(Result::ok) {
        let Ok(mut lines) = lines.lock() else { return };
        if lines.len() == LINES {
            lines.remove(0);
        }
        lines.push(line);
    }
}

/// `utime` and `stime`, the 14th and 15th fields, of which the second may hold
/// blanks but ends at the last parenthesis.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let utime: u32 = fields.next()?.parse().ok()?;
    let stime: u32 = fields.next()?.parse().ok()?;
    utime.checked_add(stime)
}
