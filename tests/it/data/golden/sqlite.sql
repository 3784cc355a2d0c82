-- How far each gold table has come: the loader's own book.
CREATE TABLE IF NOT EXISTS "sluice_progress" (
    "gold_table" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "definition" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "dataset" TEXT NULL,
    "log" TEXT NULL,
    "physical" TEXT NULL,
    "n" BIGINT NULL,
    "text" TEXT NULL,
    "rankings" TEXT NULL,
    "kept_from" TIMESTAMP_TEXT NULL,
    PRIMARY KEY ("gold_table")
);

-- How fresh each gold table is.
CREATE TABLE IF NOT EXISTS "sluice_freshness" (
    "gold_table" TEXT NOT NULL,
    "watermark" TIMESTAMP_TEXT NULL,
    "settled_until" TIMESTAMP_TEXT NULL,
    "version" BIGINT NULL,
    "last_run" TIMESTAMP_TEXT NULL,
    "dataset" TEXT NULL,
    "state" TEXT NULL,
    "reason" TEXT NULL,
    "blocked_version" BIGINT NULL,
    "blocked_definition" TEXT NULL,
    "blocked_stamp" BIGINT NULL,
    "blocked_at" TIMESTAMP_TEXT NULL,
    "generation" BIGINT NULL,
    "next_generation" BIGINT NULL,
    "next_done" BIGINT NULL,
    "pending_objects" BIGINT NULL,
    "oldest_pending" TIMESTAMP_TEXT NULL,
    "events" BIGINT NULL,
    "records" BIGINT NULL,
    "rows" BIGINT NULL,
    "duplicates" BIGINT NULL,
    "filtered" BIGINT NULL,
    "quarantined" BIGINT NULL,
    "redriven" BIGINT NULL,
    "rows_taken" BIGINT NULL,
    "counted_version" BIGINT NULL,
    PRIMARY KEY ("gold_table")
);

-- The tables that are being made beside the live ones: the loader's own book.
CREATE TABLE IF NOT EXISTS "sluice_next" (
    "gold_table" TEXT NOT NULL,
    "dataset" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "definition" TEXT NOT NULL,
    "physical" TEXT NULL,
    "log" TEXT NULL,
    "base_version" BIGINT NULL,
    "files_done" BIGINT NULL,
    "version" BIGINT NULL,
    "stamp" BIGINT NULL,
    "is_asked" BIGINT NULL,
    "since" TIMESTAMP_TEXT NULL,
    "state" TEXT NULL,
    "reason" TEXT NULL,
    "noted_stamp" BIGINT NULL,
    "noted_at" TIMESTAMP_TEXT NULL,
    "rows_taken" BIGINT NULL,
    "rows_taken_at" BIGINT NULL,
    PRIMARY KEY ("gold_table")
);

-- The latest package that ever ran against each dataset's tables.
CREATE TABLE IF NOT EXISTS "sluice_builds" (
    "dataset" TEXT NOT NULL,
    "stamp" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    PRIMARY KEY ("dataset")
);

-- The tables that were replaced, to be dropped when nobody reads them any more.
CREATE TABLE IF NOT EXISTS "sluice_old" (
    "dataset" TEXT NOT NULL,
    "physical" TEXT NOT NULL,
    "since" TIMESTAMP_TEXT NOT NULL,
    PRIMARY KEY ("dataset", "physical")
);

-- What silver counts, and what each gold table has taken in: nothing is missing where is_balanced is 1.
CREATE VIEW IF NOT EXISTS "sluice_balance" AS
SELECT
    f."gold_table" AS "gold_table",
    f."dataset" AS "dataset",
    f."generation" AS "generation",
    f."counted_version" AS "version",
    f."events" AS "events",
    f."records" AS "records",
    f."rows" AS "rows",
    f."duplicates" AS "duplicates",
    f."filtered" AS "filtered",
    f."quarantined" AS "quarantined",
    f."redriven" AS "redriven",
    f."records" + f."redriven" - (f."rows" + f."duplicates" + f."filtered" + f."quarantined") AS "unaccounted",
    f."rows_taken" AS "rows_taken",
    f."rows" - f."rows_taken" AS "rows_missing",
    CAST(CASE WHEN f."records" + f."redriven" - (f."rows" + f."duplicates" + f."filtered" + f."quarantined") = 0 AND f."rows" - f."rows_taken" = 0 THEN 1 WHEN f."records" + f."redriven" - (f."rows" + f."duplicates" + f."filtered" + f."quarantined") <> 0 OR f."rows" - f."rows_taken" <> 0 THEN 0 END AS BOOLEAN) AS "is_balanced"
