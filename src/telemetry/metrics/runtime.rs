//! How the workers' runtimes fare, and how many connections they serve.

use super::family::{Family, Kind, Point, Section};
use tokio::runtime::RuntimeMetrics;

pub(super) fn sections(runtimes: &[RuntimeMetrics]) -> Vec<Section> {
    if runtimes.is_empty() {
        return Vec::new();
    }
    let each = |value: fn(&RuntimeMetrics) -> f64| {
        let numbered = runtimes.iter().enumerate();
        let point = |(index, runtime): (usize, &RuntimeMetrics)| {
            Point::number(value(runtime)).with("worker", index.to_string())
        };
        numbered.map(point).collect::<Vec<_>>()
    };
    let workers = Point::number(runtimes.len() as f64);
    vec![
        Section::of(WORKERS, vec![workers]),
        Section::of(TASKS, each(|runtime| runtime.num_alive_tasks() as f64)),
        // These are of runtimes with one thread each.
        Section::of(
            BUSY,
            each(|it| it.worker_total_busy_duration(0).as_secs_f64()),
        ),
    ]
}

/// How many connections are open, and how many may be.
pub fn of_connections(open: usize, most: usize) -> Vec<Section> {
    let reading = |family, count: usize| Section::of(family, vec![Point::number(count as f64)]);
    vec![reading(OPEN, open), reading(MOST, most)]
}

const OPEN: Family = Family {
    name: "trestle.connections",
    prometheus: "trestle_connections",
    kind: Kind::Gauge,
    unit: "{connection}",
    help: "Number of open connections of clients.",
    scoped: true,
};
const MOST: Family = Family {
    name: "trestle.connections.max",
    prometheus: "trestle_connections_max",
    kind: Kind::Gauge,
    unit: "{connection}",
    help: "Number of connections of clients that may be open at once.",
    scoped: true,
};
const WORKERS: Family = Family {
    name: "trestle.workers",
    prometheus: "trestle_workers",
    kind: Kind::Gauge,
    unit: "{thread}",
    help: "Number of worker threads.",
    scoped: true,
};
const TASKS: Family = Family {
    name: "trestle.worker.tasks",
    prometheus: "trestle_worker_tasks",
    kind: Kind::Gauge,
    unit: "{task}",
    help: "Number of tasks that are alive on a worker.",
    scoped: true,
};
const BUSY: Family = Family {
    name: "trestle.worker.busy",
    prometheus: "trestle_worker_busy_seconds_total",
    kind: Kind::Counter,
    unit: "s",
    help: "Time that a worker's event loop was busy rather than waiting.",
    scoped: true,
};
