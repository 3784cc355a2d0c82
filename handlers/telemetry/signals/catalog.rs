//! The metrics: each is a field of a log line that others read, with other fields of it as attributes; pure. So they are
//! what the logs say, whoever writes these.
//!
//! Names that the semantic conventions have are theirs (`faas.*`, `messaging.*`); the others begin with `sluice.`.

use crate::telemetry::lines::{
    FAILED, INGESTED, MAINTAINED, PUBLISHED, QUARANTINED, REFINED, STANDING, STARTED,
};

/// How a field becomes a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is added up.
    Count,
    /// It counts since the start of the process: what is new of it is added up.
    Total,
    /// Its last value counts.
    Last,
    /// Each line adds one.
    Lines,
    /// Its values are spread over ranges.
    Spread,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it comes about.
    pub kind: Kind,
    /// Its unit, by the code that the conventions use. Fields in milliseconds become seconds.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
    /// The line and its field.
    pub from: (&'static str, &'static str),
    /// The fields of the line that are its attributes, with the names of these.
    pub by: &'static [(&'static str, &'static str)],
    /// An attribute that all of these have, and its value.
    pub of: Option<(&'static str, &'static str)>,
}

const PARTITION: (&str, &str) = ("partition_id", "messaging.destination.partition.id");
const FUNCTION: (&str, &str) = ("function", "faas.name");
const TABLE: (&str, &str) = ("table", "sluice.table");
const FATE: &str = "sluice.fate";
const OUTCOME: &str = "sluice.outcome";
const FATES: &str = "What became of the records that silver opened";
const CALLS: &str = "Requests to storage accounts";
const fn metric(
    name: &'static str,
    (kind, unit): (Kind, &'static str),
    about: &'static str,
    from: (&'static str, &'static str),
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        about,
        from,
        by: &[],
        of: None,
    }
}

impl Metric {
    const fn by(self, by: &'static [(&'static str, &'static str)]) -> Self {
        Self { by, ..self }
    }

    const fn of(self, key: &'static str, value: &'static str) -> Self {
        let of = Some((key, value));
        Self { of, ..self }
    }
}

const fn fate(field: &'static str, value: &'static str) -> Metric {
    let kind = (Kind::Count, "{record}");
    metric("sluice.silver.records", kind, FATES, (REFINED, field)).of(FATE, value)
}

const fn calls(line: &'static str, layer: &'static str) -> Metric {
    let kind = (Kind::Total, "{call}");
    metric("sluice.storage.calls", kind, CALLS, (line, "storage_calls")).of("sluice.layer", layer)
}

const fn duration(line: &'static str) -> Metric {
    let (kind, about) = ((Kind::Spread, "s"), "How long invocations took");
    metric("faas.invoke_duration", kind, about, (line, "elapsed_ms")).by(&[FUNCTION])
}

const fn invocations(line: &'static str) -> Metric {
    let (kind, about) = (
        (Kind::Lines, "{invocation}"),
        "Invocations that ended with success",
    );
    metric("faas.invocations", kind, about, (line, "")).by(&[FUNCTION])
}

const fn count(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    from: (&'static str, &'static str),
) -> Metric {
    metric(name, (Kind::Count, unit), about, from)
}

const fn last(
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    from: (&'static str, &'static str),
) -> Metric {
    metric(name, (Kind::Last, unit), about, from)
}