FROM "sluice_freshness" AS f;

-- A row for each hour.
CREATE TABLE IF NOT EXISTS "hourly__1" (
    "hour" TIMESTAMP_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    "mean_sum" DECIMAL_TEXT(38,2) NULL,
    "mean_count" BIGINT NOT NULL,
    "low" DOUBLE NULL,
    "high" DOUBLE NULL,
    "first" DATE_TEXT NULL,
    "last" TIMESTAMP_TEXT NULL,
    "ids" DECIMAL_TEXT(38,0) NULL,
    "mean_id_sum" DECIMAL_TEXT(38,0) NULL,
    "mean_id_count" BIGINT NOT NULL,
    PRIMARY KEY ("hour", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'hourly', 0, '7d83e14e1a4737bcc650fbc2417ba380', 0, 'things', 'hourly__1', 1, 'best_hours'
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'hourly');

-- A row for each hour.
CREATE VIEW IF NOT EXISTS "hourly" AS
SELECT
    t."hour" AS "hour",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    t."low" AS "low",
    t."high" AS "high",
    t."first" AS "first",
    t."last" AS "last",
    CAST(t."ids" AS NUMERIC) AS "ids",
    CAST(t."mean_id_sum" AS NUMERIC) AS "mean_id_sum",
    t."mean_id_count" AS "mean_id_count",
    lower(hex(t."_key")) AS "_key",
    t."total" AS "total_exact",
    t."mean_sum" AS "mean_sum_exact",
    t."ids" AS "ids_exact",
    t."mean_id_sum" AS "mean_id_sum_exact"
FROM "hourly__1" AS t;

-- hourly as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "hourly_report" AS
SELECT
    t."hour" AS "hour",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    t."low" AS "low",
    t."high" AS "high",
    t."first" AS "first",
    t."last" AS "last",
    CAST(t."ids" AS NUMERIC) AS "ids",
    round(CAST(t."mean_id_sum" AS REAL) / t."mean_id_count", 6) AS "mean_id",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    CAST(t."mean_id_sum" AS NUMERIC) AS "mean_id_sum",
    t."mean_id_count" AS "mean_id_count",
    COALESCE(t."hour" < f."settled_until", 0) AS "is_settled",
    t."total" AS "total_exact",
    t."ids" AS "ids_exact",
    t."mean_sum" AS "mean_sum_exact",
    t."mean_id_sum" AS "mean_id_sum_exact"
FROM "hourly__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'hourly';

-- The 2 rows of hourly with the highest mean.
CREATE VIEW IF NOT EXISTS "best_hours" AS
SELECT
    row_number() OVER (ORDER BY round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) IS NULL, round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) DESC, t."hour", t."_key") AS "rank",
    t."hour" AS "hour",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    t."low" AS "low",
    t."high" AS "high",
    t."first" AS "first",
    t."last" AS "last",
    CAST(t."ids" AS NUMERIC) AS "ids",
    round(CAST(t."mean_id_sum" AS REAL) / t."mean_id_count", 6) AS "mean_id",
    t."total" AS "total_exact",
    t."ids" AS "ids_exact"
FROM "hourly__1" AS t
ORDER BY "rank"
LIMIT 2;

