//! Every key that a dataset file may have: the one list that the reader takes keys by and that the JSON Schema is made
//! of. Pure.
//!
//! A new key is one line here, and what reads it.

/// The keys of a table.
#[derive(Debug)]
pub(in crate::dataset) struct Table {
    /// What the table is, for people who hover over it in an editor.
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What it is, for people who hover over it in an editor.
    pub(super) about: &'static str,
}

/// What a key's value looks like, as far as that can be said without the rest of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A string.
    Text,
    /// A string of this form, a regular expression.
    Form(&'static str),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// One of these strings, or one of this form.
    OneOfOr(&'static [&'static str], &'static str),
    /// A list of strings, at least one.
    Texts,
    /// A list of these strings, at least one.
    ListOf(&'static [&'static str]),
    /// A string, or a list of them.
    TextOrTexts,
    /// A list of strings, or a table of any names with strings.
    TextsOrNames,
    Boolean,
    /// A whole number from 1 to 2^32 - 1.
    Positive,
    /// A number, a time or a day.
    Bound,
    /// A string, a number, true or false.
    Literal,
    /// A list of these, at least one.
    Literals,
    /// A table of any names with strings of this form.
    Names(&'static str),
    /// A table with these keys.
    Table(&'static Table),
    /// Tables with these keys.
    Tables(&'static Table),
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: false,
        about,
    }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        required: true,
        about,
    }
}

