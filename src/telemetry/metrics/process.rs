//! What the process takes of the machine, under the names that Prometheus's
//! client libraries share. Read from `/proc`; where there is none, or a part of it
//! is missing, those metrics are.

use super::family::{Family, Kind, Point, Section};
use std::{fs, iter, sync::LazyLock};

/// What `/proc` counts time in, on every architecture that Linux runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// When the process started does not change.
static STARTED: LazyLock<Option<f64>> = LazyLock::new(|| {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let booted = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    let since_boot = stat_field(&own_stat()?, 22)?;
    Some(booted.trim().parse::<f64>().ok()? + since_boot / TICKS_PER_SECOND)
});

/// The metrics of this process.
pub(super) fn sections() -> Vec<Section> {
    let (stat, limits) = (own_stat(), fs::read_to_string("/proc/self/limits").ok());
    let field = |number| stat.as_ref().and_then(|stat| stat_field(stat, number));
    let limit = |name| limits.as_ref().and_then(|limits| soft_limit(limits, name));
    let ticks = field(14).zip(field(15));
    let (received, sent) = network().unzip();
    let readings = [
        (
            CPU,
            ticks.map(|(user, system)| (user + system) / TICKS_PER_SECOND),
        ),
        (MAX_FDS, limit("Max open files")),
        (RECEIVED, received),
        (SENT, sent),
        (OPEN_FDS, open_fds()),
        (RESIDENT, resident()),
        (START_TIME, *STARTED),
        (THREADS, field(20)),
        (VIRTUAL, field(23)),
        (VIRTUAL_MAX, limit("Max address space")),
    ];
    let known = readings
        .into_iter()
        .filter_map(|(family, value)| Some((family, value?)));
    known
        .map(|(family, value)| Section::of(family, vec![Point::number(value)]))
        .collect()
}

fn own_stat() -> Option<String> {
    fs::read_to_string("/proc/self/stat").ok()
}

/// A field of `/proc/self/stat` by its number in proc(5). The second is a name
/// that may hold anything, so counting begins after its parenthesis.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(number - 3)?.parse().ok()
}

fn soft_limit(limits: &str, name: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    match line.split_ascii_whitespace().next()? {
        // As Go's client shows it: the largest number of the kernel's type.
        "unlimited" => Some(u64::MAX as f64),
        limit => limit.parse().ok(),
    }
}

fn open_fds() -> Option<f64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is the directory that is being read.
    Some(open.saturating_sub(1) as f64)
}

fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// Bytes that came in and went out of the network namespace.
fn network() -> Option<(f64, f64)> {
    let table = fs::read_to_string("/proc/self/net/netstat").ok()?;
    let mut lines = table.lines().filter(|line| line.starts_with("IpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let named = |wanted: &str| {
        let columns = iter::zip(names.split(' '), values.split(' '));
        let found = columns.into_iter().find(|(name, _)| *name == wanted);
        found.and_then(|(_, value)| value.parse().ok())
    };
    Some((named("InOctets")?, named("OutOctets")?))
}

#[rustfmt::skip]
const CPU: Family = family(Kind::Counter, "process_cpu_seconds_total", "s",
    "Total user and system CPU time spent in seconds.");
#[rustfmt::skip]
const MAX_FDS: Family = family(Kind::Gauge, "process_max_fds", "1",
    "Maximum number of open file descriptors.");
#[rustfmt::skip]
const RECEIVED: Family = family(Kind::Counter, "process_network_receive_bytes_total", "By",
    "Number of bytes received by the process over the network.");
#[rustfmt::skip]
const SENT: Family = family(Kind::Counter, "process_network_transmit_bytes_total", "By",
    "Number of bytes sent by the process over the network.");
#[rustfmt::skip]
const OPEN_FDS: Family = family(Kind::Gauge, "process_open_fds", "1",
    "Number of open file descriptors.");
#[rustfmt::skip]
const RESIDENT: Family = family(Kind::Gauge, "process_resident_memory_bytes", "By",
    "Resident memory size in bytes.");
#[rustfmt::skip]
const START_TIME: Family = family(Kind::Gauge, "process_start_time_seconds", "s",
    "Start time of the process since unix epoch in seconds.");
#[rustfmt::skip]
const THREADS: Family = family(Kind::Gauge, "process_threads", "1",
    "Number of OS threads in the process.");
#[rustfmt::skip]
const VIRTUAL: Family = family(Kind::Gauge, "process_virtual_memory_bytes", "By",
    "Virtual memory size in bytes.");
#[rustfmt::skip]
const VIRTUAL_MAX: Family = family(Kind::Gauge, "process_virtual_memory_max_bytes", "By",
    "Maximum amount of virtual memory available in bytes.");

/// These names are the same everywhere.
const fn family(kind: Kind, name: &'static str, unit: &'static str, help: &'static str) -> Family {
    Family {
        name,
        prometheus: name,
        kind,
        unit,
        help,
        scoped: false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let stat = "42 (a) b) c) S 1 42 42 0 -1 4194560 1 2 3 4 55 66 0 0 20 0 7 0 123456 789 10";
        assert_eq!(stat_field(stat, 14), Some(55.0));
        assert_eq!(stat_field(stat, 20), Some(7.0));
        assert_eq!(stat_field(stat, 22), Some(123456.0));
        assert_eq!(stat_field(stat, 99), None);
    }

    #[test]
    fn limits_may_be_endless() {
        let limits = "Limit  Soft Limit  Hard Limit  Units\n\
                      Max address space  unlimited  unlimited  bytes\n\
                      Max open files  1024  4096  files\n";
        assert_eq!(soft_limit(limits, "Max open files"), Some(1024.0));
        assert_eq!(
            soft_limit(limits, "Max address space"),
            Some(u64::MAX as f64)
        );
        assert_eq!(soft_limit(limits, "Max nothing"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_measured() {
        let value = |name: &str| {
            let section = sections().into_iter().find(|it| it.family.name == name);
            let mut points = Vec::new();
            (section.unwrap().fill)(0, &mut points);
            match points.remove(0).value {
                super::super::family::Value::Number(value) => value,
                other => panic!("{name} is {other:?}"),
            }
        };
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_cpu_seconds_total") >= 0.0);
        // The boot time has whole seconds.
        let now = std::time::SystemTime::now();
        let now = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let age = now - value("process_start_time_seconds");
        assert!((-2.0..86_400.0).contains(&age), "{age}");
    }
}