/// All metrics. What several lines or fields add to stands here once for each.
pub const METRICS: [Metric; 48] = [
    metric("sluice.starts", (Kind::Lines, "{start}"), "Starts, by what was started", (STARTED, ""))
        .by(&[("dataset", "sluice.dataset"), ("version", "service.version"), ("commit", "vcs.ref.head.revision")]),
    invocations(INGESTED),
    invocations(REFINED),
    invocations(PUBLISHED),
    invocations(MAINTAINED),
    metric("faas.errors", (Kind::Lines, "{error}"), "Invocations that failed", (FAILED, ""))
        .by(&[FUNCTION]),
    duration(INGESTED),
    duration(REFINED),
    duration(PUBLISHED),
    duration(MAINTAINED),
    duration(FAILED),
    count("messaging.client.consumed.messages", "{message}", "Events that the host delivered", (INGESTED, "events"))
        .by(&[PARTITION]),
    metric("messaging.process.duration", (Kind::Spread, "s"), "How long a batch of events took to be stored", (INGESTED, "elapsed_ms"))
        .by(&[PARTITION]),
    count("sluice.bronze.events", "{event}", "Events that were stored", (INGESTED, "stored")).by(&[PARTITION]),
    count("sluice.bronze.objects", "{object}", "Objects of bronze that were created", (INGESTED, "objects")),
    count("sluice.bronze.size", "By", "Bytes of bronze that were written", (INGESTED, "bytes")),
    last("sluice.bronze.lag", "s", "How long before the end of the last invocation its newest event came to the hub", (INGESTED, "newest_age_ms"))
        .by(&[PARTITION]),
    count("sluice.silver.events", "{event}", "Events that were refined", (REFINED, "lines")),
    fate("rows", "row"),
    fate("duplicates", "duplicate"),
    fate("filtered", "filtered"),
    fate("quarantined", "quarantined"),
    count("sluice.silver.rejected", "{record}", "Records that were rejected, by the reason", (QUARANTINED, "count"))
        .by(&[("reason", "sluice.reason")]),
    count("sluice.silver.late", "{row}", "Rows that came late", (REFINED, "late")),
    count("sluice.silver.conflicts", "{record}", "Duplicates that differ from the row that stays", (REFINED, "conflicts")),
    count("sluice.silver.nulled", "{value}", "Values that became null because their column could not take them", (REFINED, "nulled")),
    last("sluice.silver.version", "{version}", "The last version of silver that this process made or met", (REFINED, "version")),
    metric("sluice.gold.runs", (Kind::Lines, "{run}"), "Runs of gold, by how they ended", (PUBLISHED, ""))
        .by(&[("ended", OUTCOME)]),
    count("sluice.gold.commits", "{commit}", "Commits of silver that tables took in", (PUBLISHED, "commits")),
    count("sluice.gold.rows", "{row}", "Rows of silver that were read", (PUBLISHED, "rows")),
    count("sluice.gold.groups", "{group}", "Groups that were merged", (PUBLISHED, "groups")),
    count("sluice.gold.transactions", "{transaction}", "Transactions that were committed", (PUBLISHED, "transactions")),
    metric("sluice.gold.sql_calls", (Kind::Total, "{call}"), "Round trips to a database server", (PUBLISHED, "sql_calls")),
    last("sluice.gold.version", "{version}", "The version of silver that a table stands at", (STANDING, "version")).by(&[TABLE]),
    last("sluice.gold.backlog", "{version}", "How many versions of silver a table has not seen", (STANDING, "backlog")).by(&[TABLE]),
    last("sluice.gold.watermark", "s", "Seconds since 1970 before which no event is expected any more, as a table that stood at silver's head says", (STANDING, "watermark_ms"))
        .by(&[TABLE]),
    count("sluice.alerts", "{message}", "Messages of alerts", (PUBLISHED, "alerts_delivered")).of(OUTCOME, "delivered"),
    count("sluice.alerts", "{message}", "Messages of alerts", (PUBLISHED, "alerts_refused")).of(OUTCOME, "refused"),
    calls(INGESTED, "bronze"),
    calls(REFINED, "silver"),
    calls(PUBLISHED, "gold"),
    last("sluice.maintain.unreconciled", "{object}", "Objects of bronze that wait to be reconciled", (MAINTAINED, "unreconciled")),
    count("sluice.maintain.reconciled", "{object}", "Objects of bronze that maintenance had refined", (MAINTAINED, "reconciled")),
    count("sluice.maintain.compacted", "{file}", "Files that were merged into others", (MAINTAINED, "compacted_files")),
    last("sluice.maintain.compactions_left", "{period}", "Periods that wait for compaction", (MAINTAINED, "compactions_left")),
    count("sluice.maintain.vacuumed", "{file}", "Files that were removed", (MAINTAINED, "vacuumed_files")),
    last("sluice.maintain.delta_lag", "{version}", "Versions that Delta readers do not see yet", (MAINTAINED, "delta_lag")),
    last("sluice.maintain.vacuum_left", "{file}", "Files that wait to be removed", (MAINTAINED, "vacuum_left")),
];