impl Table {
    /// Returns the names of the keys.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

const SQL_NAME: Shape = Shape::Form("^[A-Za-z][A-Za-z0-9_]{0,127}$");
const DURATION: Shape = Shape::Form("^[0-9]+[smhd]$");
const DECIMAL: &str = r"^decimal\( *[0-9]{1,2} *, *[0-9]{1,2} *\)$";
const AGGREGATE: &str = r"^(count|(sum|min|max|avg|first|last|count_distinct)\([A-Za-z][A-Za-z0-9_]*\))( +(where|WHERE) [\s\S]+)?$";
/// As [`AGGREGATE`], of a gold table's rows.
const TOTAL: &str = r"^(count|(sum|min|max|avg)\([A-Za-z][A-Za-z0-9_]*\))$";

/// The file itself.
pub(in crate::dataset) const FILE: Table = Table {
    about: "A dataset of Sluice: what its events look like, and what is made of them.",
    keys: &[
        required(
            "name",
            Shape::Form("^[a-z][a-z0-9_-]{0,40}$"),
            "Names folders in the lake: at most 41 lower-case letters, digits, _ and -, beginning with a letter.",
        ),
        key(
            "generation",
            Shape::Positive,
            "A higher one starts a fresh silver and gold from bronze: raise it after an incompatible change. Default: 1.",
        ),
        key(
            "key",
            Shape::Texts,
            "The columns that tell events apart, the event time among them, or its hour(…), day(…) or month(…). Of two events with equal values in them one is a row. With keep = \"all\" there is none.",
        ),
        required(
            "event_time",
            Shape::Text,
            "The column that tells when an event happened: a required timestamp.",
        ),
        key(
            "period",
            Shape::OneOf(&["hour", "day", "month"]),
            "Silver's directories. Sparse or historical data wants longer ones. Default: \"hour\".",
        ),
        key(
            "allowed_lateness",
            DURATION,
            "How far below the watermark an event may be without being counted as late. Late events are stored all the same. Default: \"1h\".",
        ),
        key(
            "max_clock_skew",
            DURATION,
            "An event that claims to happen later than this after the hub took it goes to quarantine. Default: \"10m\".",
        ),
        key(
            "idle_timeout",
            DURATION,
            "A hub partition that is silent for longer no longer holds the watermark back. Default: \"5m\".",
        ),
        key(
            "quiet_after",
            Shape::OneOfOr(&["off"], "^[0-9]+[smhd]$"),
            "After so long without an event, of which none waits, gold's last periods become final by the time of day: at least \"15m\", or \"off\". Default: allowed_lateness.",
        ),
        key(
            "latency",
            Shape::OneOf(&["timer", "low"]),
            "\"low\": gold follows each commit of silver within about a second, which keeps a serverless database awake while events come. \"timer\": gold runs by its timer alone. Default: \"low\" where there are alerts, and otherwise \"timer\".",
        ),
        key(
            "unknown_fields",
            Shape::OneOf(&["rescue", "ignore"]),
            "\"rescue\" keeps fields that no column names as JSON text in _rescued, \"ignore\" drops them. Default: \"rescue\".",
        ),
        key(
            "where",
            Shape::Text,
            "Only records of which this condition over the columns is true are kept, in SQL's spelling; the others are counted as filtered.",
        ),
        key("dedup", Shape::Table(&DEDUP), DEDUP.about),
        key("payload", Shape::Table(&PAYLOAD), PAYLOAD.about),
        required("column", Shape::Tables(&COLUMN), COLUMN.about),
        key("gold", Shape::Tables(&GOLD), GOLD.about),
        key("ranking", Shape::Tables(&RANKING), RANKING.about),
        key("summary", Shape::Tables(&SUMMARY), SUMMARY.about),
        key("alert", Shape::Tables(&ALERT), ALERT.about),
    ],
};

/// `[dedup]`
pub(in crate::dataset) const DEDUP: Table = Table {
    about: "How duplicates are dealt with.",
    keys: &[
        key(
            "keep",
            Shape::OneOf(&["first", "all"]),
            "Which of the events with one key are rows: \"first\", the first that is committed; \"all\", every event, and there is no key. Default: \"first\".",
        ),
        key(
            "conflicts",
            Shape::OneOf(&["group", "all"]),
            "Which duplicates are compared with the row that stays: \"group\", those that are committed together with it; \"all\", those of rows that were committed before too. Default: \"group\".",
        ),
    ],
};

/// `[payload]`
pub(in crate::dataset) const PAYLOAD: Table = Table {
    about: "How the body of an event is opened and its text is read.",
    keys: &[
        key(
            "compression",
            Shape::OneOf(&["none", "auto", "gzip", "zstd", "zlib", "deflate"]),
            "How bodies are packed; \"auto\" goes by the first bytes of each. Default: \"none\".",
        ),
        key(
            "format",
            Shape::OneOf(&["json", "jsonl", "avro"]),
            "What a body holds: one JSON value, a record a line, or Avro. Default: \"json\".",
        ),
        key(
            "records",
            Shape::Form(r"^\$.*\[\*\]$"),
            "Where the records of an event are, such as \"$.records[*]\", or \"$[*]\" where the event is the array. Default: the event is the record.",
        ),
        key(
            "ignore_case",
            Shape::Boolean,
            "Whether the names in every from are found whatever the case of their ASCII letters. Default: false.",
        ),
        key(
            "non_finite",
            Shape::OneOf(&["refuse", "null"]),
            "What NaN and Infinity, which JSON does not know, are: \"refuse\" quarantines the event, \"null\" takes them as null. Default: \"refuse\".",
        ),
        key(
            "max_bytes",
            Shape::Positive,
            "An event that is longer when it is opened goes to quarantine: at most 268435456. Default: 16777216.",
        ),
        key(
            "max_records",
            Shape::Positive,
            "An event with more records goes to quarantine: at most 1000000. Default: 100000.",
        ),
        key(
            "schemas",
            Shape::TextsOrNames,
            "Files of Avro schemas that bodies were written with, or a table of them by the ids that content types give them.",
        ),
        key("open", Shape::Tables(&OPEN), OPEN.about),
    ],
};

/// `[[payload.open]]`
pub(in crate::dataset) const OPEN: Table = Table {
    about: "A member of an event that holds packed JSON; what it holds takes its place before any column is read.",
    keys: &[
        required(
            "at",
            Shape::Text,
            "The field or the path of the member, such as \"$.data\".",
        ),
        required(
            "steps",
            Shape::ListOf(&["base64", "gzip", "zstd", "zlib", "deflate", "json"]),
            "What is done with it, in this order, such as [\"base64\", \"json\"]: at most 4.",
        ),
    ],
};

/// `[[column]]`
pub(in crate::dataset) const COLUMN: Table = Table {
    about: "A column of silver. At least one is needed.",
    keys: &[
        required(
            "name",
            SQL_NAME,
            "1 to 128 letters, digits and _, beginning with a letter. Upper and lower case are the same.",
        ),
        key(
            "from",
            Shape::TextOrTexts,
            "Where in the event the value is: the name of a top-level field, a path such as \"$.device.id\", or a list of them, of which the first that is there and not null counts. Default: name, if no other from_… is given.",
        ),
        key(
            "from_event",
            Shape::TextOrTexts,
            "Reads what stands in the event beside its records, in the words of from: every record of the event has it.",
        ),
        key(
            "from_property",
            Shape::TextOrTexts,
            "Reads an application property of the event: its name, or a list of names. Of several such keys the places of from count first, then from_event, from_property, from_system.",
        ),
        key(
            "from_system",
            Shape::Text,
            "Reads what the hub says of the event: enqueued_time, sequence_number, partition, partition_key, or an annotation such as \"iothub-connection-device-id\".",
        ),
        key(
            "expr",
            Shape::Text,
            "Computes the column from columns before it, in SQL's spelling, instead of reading it.",
        ),
        required(
            "type",
            Shape::OneOfOr(
                &[
                    "int64",
                    "double",
                    "decimal(18,2)",
                    "string",
                    "bool",
                    "timestamp",
                    "date",
                    "json",
                ],
                DECIMAL,
            ),
            "The column's type. decimal(p,s) has p digits (1 to 38), s of them after the point.",
        ),
        key(
            "format",
            Shape::OneOfOr(
                &[
                    "rfc3339",
                    "unix_seconds",
                    "unix_millis",
                    "unix_micros",
                    "unix_nanos",
                ],
                "%",
            ),
            "How a timestamp or a date is written: one of these, or a format of strptime such as \"%d.%m.%Y %H:%M\". Default: \"rfc3339\".",
        ),
        key(
            "zone",
            Shape::Text,
            "The time zone of a timestamp whose text names none, such as \"Europe/Berlin\".",
        ),
        key(
            "required",
            Shape::Boolean,
            "true: a line without it (or with null, or with a value that it cannot take) goes to quarantine. Default: false.",
        ),
        key(
            "on_invalid",
            Shape::OneOf(&["null", "quarantine"]),
            "What happens to a value that the column cannot take: \"null\" keeps the row, \"quarantine\" refuses the line. Default: \"null\"; required columns take \"quarantine\" only.",
        ),
        key(
            "nulls",
            Shape::Texts,
            "Strings that count as null, such as [\"\", \"N/A\"].",
        ),
        key(
            "default",
            Shape::Literal,
            "What stands where there is no value, or one that counts as null; never for an invalid one.",
        ),
        key(
            "allowed",
            Shape::Literals,
            "The only values that the column takes, such as [\"new\", \"paid\"].",
        ),
        key(
            "pattern",
            Shape::Text,
            "A regular expression that the whole of a string must match; classes are of ASCII.",
        ),
        key(
            "mask",
            Shape::OneOf(&["sha256", "last4", "drop"]),
            "What silver keeps of the value: \"sha256\", a salted hash of it; \"last4\", its last four characters; \"drop\", nothing.",
        ),
        key(
            "min",
            Shape::Bound,
            "The lowest value allowed, for int64, double, decimal, timestamp and date.",
        ),
        key(
            "max",
            Shape::Bound,
            "The highest value allowed, for int64, double, decimal, timestamp and date.",
        ),
        key(
            "description",
            Shape::Text,
            "For people; kept in the table's schema.",
        ),
    ],
};

/// `[[gold]]`
pub(in crate::dataset) const GOLD: Table = Table {
    about: "A SQL table with a row for each time step and each combination of dimensions that occurs.",
    keys: &[
        required(
            "table",
            SQL_NAME,
            "The table's name, unique among tables and views.",
        ),
        required(
            "grain",
            Shape::OneOf(&[
                "5m", "10m", "15m", "20m", "30m", "hour", "day", "week", "month", "all",
            ]),
            "The time step, in UTC unless there is a zone: minutes are aligned with the hour, weeks begin on Monday, \"all\" is one row for all time.",
        ),
        key(
            "every",
            Shape::Form("^[0-9]+m$"),
            "Windows (\"5m\" to \"30m\") overlap: one begins so often. Whole minutes, a part of the grain, and an event lies in at most 12.",
        ),
        key(
            "zone",
            Shape::Text,
            "The time zone whose days, weeks or months rows are of, such as \"Europe/Berlin\". Default: UTC.",
        ),
        key(
            "keep",
            DURATION,
            "How long periods are kept, by the watermark: older ones are removed, and older events pass the table by. Not with grain \"all\". Default: for ever.",
        ),
        key(
            "by",
            Shape::Texts,
            "The dimensions: columns that are neither double nor json.",
        ),
        required(
            "measures",
            Shape::Names(AGGREGATE),
            "{ name = \"aggregate\", … }, at least one: count, sum(column), min(column), max(column), avg(column), first(column), last(column) or count_distinct(column), each of all rows or of those of a condition: \"sum(amount) where status = 'paid'\".",
        ),
        key(
            "where",
            Shape::Text,
            "Rows of which this condition is not true are left out of the table.",
        ),
    ],
};

/// `[[ranking]]`
pub(in crate::dataset) const RANKING: Table = Table {
    about: "A view of the first rows of a gold table.",
    keys: &[
        required(
            "view",
            SQL_NAME,
            "The view's name, unique among tables and views.",
        ),
        required("from", Shape::Text, "A gold table."),
        required(
            "order_by",
            Shape::Text,
            "One of its measures, highest first.",
        ),
        required("top", Shape::Positive, "The number of rows, from 1."),
    ],
};

/// `[[summary]]`
pub(in crate::dataset) const SUMMARY: Table = Table {
    about: "A view that adds up the rows of a gold table with grain = \"all\" by some of its columns.",
    keys: &[
        required(
            "view",
            SQL_NAME,
            "The view's name, unique among tables and views.",
        ),
        required("from", Shape::Text, "A gold table with grain = \"all\"."),
        key(
            "by",
            Shape::Texts,
            "Its dimensions or measures that rows are added up by: neither double nor decimal. Default: none, which makes one row.",
        ),
        required(
            "measures",
            Shape::Names(TOTAL),
            "{ name = \"aggregate\", … }, at least one, of the rows and columns of the table: count, sum(column), min(column), max(column) or avg(column).",
        ),
    ],
};

/// `[[alert]]`
pub(in crate::dataset) const ALERT: Table = Table {
    about: "A rule that watches the rows of silver or of a gold table, and tells somebody once when something becomes true.",
    keys: &[
        required(
            "name",
            Shape::Form("^[a-z][a-z0-9_-]{0,40}$"),
            "The rule's name: at most 41 lower-case letters, digits, _ and -, beginning with a letter.",
        ),
        required(
            "on",
            Shape::Text,
            "What it watches: \"rows\", every row of silver, or the name of a gold table.",
        ),
        key(
            "when",
            Shape::Text,
            "A condition over the columns of what is watched, in SQL's spelling: what makes it true raises an alert.",
        ),
        key(
            "silent",
            Shape::Text,
            "Instead of when: a measure that is the latest event time of a group. A group of which nothing is heard for so long raises an alert.",
        ),
        key(
            "for",
            DURATION,
            "How long nothing is heard of a group until it counts as silent, such as \"15m\".",
        ),
        key(
            "fields",
            Shape::Texts,
            "The columns that an alert carries. Default: those of the key, or the time and the dimensions, and those that the condition names.",
        ),
        key(
            "notify",
            Shape::Texts,
            "Who is told: \"webhook:SETTING\", where SETTING is the app setting that holds the URL, \"queue:NAME\", a queue of the storage account of the lake, or \"eventhub:NAME\", an event hub of the app's namespace. Default: nobody; sluice alerts lists it.",
        ),
        key(
            "fresh",
            DURATION,
            "What is older than this when it becomes true is counted, and nobody is told. Default: \"1d\".",
        ),
        key(
            "rearm",
            DURATION,
            "How much event time lies at least between two alerts of a group of a table with grain = \"all\".",
        ),
        key(
            "notify_cleared",
            Shape::Boolean,
            "Whether the targets are told as well when it is no longer true. Default: false.",
        ),
    ],
};