-- A row for each day and kind and flag.
CREATE TABLE IF NOT EXISTS "daily__1" (
    "day" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "flag" BOOLEAN NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    "largest" DECIMAL_TEXT(18,2) NULL,
    PRIMARY KEY ("day", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'daily', 0, 'c00db0504b57d26a0986caabdf027ad2', 0, 'things', 'daily__1', 1, 'best_kinds'
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'daily');

-- A row for each day and kind and flag.
CREATE VIEW IF NOT EXISTS "daily" AS
SELECT
    t."day" AS "day",
    t."kind" AS "kind",
    t."flag" AS "flag",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    CAST(t."largest" AS REAL) AS "largest",
    lower(hex(t."_key")) AS "_key",
    t."total" AS "total_exact",
    t."largest" AS "largest_exact"
FROM "daily__1" AS t;

-- daily as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "daily_report" AS
SELECT
    t."day" AS "day",
    t."kind" AS "kind",
    t."flag" AS "flag",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    CAST(t."largest" AS REAL) AS "largest",
    COALESCE(t."day" < f."settled_until", 0) AS "is_settled",
    t."total" AS "total_exact",
    t."largest" AS "largest_exact"
FROM "daily__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'daily';

-- The 3 rows of daily with the highest total.
CREATE VIEW IF NOT EXISTS "best_kinds" AS
SELECT
    row_number() OVER (ORDER BY t."total" IS NULL, substr(t."total", 1, 1) = '-' ASC, CASE WHEN substr(t."total", 1, 1) = '-' THEN -length(t."total") ELSE length(t."total") END DESC, CASE WHEN substr(t."total", 1, 1) = '-' THEN NULL ELSE t."total" END DESC, CASE WHEN substr(t."total", 1, 1) = '-' THEN t."total" END ASC, t."kind", t."flag", t."day", t."_key") AS "rank",
    t."day" AS "day",
    t."kind" AS "kind",
    t."flag" AS "flag",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    CAST(t."largest" AS REAL) AS "largest",
    t."total" AS "total_exact",
    t."largest" AS "largest_exact"
FROM "daily__1" AS t
WHERE t."kind" IS NOT NULL OR t."flag" IS NOT NULL
ORDER BY "rank"
LIMIT 3;

-- A row for each month and amount and born and seen and id.
CREATE TABLE IF NOT EXISTS "monthly__1" (
    "month" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "amount" DECIMAL_TEXT(18,2) NULL,
    "born" DATE_TEXT NULL,
    "seen" TIMESTAMP_TEXT NULL,
    "id" BIGINT NULL,
    "n" BIGINT NOT NULL,
    "smallest" DECIMAL_TEXT(18,2) NULL,
    "lowest_id" BIGINT NULL,
    PRIMARY KEY ("month", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'monthly', 0, 'b148a3f4a7310ab0148c4df904e1f476', 0, 'things', 'monthly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'monthly');

-- A row for each month and amount and born and seen and id.
CREATE VIEW IF NOT EXISTS "monthly" AS
SELECT
    t."month" AS "month",
    CAST(t."amount" AS REAL) AS "amount",
    t."born" AS "born",
    t."seen" AS "seen",
    t."id" AS "id",
    t."n" AS "n",
    CAST(t."smallest" AS REAL) AS "smallest",
    t."lowest_id" AS "lowest_id",
    lower(hex(t."_key")) AS "_key",
    t."amount" AS "amount_exact",
    t."smallest" AS "smallest_exact"
FROM "monthly__1" AS t;

-- monthly as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "monthly_report" AS
SELECT
    t."month" AS "month",
    CAST(t."amount" AS REAL) AS "amount",
    t."born" AS "born",
    t."seen" AS "seen",
    t."id" AS "id",
    t."n" AS "n",
    CAST(t."smallest" AS REAL) AS "smallest",
    t."lowest_id" AS "lowest_id",
    COALESCE(t."month" < f."settled_until", 0) AS "is_settled",
    t."amount" AS "amount_exact",
    t."smallest" AS "smallest_exact"
FROM "monthly__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'monthly';

-- One row for all time.
CREATE TABLE IF NOT EXISTS "ever__1" (
    "_key" BLOB NOT NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    PRIMARY KEY ("_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'ever', 0, 'de91091b06fe01f3794e871de6e4a707', 0, 'things', 'ever__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'ever');

-- One row for all time.
CREATE VIEW IF NOT EXISTS "ever" AS
SELECT
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    lower(hex(t."_key")) AS "_key",
    t."total" AS "total_exact"
FROM "ever__1" AS t;

-- ever as reports show it: averages computed.
CREATE VIEW IF NOT EXISTS "ever_report" AS
SELECT
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    t."total" AS "total_exact"
FROM "ever__1" AS t;

-- A row for each window_start and kind.
CREATE TABLE IF NOT EXISTS "windows__1" (
    "window_start" TIMESTAMP_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "n" BIGINT NOT NULL,
    "mean_sum" DECIMAL_TEXT(38,2) NULL,
    "mean_count" BIGINT NOT NULL,
    PRIMARY KEY ("window_start", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'windows', 0, '48356355f4dc96f282fd15110e76da08', 0, 'things', 'windows__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'windows');

-- A row for each window_start and kind.
CREATE VIEW IF NOT EXISTS "windows" AS
SELECT
    t."window_start" AS "window_start",
    t."kind" AS "kind",
    t."n" AS "n",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    lower(hex(t."_key")) AS "_key",
    t."mean_sum" AS "mean_sum_exact"
FROM "windows__1" AS t;

-- windows as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "windows_report" AS
SELECT
    t."window_start" AS "window_start",
    strftime('%Y-%m-%dT%H:%M:%SZ', t."window_start", '+5 minutes') AS "window_end",
    t."kind" AS "kind",
    t."n" AS "n",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    COALESCE(t."window_start" < f."settled_until", 0) AS "is_settled",
    t."mean_sum" AS "mean_sum_exact"
FROM "windows__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'windows';

-- A row for each week.
CREATE TABLE IF NOT EXISTS "weekly__1" (
    "week" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "n" BIGINT NOT NULL,
    PRIMARY KEY ("week", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'weekly', 0, '0816b48101f96bfbf5421f89b864012c', 0, 'things', 'weekly__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'weekly');

-- A row for each week.
CREATE VIEW IF NOT EXISTS "weekly" AS
SELECT
    t."week" AS "week",
    t."n" AS "n",
    lower(hex(t."_key")) AS "_key"
FROM "weekly__1" AS t;

-- weekly as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "weekly_report" AS
SELECT
    t."week" AS "week",
    t."n" AS "n",
    COALESCE(t."week" < f."settled_until", 0) AS "is_settled"
FROM "weekly__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'weekly';

-- A row for each day.
CREATE TABLE IF NOT EXISTS "filtered__1" (
    "day" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "n" BIGINT NOT NULL,
    "large" BIGINT NOT NULL,
    "mean_sum" DECIMAL_TEXT(38,2) NULL,
    "mean_count" BIGINT NOT NULL,
    PRIMARY KEY ("day", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'filtered', 0, 'd8415d2f896d377b0bc0ecd3fca7f659', 0, 'things', 'filtered__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'filtered');

-- A row for each day.
CREATE VIEW IF NOT EXISTS "filtered" AS
SELECT
    t."day" AS "day",
    t."n" AS "n",
    t."large" AS "large",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    lower(hex(t."_key")) AS "_key",
    t."mean_sum" AS "mean_sum_exact"
FROM "filtered__1" AS t;

-- filtered as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "filtered_report" AS
SELECT
    t."day" AS "day",
    t."n" AS "n",
    t."large" AS "large",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    COALESCE(t."day" < f."settled_until", 0) AS "is_settled",
    t."mean_sum" AS "mean_sum_exact"
FROM "filtered__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'filtered';

-- A row for each kind and id.
CREATE TABLE IF NOT EXISTS "kinds__1" (
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "id" BIGINT NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    "highest" DOUBLE NULL,
    "seen" TIMESTAMP_TEXT NULL,
    PRIMARY KEY ("_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'kinds', 0, 'f38246cb1eaaeb1e92ecc35853715761', 0, 'things', 'kinds__1', 1, 'by_kind,all_kinds'
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'kinds');

-- A row for each kind and id.
CREATE VIEW IF NOT EXISTS "kinds" AS
SELECT
    t."kind" AS "kind",
    t."id" AS "id",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    t."highest" AS "highest",
    t."seen" AS "seen",
    lower(hex(t."_key")) AS "_key",
    t."total" AS "total_exact"
FROM "kinds__1" AS t;

-- kinds as reports show it: averages computed.
CREATE VIEW IF NOT EXISTS "kinds_report" AS
SELECT
    t."kind" AS "kind",
    t."id" AS "id",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    t."highest" AS "highest",
    t."seen" AS "seen",
    t."total" AS "total_exact"
FROM "kinds__1" AS t;

-- The rows of kinds added up by kind.
CREATE VIEW IF NOT EXISTS "by_kind" AS
SELECT
    t."kind" AS "kind",
    count(*) AS "rows",
    sum(t."n") AS "n",
    round(sum(CAST(t."total" AS REAL)), 2) AS "total",
    round(CAST(round(sum(CAST(t."total" AS REAL)), 2) AS REAL) / count(t."total"), 6) AS "mean",
    min(t."highest") AS "lowest",
    max(t."seen") AS "seen"
FROM "kinds__1" AS t
GROUP BY t."kind";

-- All rows of kinds added up.
CREATE VIEW IF NOT EXISTS "all_kinds" AS
SELECT
    max(CAST(t."total" AS REAL)) AS "largest",
    round(CAST(sum(t."n") AS REAL) / count(t."n"), 6) AS "mean_n"
FROM "kinds__1" AS t;

-- A row for each day and kind.
CREATE TABLE IF NOT EXISTS "local_days__1" (
    "day" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    PRIMARY KEY ("day", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'local_days', 0, 'bf5cf24a370c4bf18a2150da54d092c1', 0, 'things', 'local_days__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'local_days');

-- A row for each day and kind.
CREATE VIEW IF NOT EXISTS "local_days" AS
SELECT
    t."day" AS "day",
    t."kind" AS "kind",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    lower(hex(t."_key")) AS "_key",
    t."total" AS "total_exact"
FROM "local_days__1" AS t;

-- local_days as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "local_days_report" AS
SELECT
    t."day" AS "day",
    t."kind" AS "kind",
    t."n" AS "n",
    CAST(t."total" AS REAL) AS "total",
    COALESCE(t."day" < f."settled_until", 0) AS "is_settled",
    t."total" AS "total_exact"
FROM "local_days__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'local_days';

-- A row for each window_start and kind.
CREATE TABLE IF NOT EXISTS "overlapping__1" (
    "window_start" TIMESTAMP_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "n" BIGINT NOT NULL,
    "mean_sum" DECIMAL_TEXT(38,2) NULL,
    "mean_count" BIGINT NOT NULL,
    PRIMARY KEY ("window_start", "_key")
);
INSERT INTO "sluice_progress" ("gold_table", "generation", "definition", "version", "dataset", "physical", "n", "rankings")
SELECT 'overlapping', 0, 'b66946768988627c6ccb6fb2efcf8417', 0, 'things', 'overlapping__1', 1, NULL
WHERE NOT EXISTS (SELECT 1 FROM "sluice_progress" WHERE "gold_table" = 'overlapping');

-- A row for each window_start and kind.
CREATE VIEW IF NOT EXISTS "overlapping" AS
SELECT
    t."window_start" AS "window_start",
    t."kind" AS "kind",
    t."n" AS "n",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    lower(hex(t."_key")) AS "_key",
    t."mean_sum" AS "mean_sum_exact"
FROM "overlapping__1" AS t;

-- overlapping as reports show it: averages computed, and whether the period is complete.
CREATE VIEW IF NOT EXISTS "overlapping_report" AS
SELECT
    t."window_start" AS "window_start",
    strftime('%Y-%m-%dT%H:%M:%SZ', t."window_start", '+30 minutes') AS "window_end",
    t."kind" AS "kind",
    t."n" AS "n",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    CAST(t."mean_sum" AS REAL) AS "mean_sum",
    t."mean_count" AS "mean_count",
    COALESCE(t."window_start" < f."settled_until", 0) AS "is_settled",
    t."mean_sum" AS "mean_sum_exact"
FROM "overlapping__1" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'overlapping';
