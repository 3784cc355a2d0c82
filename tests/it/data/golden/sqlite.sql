-- How far each gold table has come: the loader's own book.
CREATE TABLE IF NOT EXISTS "sluice_progress" (
    "gold_table" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "definition" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("gold_table")
);

-- How fresh each gold table is.
CREATE TABLE IF NOT EXISTS "sluice_freshness" (
    "gold_table" TEXT NOT NULL,
    "watermark" TIMESTAMP_TEXT NULL,
    "settled_until" TIMESTAMP_TEXT NULL,
    "version" BIGINT NULL,
    "last_run" TIMESTAMP_TEXT NULL,
    PRIMARY KEY ("gold_table")
);

-- A row for each hour.
CREATE TABLE IF NOT EXISTS "hourly" (
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

-- A row for each day and kind and flag.
CREATE TABLE IF NOT EXISTS "daily" (
    "day" DATE_TEXT NOT NULL,
    "_key" BLOB NOT NULL,
    "kind" TEXT NULL,
    "flag" BOOLEAN NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    "largest" DECIMAL_TEXT(18,2) NULL,
    PRIMARY KEY ("day", "_key")
);

-- A row for each month and amount and born and seen and id.
CREATE TABLE IF NOT EXISTS "monthly" (
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

-- One row for all time.
CREATE TABLE IF NOT EXISTS "ever" (
    "_key" BLOB NOT NULL,
    "n" BIGINT NOT NULL,
    "total" DECIMAL_TEXT(38,2) NULL,
    PRIMARY KEY ("_key")
);

-- hourly as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS "hourly_report";
CREATE VIEW "hourly_report" AS
SELECT
    t."hour" AS "hour",
    t."n" AS "n",
    t."total" AS "total",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    t."low" AS "low",
    t."high" AS "high",
    t."first" AS "first",
    t."last" AS "last",
    t."ids" AS "ids",
    round(CAST(t."mean_id_sum" AS REAL) / t."mean_id_count", 6) AS "mean_id",
    COALESCE(t."hour" < f."settled_until", 0) AS "is_settled"
FROM "hourly" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'hourly';

-- daily as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS "daily_report";
CREATE VIEW "daily_report" AS
SELECT
    t."day" AS "day",
    t."kind" AS "kind",
    t."flag" AS "flag",
    t."n" AS "n",
    t."total" AS "total",
    t."largest" AS "largest",
    COALESCE(t."day" < f."settled_until", 0) AS "is_settled"
FROM "daily" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'daily';

-- monthly as reports show it: averages computed, and whether the period is complete.
DROP VIEW IF EXISTS "monthly_report";
CREATE VIEW "monthly_report" AS
SELECT
    t."month" AS "month",
    t."amount" AS "amount",
    t."born" AS "born",
    t."seen" AS "seen",
    t."id" AS "id",
    t."n" AS "n",
    t."smallest" AS "smallest",
    t."lowest_id" AS "lowest_id",
    COALESCE(t."month" < f."settled_until", 0) AS "is_settled"
FROM "monthly" AS t
LEFT JOIN "sluice_freshness" AS f ON f."gold_table" = 'monthly';

-- ever as reports show it: averages computed.
DROP VIEW IF EXISTS "ever_report";
CREATE VIEW "ever_report" AS
SELECT
    t."n" AS "n",
    t."total" AS "total"
FROM "ever" AS t;

-- The 3 rows of daily with the highest total.
DROP VIEW IF EXISTS "best_kinds";
CREATE VIEW "best_kinds" AS
SELECT
    row_number() OVER (ORDER BY t."total" IS NULL, substr(t."total", 1, 1) = '-' ASC, CASE WHEN substr(t."total", 1, 1) = '-' THEN -length(t."total") ELSE length(t."total") END DESC, CASE WHEN substr(t."total", 1, 1) = '-' THEN NULL ELSE t."total" END DESC, CASE WHEN substr(t."total", 1, 1) = '-' THEN t."total" END ASC, t."kind", t."flag", t."day", t."_key") AS "rank",
    t."day" AS "day",
    t."kind" AS "kind",
    t."flag" AS "flag",
    t."n" AS "n",
    t."total" AS "total",
    t."largest" AS "largest"
FROM "daily" AS t
ORDER BY "rank"
LIMIT 3;

-- The 2 rows of hourly with the highest mean.
DROP VIEW IF EXISTS "best_hours";
CREATE VIEW "best_hours" AS
SELECT
    row_number() OVER (ORDER BY round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) IS NULL, round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) DESC, t."hour", t."_key") AS "rank",
    t."hour" AS "hour",
    t."n" AS "n",
    t."total" AS "total",
    round(CAST(t."mean_sum" AS REAL) / t."mean_count", 6) AS "mean",
    t."low" AS "low",
    t."high" AS "high",
    t."first" AS "first",
    t."last" AS "last",
    t."ids" AS "ids",
    round(CAST(t."mean_id_sum" AS REAL) / t."mean_id_count", 6) AS "mean_id"
FROM "hourly" AS t
ORDER BY "rank"
LIMIT 2;
